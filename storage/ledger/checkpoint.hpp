#pragma once

#include "storage/ledger/note.hpp"
#include "storage/ledger/tree.hpp"

#include <string>
#include <string_view>

namespace sluice::ledger {

/// What the log says of itself (C2SP tlog-checkpoint): this many leaves, with this root.
struct Checkpoint {
    std::string origin;  ///< which log
    std::uint64_t size = 0;
    Hash root{};

    friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

/// The note's text. Pre: is_key_name(origin).
[[nodiscard]] std::string to_text(const Checkpoint& checkpoint);
/// From a note's text; extension lines are allowed and mean nothing here. Error: refuse.
[[nodiscard]] Result<Checkpoint> checkpoint_from(std::string_view note_text);

/// The signed note of a checkpoint; its origin is the key's name.
[[nodiscard]] std::string sign_checkpoint(std::uint64_t size, const Hash& root, const SigningKey& key);
/// The checkpoint of a signed note, once `key` has signed it and its origin is the key's name. Error: refuse,
/// saying which of the two it is not.
[[nodiscard]] Result<Checkpoint> open_checkpoint(const Note& note, const VerifierKey& key);

}  // namespace sluice::ledger
