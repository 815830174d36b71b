#include "api/duties/rules.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include <nlohmann/json.hpp>

namespace sluice::api {
namespace {

using calendar::days;
using calendar::to_iso;
using nlohmann::json;

constexpr std::size_t kLongestText = 2000;
constexpr std::size_t kLongestName = 200;
constexpr std::array<std::string_view, 6> kDutyKinds{
    "backup",
    "cleaning",
    "xvr_check",
    "password_change",
    "ups_test",
    "other",
};
/// Who can be told: roles that read notices.
constexpr std::array<std::string_view, 6> kOwners{
    "secretariat",
    "admin",
    "ethics",
    "unit_head",
    "director",
    "level1",
};

std::string dump(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

template <class Words>
std::expected<std::string, http::Problem> parse_word(const Body& body, const char* name, const Words& words) {
    auto word = body.required_text(name, kLongestName);
    if (!word) return word;
    if (std::ranges::find(words, *word) != words.end()) return word;
    std::string list;
    for (const std::string_view known : words)
        list += (list.empty() ? "" : ", ") + std::string{known};
    return std::unexpected(bad_member(name, "Must be one of " + list + "."));
}

std::expected<unsigned, http::Problem>
parse_number(const Body& body, const char* name, bool is_wanted, unsigned most) {
    const std::string text = body.raw(name);
    if (!is_wanted) {
        if (text.empty()) return 1U;
        return std::unexpected(unfit_member(name, "MEMBER_UNUSED", "Does not belong to this recurrence."));
    }
    unsigned number = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || code != std::errc{} || end != text.data() + text.size() || number < 1 ||
        number > most)
        return std::unexpected(
            bad_member(name, "Must be a whole number from 1 to " + std::to_string(most) + ".")
        );
    return number;
}

std::expected<duty::Recurrence, http::Problem> parse_recurrence(const Body& body) {
    using enum duty::Recurs;
    const auto word = body.required_text("recurs", 32);
    if (!word) return std::unexpected(word.error());
    const auto recurs = duty::recurs_from(*word);
    if (!recurs)
        return std::unexpected(bad_member("recurs", "Must be working_daily, weekly, monthly or yearly."));
    const auto weekday = parse_number(body, "weekday", *recurs == weekly, 7);
    if (!weekday) return std::unexpected(weekday.error());
    const auto month = parse_number(body, "month", *recurs == yearly, 12);
    if (!month) return std::unexpected(month.error());
    const auto day = parse_number(body, "day", *recurs == monthly || *recurs == yearly, 31);
    if (!day) return std::unexpected(day.error());
    return duty::Recurrence{
        .recurs = *recurs, .weekday = std::chrono::weekday{*weekday}, .month = *month, .day = *day
    };
}

json recurrence_json(const duty::Recurrence& recurrence) {
    using enum duty::Recurs;
    const bool has_day = recurrence.recurs == monthly || recurrence.recurs == yearly;
    return {
        {"recurs", to_string(recurrence.recurs)},
        {"weekday", recurrence.recurs == weekly ? json(recurrence.weekday.iso_encoding()) : json(nullptr)},
        {"month", recurrence.recurs == yearly ? json(recurrence.month) : json(nullptr)},
        {"day", has_day ? json(recurrence.day) : json(nullptr)},
    };
}

json turn_json(const TurnView& view) {
    json object{
        {"turn", to_iso(view.turn.on)},
        {"due", to_iso(view.turn.due)},
        {"is_assumed", view.turn.is_assumed},
        {"state", to_string(view.state)},
        {"done", nullptr},
    };
    if (view.done)
        object["done"] = {
            {"at", to_rfc3339(view.done->done)},
            {"by", view.done->person},
            {"note", view.done->note},
            {"evidence", json::parse(view.done->evidence)},
        };
    return object;
}

json time_or_null(const std::optional<UtcTime>& time) {
    return time ? json(to_rfc3339(*time)) : json(nullptr);
}

std::expected<bool, http::Problem> parse_flag(const Body& body, const char* name) {
    const std::string text = body.raw(name);
    if (text.empty()) return false;
    if (text != "true" && text != "false") return std::unexpected(bad_member(name, "Must be true or false."));
    return text == "true";
}

}  // namespace

std::expected<std::optional<calendar::Date>, http::Problem>
parse_date(const Body& body, std::string_view name) {
    const auto text = body.text(name, 16);
    if (!text) return std::unexpected(text.error());
    if (text->empty()) return std::optional<calendar::Date>{};
    const auto date = calendar::date_from(*text);
    if (!date) return std::unexpected(unfit_member(name, date.error().label(), date.error().message()));
    return std::optional{*date};
}

std::expected<calendar::Date, http::Problem> required_date(const Body& body, std::string_view name) {
    const auto date = parse_date(body, name);
    if (!date) return std::unexpected(date.error());
    if (!*date)
        return std::unexpected(unfit_member(name, "MEMBER_MISSING", "Name a day such as 2026-11-26."));
    return **date;
}

std::expected<catalogue::DutyRow, http::Problem> parse_duty(const Body& body, duty::Date today) {
    auto kind = parse_word(body, "kind", kDutyKinds);
    if (!kind) return std::unexpected(kind.error());
    auto name = body.required_text("name", kLongestName);
    if (!name) return std::unexpected(name.error());
    auto owner = parse_word(body, "owner", kOwners);
    if (!owner) return std::unexpected(owner.error());
    const auto recurrence = parse_recurrence(body);
    if (!recurrence) return std::unexpected(recurrence.error());
    const auto starts = parse_date(body, "starts");
    if (!starts) return std::unexpected(starts.error());
    // What nobody knew of, nobody has missed.
    if (*starts && **starts < today)
        return std::unexpected(unfit_member("starts", "DUTY_STARTS_PAST", "A duty begins today or later."));
    return catalogue::DutyRow{
        .id = {},
        .kind = std::move(*kind),
        .name = std::move(*name),
        .owner = std::move(*owner),
        .recurrence = *recurrence,
        .starts = starts->value_or(today),
        .retired = std::nullopt,
        .placer = {},
    };
}

std::vector<TurnView> turns_of(
    const catalogue::DutyRow& duty,
    const std::vector<catalogue::DutyTurnRow>& done,
    duty::Date from,
    duty::Date to,
    const calendar::Calendar& calendar,
    UtcTime now
) {
    std::vector<TurnView> views;
    for (const duty::Turn& turn : duty::turns(duty.recurrence, std::max(from, duty.starts), to, calendar)) {
        const auto row = std::ranges::find(done, turn.on, &catalogue::DutyTurnRow::turn);
        TurnView view{.turn = turn, .state = duty::TurnState::upcoming, .done = std::nullopt};
        if (row != done.end()) view.done = *row;
        view.state = duty::state_of(turn, view.done ? std::optional{view.done->done} : std::nullopt, now);
        // What is retired is waited for no more.
        if (duty.retired && !view.done && *duty.retired < calendar::start_of(turn.due + days{1})) continue;
        views.push_back(std::move(view));
    }
    return views;
}

std::string duty_json(const catalogue::DutyRow& duty, const std::vector<TurnView>& turns) {
    json list = json::array();
    for (const TurnView& view : turns)
        list.push_back(turn_json(view));
    json object{
        {"id", to_string(duty.id)},
        {"kind", duty.kind},
        {"name", duty.name},
        {"owner", duty.owner},
        {"starts", to_iso(duty.starts)},
        {"retired", time_or_null(duty.retired)},
        {"by", duty.placer},
        {"turns", std::move(list)},
    };
    object.update(recurrence_json(duty.recurrence));
    return dump(object);
}

std::string ups_evidence_json(const duty::Evidence& evidence) {
    json cameras = json::array();
    for (const duty::CameraEvidence& camera : evidence.cameras)
        cameras.push_back({{"camera", camera.camera}, {"per_mille", camera.per_mille}});
    const bool is_continuous = !evidence.cameras.empty() &&
                               std::ranges::all_of(evidence.cameras, [](const duty::CameraEvidence& camera) {
                                   return camera.per_mille == 1000;
                               });
    return dump({
        {"from", to_rfc3339(evidence.looked_at.from)},
        {"to", to_rfc3339(evidence.looked_at.to)},
        {"is_continuous", is_continuous},
        {"cameras", std::move(cameras)},
    });
}

std::string follow_up_json(const catalogue::FollowUpRow& row, UtcTime now) {
    json object{
        {"id", to_string(row.id)},
        {"item", row.item},
        {"owner", row.owner},
        {"source", row.source},
        {"due", to_iso(row.due)},
        {"is_overdue", !row.closed && now >= calendar::start_of(row.due + days{1})},
        {"opened", to_rfc3339(row.opened)},
        {"by", row.opener},
        {"closed", nullptr},
    };
    if (row.closed)
        object["closed"] = {{"at", to_rfc3339(*row.closed)}, {"by", row.closer}, {"evidence", row.evidence}};
    return dump(object);
}

std::string repair_json(const catalogue::RepairRow& row, UtcTime now) {
    const UtcTime until = row.end ? row.end->at : now;
    json object{
        {"id", to_string(row.id)},
        {"source", row.source},
        {"title", row.title},
        {"detail", row.detail},
        {"camera", row.camera.empty() ? json(nullptr) : json(row.camera)},
        {"door", row.door.empty() ? json(nullptr) : json(row.door)},
        {"property_number", row.property_number.empty() ? json(nullptr) : json(row.property_number)},
        {"opened", to_rfc3339(row.opened)},
        {"by", row.opener},
        // How long it took, or has taken by now.
        {"seconds_to_repair", std::chrono::floor<std::chrono::seconds>(until - row.opened).count()},
        {"ended", nullptr},
    };
    if (row.end)
        object["ended"] = {
            {"at", to_rfc3339(row.end->at)}, {"by", row.end->ender}, {"result", row.end->result}
        };
    return dump(object);
}

std::expected<catalogue::AssetRow, http::Problem> parse_asset(const Body& body, UtcTime now) {
    catalogue::AssetRow row;
    struct Member {
        const char* name;
        bool is_required;
        std::string catalogue::AssetRow::* into;
    };
    for (const Member& member :
         {Member{"name", true, &catalogue::AssetRow::name},
          Member{"maker", false, &catalogue::AssetRow::maker},
          Member{"model", false, &catalogue::AssetRow::model},
          Member{"location", true, &catalogue::AssetRow::location},
          Member{"camera", false, &catalogue::AssetRow::camera},
          Member{"note", false, &catalogue::AssetRow::note}}) {
        auto text = member.is_required ? body.required_text(member.name, kLongestText)
                                       : body.text(member.name, kLongestText);
        if (!text) return std::unexpected(text.error());
        row.*member.into = std::move(*text);
    }
    const auto warranty = parse_date(body, "warranty_until");
    if (!warranty) return std::unexpected(warranty.error());
    row.warranty_until = *warranty;
    if (!body.has("is_restricted_brand"))
        return std::unexpected(unfit_member(
            "is_restricted_brand", "MEMBER_MISSING", "Say whether the brand may not be bought any more."
        ));
    const auto restricted = parse_flag(body, "is_restricted_brand");
    if (!restricted) return std::unexpected(restricted.error());
    row.is_restricted_brand = *restricted;
    const auto retired = parse_flag(body, "is_retired");
    if (!retired) return std::unexpected(retired.error());
    if (*retired) row.retired = now;
    return row;
}

std::string asset_json(const catalogue::AssetRow& row, UtcTime now) {
    const bool is_covered = row.warranty_until && now < calendar::start_of(*row.warranty_until + days{1});
    return dump({
        {"property_number", row.property_number},
        {"name", row.name},
        {"maker", row.maker},
        {"model", row.model},
        {"location", row.location},
        {"warranty_until", row.warranty_until ? json(to_iso(*row.warranty_until)) : json(nullptr)},
        {"is_under_warranty", is_covered},
        {"is_restricted_brand", row.is_restricted_brand},
        {"camera", row.camera.empty() ? json(nullptr) : json(row.camera)},
        {"note", row.note},
        {"retired", time_or_null(row.retired)},
    });
}

}  // namespace sluice::api
