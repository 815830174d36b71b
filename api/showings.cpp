#include "api/showings.hpp"

#include <algorithm>
#include <chrono>

namespace sluice::api {
namespace {

constexpr std::size_t kMostKept = 64;
constexpr auto kFresh = std::chrono::minutes{1};

}  // namespace

std::shared_ptr<const release::Showing> Showings::find(const Key& key) const {
    const Deadline now = std::chrono::steady_clock::now();
    return kept_.with([&](const std::deque<Kept>& kept) -> std::shared_ptr<const release::Showing> {
        const auto found =
            std::ranges::find_if(kept, [&](const Kept& one) { return one.key == key && now < one.until; });
        return found == kept.end() ? nullptr : found->showing;
    });
}

void Showings::keep(const Key& key, std::shared_ptr<const release::Showing> showing) {
    const Deadline until = std::chrono::steady_clock::now() + kFresh;
    kept_.with([&](std::deque<Kept>& kept) {
        std::erase_if(kept, [&](const Kept& one) { return one.key == key; });
        if (kept.size() >= kMostKept) kept.pop_front();
        kept.push_back({key, std::move(showing), until});
    });
}

}  // namespace sluice::api
