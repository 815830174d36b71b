#include "api/access/detail/hub.hpp"

#include "api/access/rules.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

namespace sluice::api::access_detail {
namespace {

constexpr std::chrono::seconds kAskAgain{1};

std::vector<StreamItem> to_items(const catalogue::AccessNews& news) {
    std::vector<StreamItem> items;
    std::int64_t place = 0;
    std::size_t number = 0;
    for (const auto& [of_batch, row] : news.events) {
        number = of_batch == place ? number + 1 : 0;
        place = of_batch;
        items.push_back({{place, number}, "event", row.event.door, row.event.code, event_json(row)});
    }
    for (const catalogue::AlarmRow& row : news.alarms)
        items.push_back(
            {{row.place, 0},
             "alarm",
             row.alarm.door,
             std::string{access::code_of(row.alarm.kind)},
             alarm_json(row)}
        );
    std::ranges::sort(items, {}, &StreamItem::place);
    return items;
}

}  // namespace

std::string to_string(const StreamPlace& place) {
    return std::to_string(place.place) + '.' + std::to_string(place.number);
}

std::optional<StreamPlace> stream_place_from(std::string_view text) {
    StreamPlace place;
    const char* const end = text.data() + text.size();
    const auto first = std::from_chars(text.data(), end, place.place);
    if (first.ec != std::errc{} || first.ptr == end || *first.ptr != '.' || place.place < 0)
        return std::nullopt;
    const auto second = std::from_chars(first.ptr + 1, end, place.number);
    if (second.ec != std::errc{} || second.ptr != end) return std::nullopt;
    return place;
}

std::optional<StreamPlace> Hub::last_place(catalogue::Pool& pool) {
    refresh(pool);
    return state_.with([](const State& state) -> std::optional<StreamPlace> {
        if (!state.is_known) return std::nullopt;
        if (state.kept.empty()) return StreamPlace{state.last, std::numeric_limits<std::size_t>::max()};
        return state.kept.back().place;
    });
}

std::vector<StreamItem> Hub::after(catalogue::Pool& pool, const StreamPlace& place) {
    refresh(pool);
    std::vector<StreamItem> items;
    const bool is_kept = state_.with([&](const State& state) {
        if (!state.is_known || place < state.begins_behind) return false;
        for (const StreamItem& item : state.kept)
            if (place < item.place) items.push_back(item);
        return true;
    });
    if (is_kept) return items;
    // The place's own batch may not have been told to its end.
    const auto news =
        catalogue::load_access_news(pool, std::max<std::int64_t>(place.place - 1, 0), kMostKept);
    if (!news) return {};
    items = to_items(*news);
    std::erase_if(items, [&](const StreamItem& item) { return item.place <= place; });
    return items;
}

/// One asks, the others take what was there: none of them waits for the catalogue.
void Hub::refresh(catalogue::Pool& pool) {
    const Deadline now = std::chrono::steady_clock::now();
    std::optional<std::int64_t> from;
    const bool asks = state_.with([&](State& state) {
        if (state.is_being_asked || now < state.ask_again) return false;
        state.is_being_asked = true;
        if (state.is_known) from = state.last;
        return true;
    });
    if (!asks) return;
    const auto last = from ? Result<std::int64_t>{*from} : catalogue::load_last_access_place(pool);
    const auto news = last ? catalogue::load_access_news(pool, *last, kMostKept)
                           : Result<catalogue::AccessNews>{std::unexpected(last.error())};
    state_.with([&](State& state) {
        state.is_being_asked = false;
        state.ask_again = std::chrono::steady_clock::now() + kAskAgain;
        if (!news) return;  // the catalogue is away: nothing new
        if (!std::exchange(state.is_known, true))
            state.begins_behind = {*last, std::numeric_limits<std::size_t>::max()};
        state.last = news->place;
        for (StreamItem& item : to_items(*news))
            state.kept.push_back(std::move(item));
        while (state.kept.size() > kMostKept) {
            state.begins_behind = state.kept.front().place;
            state.kept.pop_front();
        }
    });
}

}  // namespace sluice::api::access_detail
