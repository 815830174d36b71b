#include "api/hls_views.hpp"

#include <cstddef>

namespace sluice::api {
namespace {

/// Beyond it views that are over are thrown out, and then all: an opening said twice is better than memory
/// without bound.
constexpr std::size_t kMostViews = 8192;

}  // namespace

void HlsViews::forget_old(std::map<Key, View>& views, Deadline now) {
    if (views.size() < kMostViews) return;
    std::erase_if(views, [now](const auto& entry) { return entry.second.over <= now; });
    if (views.size() >= kMostViews) views.clear();
}

bool HlsViews::open(const Key& key, std::chrono::seconds quiet, Deadline now) {
    return views_.with([&](auto& views) {
        forget_old(views, now);
        const auto [found, is_new] = views.try_emplace(key, View{quiet, now});
        const bool is_opening = is_new || found->second.over <= now;
        found->second = {quiet, now + quiet};
        return is_opening;
    });
}

bool HlsViews::use(const Key& key, Deadline now) {
    const bool is_part_of_one = views_.with([&](auto& views) {
        Key first = key;
        first.what.clear();
        bool is_found = false;
        for (auto view = views.lower_bound(first); view != views.end(); ++view) {
            const Key& other = view->first;
            if (std::tie(other.principal_id, other.peer, other.stream_id) !=
                std::tie(key.principal_id, key.peer, key.stream_id))
                break;
            if (view->second.over <= now) continue;
            view->second.over = now + view->second.quiet;
            is_found = true;
        }
        return is_found;
    });
    return !is_part_of_one && open(key, kRecordedQuiet, now);
}

}  // namespace sluice::api
