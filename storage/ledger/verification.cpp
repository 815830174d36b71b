#include "storage/ledger/verification.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace sluice::ledger {
namespace {

using nlohmann::json;

constexpr std::size_t kMostFindings = 1000;
constexpr std::size_t kMostStrays = 100'000;
constexpr std::size_t kEntries = 256;
constexpr std::string_view kErased = "ledger.erased";

/// The id of the record that a record of an erasure is about; nullopt: it is no such record.
std::optional<Uuid> erasure_of(const std::string& text) {
    if (!text.contains(kErased)) return std::nullopt;  // few are worth reading
    const json record = json::parse(text, nullptr, false);
    if (!record.is_object() || record.value("action", "") != kErased) return std::nullopt;
    const auto id = uuid_from_string(record.value(json::json_pointer{"/subject/id"}, std::string{}));
    return id ? std::optional{*id} : std::nullopt;
}

class Verification {
public:
    Verification(LogReader& reader, const Checkpoint& head, const std::vector<Checkpoint>& earlier)
        : reader_(reader),
          head_(head),
          earlier_(earlier) {}

    Result<LogReport> run() {
        report_.size = head_.size;
        report_.is_truncation_excluded = !earlier_.empty();
        compare_earlier(0);
        for (std::uint64_t first = 0; first < head_.size; first += kTileWidth) {
            const std::uint64_t count = std::min(kTileWidth, head_.size - first);
            auto leaves = reader_.load_leaves(first, count);
            if (!leaves) return std::unexpected(leaves.error());
            if (auto grown = grow(*leaves, first); !grown) return std::unexpected(grown.error());
            leaves_ = std::move(*leaves);
            first_ = first;
            if (auto compared = compare_entries(); !compared) return std::unexpected(compared.error());
        }
        if (auto compared = compare_rest(); !compared) return std::unexpected(compared.error());
        conclude();
        if (auto found = find_homes(); !found) return std::unexpected(found.error());
        return std::move(report_);
    }

private:
    struct Stray {
        std::uint64_t index = 0;
        Uuid id;
    };

    void
    note(FindingKind kind, std::optional<std::uint64_t> index, std::optional<Uuid> id, std::string what) {
        if (report_.findings.size() == kMostFindings) {
            ++report_.more;
            return;
        }
        report_.findings.push_back({.kind = kind, .index = index, .id = id, .what = std::move(what)});
    }

    /// The leaves of one tile into the tree, and the stored hashes against them.
    Status grow(const std::vector<Sha256Digest>& leaves, std::uint64_t first) {
        const auto tile = reader_.load(0, first, leaves.size());
        if (!tile) return std::unexpected(tile.error());
        for (std::size_t i = 0; i < leaves.size(); ++i) {
            const Hash hash = leaf_hash(leaves[i]);
            if ((*tile)[i] != hash)
                note(
                    FindingKind::tree,
                    first + i,
                    {},
                    fmt::format("the tile's hash of leaf {} is not the leaf's", first + i)
                );
            std::vector<Node> made;
            frontier_.add(hash, made);
            for (const Node& node : made)
                if (auto same = compare_node(node); !same) return same;
            compare_earlier(frontier_.size());
        }
        return {};
    }

    Status compare_node(const Node& node) {
        const auto stored = reader_.load(node.level, node.number, 1);
        if (!stored) return std::unexpected(stored.error());
        if (stored->front() != node.hash)
            note(
                FindingKind::tree,
                {},
                {},
                fmt::format("hash {} of level {} is not that of its leaves", node.number, node.level)
            );
        return {};
    }

    void compare_earlier(std::uint64_t size) {
        for (const Checkpoint& checkpoint : earlier_)
            if (checkpoint.size == size && checkpoint.root != frontier_.root())
                note(
                    FindingKind::history,
                    {},
                    {},
                    fmt::format("the first {} records are not those of the earlier checkpoint", size)
                );
    }

    /// Records up to the end of this tile. Each is wanted once, in order.
    Status compare_entries() {
        for (;;) {
            if (next_ == entries_.size()) {
                auto entries = reader_.next_entries(kEntries);
                if (!entries) return std::unexpected(entries.error());
                entries_ = std::move(*entries);
                next_ = 0;
                if (entries_.empty()) return {};
            }
            if (entries_[next_].index >= first_ + leaves_.size()) return {};
            compare(entries_[next_++]);
        }
    }

    void compare(const Entry& entry) {
        if (entry.index < wanted_) {
            note(
                FindingKind::reordered,
                entry.index,
                entry.id,
                fmt::format("record {} stands again or too late, after record {}", entry.index, wanted_ - 1)
            );
            return;
        }
        note_dropped(entry.index);
        wanted_ = entry.index + 1;
        if (!entry.text || !entry.salt) {
            ++report_.erased;
            erased_.emplace(entry.id, Erased{entry.index, entry.erased_by});
            return;
        }
        const Sha256Digest leaf = leaf_data(*entry.salt, *entry.text);
        const bool is_named = entry.text->contains('"' + to_string(entry.id) + '"');
        if (leaf != leaves_[static_cast<std::size_t>(entry.index - first_)] || !is_named) {
            if (strays_.size() < kMostStrays)
                strays_.emplace(leaf, Stray{entry.index, entry.id});
            else
                ++report_.more;
            return;
        }
        if (const auto about = erasure_of(*entry.text)) reasons_.emplace(*about, entry.id);
    }

    void note_dropped(std::uint64_t until) {
        for (; wanted_ < until; ++wanted_) {
            note(FindingKind::dropped, wanted_, {}, fmt::format("record {} is missing", wanted_));
            if (report_.more > 0) {  // a log of nothing but holes is counted, not listed
                report_.more += until - wanted_ - 1;
                wanted_ = until;
                return;
            }
        }
    }

    /// What stands behind the last leaf.
    Status compare_rest() {
        leaves_.clear();
        first_ = head_.size;
        for (;;) {
            for (; next_ < entries_.size(); ++next_) {
                const Entry& entry = entries_[next_];
                note(
                    FindingKind::foreign,
                    entry.index,
                    entry.id,
                    fmt::format("record {} is beyond what the checkpoint covers", entry.index)
                );
            }
            auto entries = reader_.next_entries(kEntries);
            if (!entries) return std::unexpected(entries.error());
            entries_ = std::move(*entries);
            next_ = 0;
            if (entries_.empty()) break;
        }
        note_dropped(head_.size);
        return {};
    }

    void conclude() {
        if (frontier_.root() != head_.root)
            note(
                FindingKind::tree,
                {},
                {},
                fmt::format("the {} leaves do not give the root that was signed", head_.size)
            );
        for (const Checkpoint& checkpoint : earlier_)
            if (checkpoint.size > head_.size)
                note(
                    FindingKind::history,
                    {},
                    {},
                    fmt::format(
                        "the earlier checkpoint covers {} records, this log has {}: records {} to {} were "
                        "cut off",
                        checkpoint.size,
                        head_.size,
                        head_.size,
                        checkpoint.size - 1
                    )
                );
        for (const auto& [id, erased] : erased_) {
            const auto reason = reasons_.find(id);
            if (reason == reasons_.end() || reason->second != erased.by)
                note(
                    FindingKind::erased,
                    erased.index,
                    id,
                    fmt::format("record {} was taken away, and no record says why", erased.index)
                );
        }
    }

    void note_moved(const Stray& stray, std::uint64_t home) {
        if (home == stray.index)
            note(
                FindingKind::changed,
                stray.index,
                stray.id,
                fmt::format("record {} is kept under another id than its own", stray.index)
            );
        else
            note(
                FindingKind::reordered,
                stray.index,
                stray.id,
                fmt::format("the record that stands at {} was logged at {}", stray.index, home)
            );
    }

    /// A record whose leaf stands elsewhere was moved; one whose leaf stands nowhere was changed.
    Status find_homes() {
        for (std::uint64_t first = 0; first < head_.size && !strays_.empty(); first += kTileWidth) {
            const auto leaves = reader_.load_leaves(first, std::min(kTileWidth, head_.size - first));
            if (!leaves) return std::unexpected(leaves.error());
            for (std::size_t i = 0; i < leaves->size(); ++i) {
                const auto [begin, end] = strays_.equal_range((*leaves)[i]);
                for (auto stray = begin; stray != end; ++stray)
                    note_moved(stray->second, first + i);
                strays_.erase(begin, end);
            }
        }
        for (const auto& [leaf, stray] : strays_)
            note(
                FindingKind::changed,
                stray.index,
                stray.id,
                fmt::format("record {} is not the one that was logged", stray.index)
            );
        return {};
    }

    struct Erased {
        std::uint64_t index = 0;
        std::optional<Uuid> by;
    };
    LogReader& reader_;
    const Checkpoint& head_;
    const std::vector<Checkpoint>& earlier_;
    LogReport report_;
    Frontier frontier_;
    std::uint64_t first_ = 0;  ///< leaf at the beginning of `leaves_`
    std::vector<Sha256Digest> leaves_;
    std::vector<Entry> entries_;
    std::size_t next_ = 0;                       ///< of entries_
    std::uint64_t wanted_ = 0;                   ///< index of the next record
    std::multimap<Sha256Digest, Stray> strays_;  ///< records by the leaf that they would have
    std::map<Uuid, Erased> erased_;
    std::map<Uuid, Uuid> reasons_;
};

}  // namespace

std::string_view to_string(FindingKind kind) noexcept {
    switch (kind) {
        case FindingKind::changed:
            return "changed";
        case FindingKind::dropped:
            return "dropped";
        case FindingKind::reordered:
            return "reordered";
        case FindingKind::foreign:
            return "foreign";
        case FindingKind::erased:
            return "erased";
        case FindingKind::tree:
            return "tree";
        case FindingKind::history:
            return "history";
    }
    return "unknown";
}

Result<LogReport>
verify_log(LogReader& reader, const Checkpoint& head, const std::vector<Checkpoint>& earlier) {
    return Verification{reader, head, earlier}.run();
}

}  // namespace sluice::ledger
