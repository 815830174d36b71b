#include "api/openings.hpp"

#include <cstddef>

namespace sluice::api {
namespace {

/// Beyond it openings that are over are thrown out, and then all: one recorded twice is better than memory
/// without bound.
constexpr std::size_t kMostOpenings = 8192;
constexpr std::chrono::seconds kPatience{10};

}  // namespace

void Openings::forget_old(Map& openings, Deadline now) {
    if (openings.size() < kMostOpenings) return;
    std::erase_if(openings, [now](const auto& entry) {
        return entry.second.is_recorded && entry.second.over <= now;
    });
    if (openings.size() >= kMostOpenings)
        std::erase_if(openings, [](const auto& entry) { return entry.second.is_recorded; });
}

/// An opening of the same stream that is not over, a recorded one first.
Openings::Opening* Openings::find_part(Map& openings, const Key& key, Deadline now) {
    Key first = key;
    first.what.clear();
    Opening* found = nullptr;
    for (auto next = openings.lower_bound(first); next != openings.end(); ++next) {
        const Key& other = next->first;
        if (std::tie(other.principal_id, other.peer, other.stream_id) !=
            std::tie(key.principal_id, key.peer, key.stream_id))
            break;
        if (next->second.is_recorded && next->second.over <= now) continue;
        if (found == nullptr || next->second.is_recorded) found = &next->second;
    }
    return found;
}

template <class Find>
std::optional<bool> Openings::join(const Key& key, std::chrono::seconds quiet, Deadline now, Find find) {
    // In a test's own time nobody else is about it, so nothing is waited for.
    const Deadline limit = std::chrono::steady_clock::now() + kPatience;
    const auto is_settled = [&](Map& openings) {
        const Opening* found = find(openings);
        return found == nullptr || found->is_recorded;
    };
    return openings_.wait_until(limit, is_settled, [&](Map& openings) -> std::optional<bool> {
        Opening* found = find(openings);
        if (found != nullptr && !found->is_recorded) return std::nullopt;
        if (found != nullptr) {
            found->over = now + found->quiet;
            return false;
        }
        forget_old(openings, now);
        openings.insert_or_assign(key, Opening{.quiet = quiet, .over = now + quiet, .is_recorded = false});
        return true;
    });
}

/// Runs the record without a lock, then lets in or sends away who waits.
Status Openings::settle(const Key& key, const Record& record) {
    Status recorded = record();
    openings_.notify([&](Map& openings) {
        const auto mine = openings.find(key);
        if (mine == openings.end()) return;
        if (recorded)
            mine->second.is_recorded = true;
        else
            openings.erase(mine);
    });
    return recorded;
}

Status Openings::open(const Key& key, std::chrono::seconds quiet, Deadline now, const Record& record) {
    const auto joined = join(key, quiet, now, [&](Map& openings) -> Opening* {
        const auto found = openings.find(key);
        const bool is_over =
            found == openings.end() || (found->second.is_recorded && found->second.over <= now);
        return is_over ? nullptr : &found->second;
    });
    if (!joined)
        return failure(Remedy::retry, "the record of this opening takes too long", "LEDGER_UNAVAILABLE");
    return *joined ? settle(key, record) : Status{};
}

Status Openings::use(const Key& key, Deadline now, const Record& record) {
    const auto joined =
        join(key, kRecordedQuiet, now, [&](Map& openings) { return find_part(openings, key, now); });
    if (!joined)
        return failure(Remedy::retry, "the record of this opening takes too long", "LEDGER_UNAVAILABLE");
    return *joined ? settle(key, record) : Status{};
}

}  // namespace sluice::api
