#pragma once

#include "config/base/bytes.hpp"
#include "config/base/error.hpp"
#include "config/base/time.hpp"
#include "storage/ledger/act.hpp"

#include <array>
#include <string>
#include <string_view>

namespace sluice::ledger {

using Salt = std::array<std::uint8_t, 32>;

/// What becomes a leaf of the log.
struct Record {
    Uuid id;
    std::string text;  ///< RFC 8785
    Salt salt{};       ///< fresh for every record: without it nobody can try out what an erased one said
};

/// The act as a record with a new id and salt. Error: refuse; an action that is no dotted word, no actor,
/// facts that have no canonical form.
[[nodiscard]] Result<Record> make_record(const Act& act, UtcTime now);

/// HMAC-SHA-256(salt, text): the 32 bytes that the tree holds of a record.
[[nodiscard]] Sha256Digest leaf_data(const Salt& salt, std::string_view text);

}  // namespace sluice::ledger
