#pragma once

#include "config/base/bytes.hpp"
#include "config/base/error.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Signed notes (C2SP signed-note) and the keys that sign them: Ed25519 by libsodium.
namespace sluice::ledger {

struct NoteSignature {
    std::string name;  ///< of the key
    std::uint32_t key_id = 0;
    Bytes signature;
};

struct Note {
    std::string text;  ///< what is signed; ends with a newline
    std::vector<NoteSignature> signatures;
};

/// Error: refuse; what is no note, is over 64 KiB or has more than 32 signatures.
[[nodiscard]] Result<Note> parse_note(std::string_view text);
/// "— name base64\n".
[[nodiscard]] std::string to_line(const NoteSignature& signature);
[[nodiscard]] std::string to_string(const Note& note);

/// What the key's signatures are: by the log over the text, or by a witness with a time
/// (tlog-cosignature/v1).
enum class KeyKind : std::uint8_t { log = 0x01, witness = 0x04 };

struct VerifierKey {
    std::string name;
    KeyKind kind = KeyKind::log;
    std::array<std::uint8_t, 32> key{};

    [[nodiscard]] std::uint32_t id() const;
    friend bool operator==(const VerifierKey&, const VerifierKey&) = default;
};
/// "name+a1b2c3d4+base64", as such keys are passed round. Error: refuse.
[[nodiscard]] Result<VerifierKey> verifier_key_from(std::string_view text);
[[nodiscard]] std::string to_string(const VerifierKey& key);
/// Whether it may stand in a note: not empty, no space, no plus, no control character, UTF-8.
[[nodiscard]] bool is_key_name(std::string_view name);

/// The private half. Its bytes are wiped when it goes.
class SigningKey {
public:
    /// A new one from the kernel's random source. Pre: is_key_name(name).
    [[nodiscard]] static SigningKey make(std::string name, KeyKind kind);
    /// "PRIVATE+KEY+name+a1b2c3d4+base64", one line. Error: refuse; never says what the text was.
    [[nodiscard]] static Result<SigningKey> from_text(std::string_view text);
    ~SigningKey();
    SigningKey(SigningKey&& other) noexcept = default;
    SigningKey& operator=(SigningKey&& other) noexcept = default;
    SigningKey(const SigningKey&) = delete;
    SigningKey& operator=(const SigningKey&) = delete;

    [[nodiscard]] const VerifierKey& verifier() const noexcept { return verifier_; }
    /// For the key file and nowhere else.
    [[nodiscard]] std::string to_text() const;

    /// Over the text as it is. Pre: the kind is log.
    [[nodiscard]] NoteSignature sign(std::string_view text) const;
    /// "I saw this, consistent with all before, at this time." Pre: the kind is witness; time >= 0.
    [[nodiscard]] NoteSignature cosign(std::string_view text, std::int64_t unix_seconds) const;

private:
    SigningKey() = default;
    [[nodiscard]] Bytes signed_bytes(std::string_view message) const;

    VerifierKey verifier_;
    std::array<std::uint8_t, 32> seed_{};
};

/// Whether the key has signed the note: true when one of its signatures holds and none of them fails.
[[nodiscard]] bool is_signed_by(const Note& note, const VerifierKey& key);
/// When the witness co-signed it, in seconds since 1970; nullopt: it did not, or its signature fails.
[[nodiscard]] std::optional<std::int64_t> cosigned_at(const Note& note, const VerifierKey& key);

}  // namespace sluice::ledger
