#include "api/notices/rules.hpp"

#include <charconv>

#include <nlohmann/json.hpp>

namespace sluice::api {

using nlohmann::json;

std::string notice_json(const catalogue::NoticeRow& notice) {
    const auto time = [](const std::optional<UtcTime>& at) {
        return at ? json(to_rfc3339(*at)) : json(nullptr);
    };
    json object{
        {"id", to_string(notice.id)},
        {"kind", catalogue::to_string(notice.kind)},
        {"subject", {{"kind", catalogue::subject_of(notice.kind)}, {"id", to_string(notice.subject_id)}}},
        {"audience", notice.audience},
        {"is_personal", notice.addressee_id.has_value()},
        {"due", time(notice.due)},
        {"days_ahead", notice.days_ahead},
        {"created", to_rfc3339(notice.created)},
        {"acknowledged", nullptr},
    };
    if (notice.acknowledged)
        object["acknowledged"] = {{"by", notice.acknowledger}, {"at", to_rfc3339(*notice.acknowledged)}};
    return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string notice_event(const catalogue::NoticeRow& notice) {
    return "id: " + std::to_string(notice.place) + "\nevent: notice\ndata: " + notice_json(notice) + "\n\n";
}

std::optional<std::int64_t> place_from(std::string_view text) {
    std::int64_t place = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), place);
    if (code != std::errc{} || end != text.data() + text.size() || place < 0) return std::nullopt;
    return place;
}

}  // namespace sluice::api
