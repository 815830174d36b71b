#include "api/notices/hub.hpp"

#include <utility>

namespace sluice::api {
namespace {

constexpr std::chrono::seconds kAskAgain{1};

}  // namespace

std::optional<std::int64_t> NoticeHub::last_place(catalogue::Pool& pool) {
    refresh(pool);
    return state_.with([](const State& state) {
        return state.is_known ? std::optional{state.last} : std::nullopt;
    });
}

std::vector<catalogue::NoticeRow> NoticeHub::after(catalogue::Pool& pool, std::int64_t place) {
    refresh(pool);
    std::vector<catalogue::NoticeRow> rows;
    const bool is_kept = state_.with([&](const State& state) {
        if (place < state.begins_behind) return false;
        for (const auto& row : state.kept)
            if (row.place > place) rows.push_back(row);
        return true;
    });
    if (is_kept) return rows;
    auto loaded = catalogue::load_notices_after(pool, place, kMostKept);
    return loaded ? std::move(*loaded) : std::vector<catalogue::NoticeRow>{};
}

/// One asks, the others take what was there: none of them waits for the catalogue.
void NoticeHub::refresh(catalogue::Pool& pool) {
    const Deadline now = std::chrono::steady_clock::now();
    std::optional<std::int64_t> from;
    const bool asks = state_.with([&](State& state) {
        if (state.is_being_asked || now < state.ask_again) return false;
        state.is_being_asked = true;
        if (state.is_known) from = state.last;
        return true;
    });
    if (!asks) return;
    const auto last = from ? Result<std::int64_t>{*from} : catalogue::load_last_notice_place(pool);
    const auto rows = last ? catalogue::load_notices_after(pool, *last, kMostKept)
                           : Result<std::vector<catalogue::NoticeRow>>{std::unexpected(last.error())};
    state_.with([&](State& state) {
        state.is_being_asked = false;
        state.ask_again = std::chrono::steady_clock::now() + kAskAgain;
        if (!rows) return;  // the catalogue is away: nothing new
        if (!std::exchange(state.is_known, true)) state.begins_behind = state.last = *last;
        for (const auto& row : *rows) {
            state.kept.push_back(row);
            state.last = row.place;
        }
        while (state.kept.size() > kMostKept) {
            state.begins_behind = state.kept.front().place;
            state.kept.pop_front();
        }
    });
}

}  // namespace sluice::api
