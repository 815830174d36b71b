#pragma once

#include "storage/access/event.hpp"

#include <array>
#include <filesystem>
#include <optional>
#include <string_view>

namespace sluice::access {

/// HMAC-SHA-256 (RFC 2104).
[[nodiscard]] Sha256Digest hmac_sha256(ByteView key, ByteView bytes);

/// What card numbers are hashed with, so that who reads the rows can't try numbers out. A value; any thread.
class CardKey {
public:
    using Secret = std::array<std::uint8_t, 32>;
    explicit CardKey(const Secret& secret) : secret_(secret) {}

    /// The number as it is written, without blanks, hyphens and colons and in upper case; a number of digits
    /// also without zeros in front, which one system writes and the next does not. nullopt: nothing is left,
    /// or it is longer than a number can be.
    [[nodiscard]] std::optional<Card> seal(std::string_view number) const;
    /// In place of a text that holds a number: the same text is the same again.
    [[nodiscard]] std::string veil(std::string_view text) const;

private:
    Secret secret_;
};

/// <data>/spool/card.key. Whoever loses it can't match new events with old ones any more.
[[nodiscard]] std::filesystem::path card_key_file(const std::filesystem::path& data);
/// The key in the file; a new one, durable, when there is none. Of several that make it at once all get the
/// same. The file is the group's to read: service and worker need it. Error: operator_acts.
[[nodiscard]] Result<CardKey> load_or_make_card_key(const std::filesystem::path& path);

}  // namespace sluice::access
