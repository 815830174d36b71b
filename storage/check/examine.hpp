#pragma once

#include "storage/check/finding.hpp"
#include "storage/mp4/types.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

/// One finished segment file, byte by byte, against what the catalogue says of it.
namespace sluice::check {

/// What is known of a file beforehand.
struct Expected {
    catalogue::SegmentRow row;
    std::optional<mp4::SegmentIndex> index;  ///< the catalogue's; nullopt: missing or unreadable
    std::optional<Sha256Digest> previous;    ///< of the run's segment before, when that has a finished row
};

/// Told after each piece how many bytes were read; false stops the examination. It may wait, to keep a pace.
using MayGoOn = std::function<bool(std::uint64_t bytes)>;

struct Examined {
    /// One or none of hash_differs and unreadable_box; index_differs; chain_broken. Paths are the row's.
    std::vector<Finding> findings;
    std::uint64_t bytes = 0;  ///< read
};

/// How the bytes that changed are told: the file's hash says whether anything did. If something did, the head
/// of each fragment is made again from the catalogue's index; where those heads make the hash right, exactly
/// they are damaged. If they don't, something else is, and since one hash is kept for the whole file nobody
/// can tell what: the range is the file. Error: cancelled (label "stopped"); abandon_file, when the file
/// can't be read.
[[nodiscard]] Result<Examined> examine(int fd, const Expected& expected, const MayGoOn& may_go_on);

/// First and last byte at which two heads differ; pure. Pre: same size. Empty: equal.
[[nodiscard]] std::optional<catalogue::Damage>
find_difference(ByteView found, ByteView made, std::uint64_t offset);

/// Bytes of a file of which two indexes say different things; pure. Empty: equal.
[[nodiscard]] std::optional<catalogue::Damage>
compare_indexes(const mp4::SegmentIndex& of_file, const mp4::SegmentIndex& of_catalogue);

}  // namespace sluice::check
