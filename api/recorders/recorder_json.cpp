#include "api/recorders/recorder_json.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace sluice::api {
namespace {

using nlohmann::json;

constexpr auto kStatusFresh = std::chrono::seconds{10};

template <class T, class Convert>
json or_null(const std::optional<T>& value, Convert convert) {
    return value ? json(convert(*value)) : json(nullptr);
}

std::string id_text(const Uuid& id) {
    return to_string(id);
}

json link_json(const catalogue::RecorderLinkRow& link) {
    return {
        {"state", link.state},
        {"since", to_rfc3339(link.since)},
        {"problem", link.problem},
        {"heard", or_null(link.heard, to_rfc3339)},
        {"unread", link.unread},
        {"dropped", link.dropped},
        {"ignored", link.ignored},
    };
}

json clock_json(const catalogue::RecorderClockRow& clock) {
    return {
        {"at", to_rfc3339(clock.at)},
        {"offset_ms", clock.offset.count()},
        {"round_trip_ms", clock.round_trip.count()},
    };
}

json size_json(const catalogue::PictureSize& size) {
    return {{"width", size.width}, {"height", size.height}};
}

json ups_json(const status::UpsStatus& ups, bool is_fresh) {
    return {
        {"slug", ups.slug},
        {"state", to_string(is_fresh ? ups.state : PowerState::unknown)},
        {"since", to_rfc3339(ups.since)},
        {"heard", or_null(ups.heard, to_rfc3339)},
        {"feeds_recorder", ups.feeds_recorder},
        {"feeds_locks", ups.feeds_locks},
        {"charge_percent", or_null(ups.charge_percent, [](double charge) { return charge; })},
        {"runtime_seconds", or_null(ups.runtime_s, [](std::uint64_t seconds) { return seconds; })},
        {"words", ups.words},
        {"problem", is_fresh ? ups.problem : "the recorder does not say any more"},
    };
}

}  // namespace

json to_json(const catalogue::RecorderRow& recorder, const catalogue::RecorderWatchRow& watch) {
    const auto others =
        std::ranges::count_if(watch.titles, [](const auto& title) { return !title.is_same(); });
    const auto missing =
        std::ranges::count_if(watch.pictures, [](const auto& picture) { return picture.is_missing(); });
    return {
        {"slug", recorder.slug},
        {"name", recorder.name},
        {"vendor", recorder.vendor},
        {"events", or_null(watch.link, link_json)},
        {"clock", or_null(watch.clock, clock_json)},
        {"titles_checked", watch.titles.empty() ? json(nullptr) : json(to_rfc3339(watch.titles.front().seen))
        },
        {"titles_other", others},
        {"pictures_asked",
         watch.pictures.empty() ? json(nullptr) : json(to_rfc3339(watch.pictures.front().asked))},
        {"pictures_missing", missing},
    };
}

json to_json(const catalogue::RecorderTitleRow& title) {
    return {
        {"channel", title.channel},
        {"camera", title.camera},
        {"official", title.official},
        {"shown", title.shown},
        {"same", title.is_same()},
    };
}

json to_json(const catalogue::RecorderPictureRow& picture) {
    return {
        {"channel", picture.channel},
        {"camera", picture.camera},
        {"state", to_string(picture.state)},
        {"problem", picture.problem.empty() ? json(nullptr) : json(picture.problem)},
        {"size", picture.size.width == 0 ? json(nullptr) : size_json(picture.size)},
        {"usual_size", or_null(picture.usual, size_json)},
        {"bytes", picture.bytes},
        {"had", or_null(picture.had, to_rfc3339)},
    };
}

json to_json(const catalogue::RecorderActRow& act) {
    return {
        {"event", to_string(act.event_id)},
        {"at", to_rfc3339(act.at)},
        {"code", act.code},
        {"who", act.who},
        {"verdict", act.verdict},
        {"request", or_null(act.request_id, id_text)},
        {"incident", or_null(act.incident_id, id_text)},
    };
}

json power_json(const status::RecorderStatus* status, UtcTime now) {
    json items = json::array();
    json window = nullptr;
    if (status != nullptr) {
        const bool is_fresh = now - status->written < kStatusFresh;
        for (const status::UpsStatus& ups : status->ups)
            items.push_back(ups_json(ups, is_fresh));
        if (is_fresh && status->durability_window_ms > 0) window = status->durability_window_ms;
    }
    return {{"items", std::move(items)}, {"durability_window_ms", std::move(window)}};
}

}  // namespace sluice::api
