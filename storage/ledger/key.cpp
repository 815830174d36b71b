#include "config/base/base64.hpp"
#include "config/base/uuid.hpp"
#include "storage/ledger/detail/text.hpp"
#include "storage/ledger/note.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <sodium.h>

namespace sluice::ledger {
namespace {

constexpr std::string_view kPrivate = "PRIVATE+KEY+";
constexpr std::size_t kTimeBytes = 8;
constexpr std::size_t kSignatureBytes = crypto_sign_BYTES;

std::optional<KeyKind> kind_from(std::uint8_t byte) {
    if (byte == static_cast<std::uint8_t>(KeyKind::log)) return KeyKind::log;
    if (byte == static_cast<std::uint8_t>(KeyKind::witness)) return KeyKind::witness;
    return std::nullopt;
}

/// "name+id+base64(kind ‖ 32 bytes)" of either half.
struct KeyText {
    VerifierKey key;  ///< with the 32 bytes as they stand
    std::uint32_t id = 0;
};
std::optional<KeyText> parse_key(std::string_view text) {
    const std::string_view name = detail::take_until(text, '+');
    const auto id = from_hex(detail::take_until(text, '+'));
    auto bytes = detail::from_strict_base64(text);
    if (!is_key_name(name) || !id || id->size() != 4 || !bytes || bytes->size() != 33) return std::nullopt;
    const auto kind = kind_from(bytes->front());
    if (!kind) return std::nullopt;
    KeyText out{.key = {.name = std::string{name}, .kind = *kind, .key = {}}, .id = 0};
    std::copy(bytes->begin() + 1, bytes->end(), out.key.key.begin());
    ::sodium_memzero(bytes->data(), bytes->size());
    for (const std::uint8_t byte : *id)
        out.id = out.id << 8U | byte;
    return out;
}

std::string to_key_text(const VerifierKey& key, const std::array<std::uint8_t, 32>& half) {
    Bytes bytes{static_cast<std::uint8_t>(key.kind)};
    bytes.insert(bytes.end(), half.begin(), half.end());
    std::string text = fmt::format("{}+{:08x}+{}", key.name, key.id(), to_base64(bytes));
    ::sodium_memzero(bytes.data(), bytes.size());
    return text;
}

struct Pair {
    std::array<std::uint8_t, crypto_sign_PUBLICKEYBYTES> open{};
    std::array<std::uint8_t, crypto_sign_SECRETKEYBYTES> secret{};
    explicit Pair(const std::array<std::uint8_t, 32>& seed) {
        ::crypto_sign_seed_keypair(open.data(), secret.data(), seed.data());
    }
    ~Pair() { ::sodium_memzero(secret.data(), secret.size()); }
    Pair(const Pair&) = delete;
    Pair& operator=(const Pair&) = delete;
};

bool holds(const VerifierKey& key, std::string_view message, ByteView signature) {
    const ByteView bytes = as_bytes(message);
    return signature.size() == kSignatureBytes &&
           ::crypto_sign_verify_detached(signature.data(), bytes.data(), bytes.size(), key.key.data()) == 0;
}

std::string cosigned_message(std::string_view text, std::uint64_t seconds) {
    return fmt::format("cosignature/v1\ntime {}\n{}", seconds, text);
}

bool is_of(const NoteSignature& signature, const VerifierKey& key, std::uint32_t id) {
    return signature.name == key.name && signature.key_id == id;
}

}  // namespace

std::uint32_t VerifierKey::id() const {
    Sha256 hash;
    hash.update(as_bytes(name));
    const std::array<std::uint8_t, 2> middle{'\n', static_cast<std::uint8_t>(kind)};
    hash.update(middle);
    hash.update(key);
    const Sha256Digest digest = hash.digest();
    std::uint32_t id = 0;
    for (std::size_t i = 0; i < 4; ++i)
        id = id << 8U | digest[i];
    return id;
}

Result<VerifierKey> verifier_key_from(std::string_view text) {
    const auto parsed = parse_key(text);
    if (!parsed || parsed->id != parsed->key.id())
        return failure(
            Remedy::refuse, "'" + std::string{text.substr(0, 80)} + "' is no key of the form name+id+base64"
        );
    return parsed->key;
}

std::string to_string(const VerifierKey& key) {
    return to_key_text(key, key.key);
}

SigningKey SigningKey::make(std::string name, KeyKind kind) {
    SigningKey key;
    fill_random(key.seed_.data(), key.seed_.size());
    key.verifier_ = {.name = std::move(name), .kind = kind, .key = Pair{key.seed_}.open};
    return key;
}

Result<SigningKey> SigningKey::from_text(std::string_view text) {
    while (text.ends_with('\n') || text.ends_with('\r'))
        text.remove_suffix(1);
    const bool is_private = text.starts_with(kPrivate);
    if (is_private) text.remove_prefix(kPrivate.size());
    auto parsed = parse_key(text);
    SigningKey key;
    if (is_private && parsed) {
        key.seed_ = parsed->key.key;
        ::sodium_memzero(parsed->key.key.data(), parsed->key.key.size());
        key.verifier_ = {.name = parsed->key.name, .kind = parsed->key.kind, .key = Pair{key.seed_}.open};
        if (key.verifier_.id() == parsed->id) return key;
    }
    return failure(
        Remedy::refuse,
        "no signing key: one line PRIVATE+KEY+name+id+base64, as `sluice ledger keygen` writes"
    );
}

SigningKey::~SigningKey() {
    ::sodium_memzero(seed_.data(), seed_.size());
}

std::string SigningKey::to_text() const {
    return std::string{kPrivate} + to_key_text(verifier_, seed_) + '\n';
}

Bytes SigningKey::signed_bytes(std::string_view message) const {
    const Pair pair{seed_};
    const ByteView bytes = as_bytes(message);
    Bytes signature(kSignatureBytes);
    ::crypto_sign_detached(signature.data(), nullptr, bytes.data(), bytes.size(), pair.secret.data());
    return signature;
}

NoteSignature SigningKey::sign(std::string_view text) const {
    return {.name = verifier_.name, .key_id = verifier_.id(), .signature = signed_bytes(text)};
}

NoteSignature SigningKey::cosign(std::string_view text, std::int64_t unix_seconds) const {
    const auto seconds = static_cast<std::uint64_t>(unix_seconds);
    Bytes whole;
    for (unsigned shift = 64; shift > 0; shift -= 8)
        whole.push_back(static_cast<std::uint8_t>(seconds >> (shift - 8)));
    const Bytes signature = signed_bytes(cosigned_message(text, seconds));
    whole.insert(whole.end(), signature.begin(), signature.end());
    return {.name = verifier_.name, .key_id = verifier_.id(), .signature = std::move(whole)};
}

bool is_signed_by(const Note& note, const VerifierKey& key) {
    bool is_signed = false;
    const std::uint32_t id = key.id();
    for (const NoteSignature& signature : note.signatures) {
        if (key.kind != KeyKind::log || !is_of(signature, key, id)) continue;
        if (!holds(key, note.text, signature.signature)) return false;
        is_signed = true;
    }
    return is_signed;
}

std::optional<std::int64_t> cosigned_at(const Note& note, const VerifierKey& key) {
    std::optional<std::int64_t> latest;
    const std::uint32_t id = key.id();
    for (const NoteSignature& signature : note.signatures) {
        if (key.kind != KeyKind::witness || !is_of(signature, key, id)) continue;
        const ByteView bytes{signature.signature};
        if (bytes.size() != kTimeBytes + kSignatureBytes) return std::nullopt;
        std::uint64_t seconds = 0;
        for (const std::uint8_t byte : bytes.first(kTimeBytes))
            seconds = seconds << 8U | byte;
        const bool is_past_any = (seconds >> 63U) != 0;
        if (is_past_any || !holds(key, cosigned_message(note.text, seconds), bytes.subspan(kTimeBytes)))
            return std::nullopt;
        latest = std::max(latest, std::optional{static_cast<std::int64_t>(seconds)});
    }
    return latest;
}

}  // namespace sluice::ledger
