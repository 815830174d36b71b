#include "storage/check/finding.hpp"

#include <numeric>
#include <utility>

namespace sluice::check {

std::string_view to_string(Depth depth) noexcept {
    switch (depth) {
        case Depth::names:
            return "names";
        case Depth::sizes:
            return "sizes";
        case Depth::hashes:
            return "hashes";
    }
    std::unreachable();
}

std::optional<Depth> depth_from(std::string_view word) noexcept {
    for (const Depth depth : {Depth::names, Depth::sizes, Depth::hashes})
        if (word == to_string(depth)) return depth;
    return std::nullopt;
}

std::string_view to_string(FindingKind kind) noexcept {
    constexpr std::array<std::string_view, kFindingKinds> words{
        "file_without_row",
        "row_without_file",
        "state_differs",
        "size_differs",
        "hash_differs",
        "unreadable_box",
        "index_differs",
        "chain_broken",
        "journal_line_missing",
        "journal_unreadable",
        "left_over_part",
        "left_over_suspect",
        "unknown_file",
        "destroyed_file",
        "marked_damaged",
        "unreadable_file",
        "volume_missing",
    };
    return words.at(static_cast<std::size_t>(kind));
}

std::uint64_t Tally::total() const noexcept {
    return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

}  // namespace sluice::check
