#include "api/retention/rules.hpp"

#include "storage/retention/forecast.hpp"

#include <charconv>
#include <optional>

#include <nlohmann/json.hpp>

namespace sluice::api {

using nlohmann::json;

namespace {

json time_json(const std::optional<UtcTime>& time) {
    return time ? json(to_rfc3339(*time)) : json(nullptr);
}

std::string dump(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::expected<bool, http::Problem> read_flag(const Parameters& parameters, std::string_view name) {
    const std::string* word = parameters.find(name);
    if (word == nullptr || *word == "false") return false;
    if (*word == "true") return true;
    return std::unexpected(bad_parameter(name, "Must be true or false."));
}

std::expected<std::optional<std::uint64_t>, http::Problem>
read_number(const Parameters& parameters, std::string_view name) {
    const std::string* word = parameters.find(name);
    if (word == nullptr) return std::nullopt;
    std::uint64_t number = 0;
    const auto [end, code] = std::from_chars(word->data(), word->data() + word->size(), number);
    if (code != std::errc{} || end != word->data() + word->size() || number == 0)
        return std::unexpected(bad_parameter(name, "Must be a positive whole number."));
    return number;
}

}  // namespace

std::expected<JobRequest, http::Problem> parse_purge_request(const Parameters& parameters) {
    json arguments = json::object();
    for (const char* name : {"dry_run", "confirm", "confirm_clock"}) {
        const auto flag = read_flag(parameters, name);
        if (!flag) return std::unexpected(flag.error());
        if (*flag) arguments[name] = true;
    }
    const bool is_dry_run = arguments.contains("dry_run");
    return JobRequest{
        .kind = catalogue::JobKind::purge,
        .arguments = dump(arguments),
        .same_work = is_dry_run ? "purge dry_run" : "purge",
    };
}

std::string purge_run_json(const catalogue::PurgeRunRow& run) {
    const bool is_certified = run.state == catalogue::PurgeState::certified;
    return dump({
        {"id", to_string(run.id)},
        {"kind", to_string(run.kind)},
        {"state", to_string(run.state)},
        {"principal", run.principal},
        {"policy_version", run.policy_version},
        {"planned", to_rfc3339(run.planned)},
        {"started", time_json(run.started)},
        {"ended", time_json(run.ended)},
        {"planned_segments", run.planned_segments},
        {"planned_bytes", run.planned_bytes},
        {"destroyed_segments", run.destroyed_segments},
        {"destroyed_bytes", run.destroyed_bytes},
        {"missing_files", run.missing_files},
        {"kept_segments", run.kept_segments},
        {"error", run.error.empty() ? json(nullptr) : json(run.error)},
        {"certificate", is_certified ? json(to_string(run.id)) : json(nullptr)},
    });
}

std::expected<std::string, http::Problem> plan_json(const Parameters& parameters) {
    const auto cameras = read_number(parameters, "cameras");
    if (!cameras) return std::unexpected(cameras.error());
    const auto days = read_number(parameters, "days");
    if (!days) return std::unexpected(days.error());
    const auto rate = read_number(parameters, "rate");
    if (!rate) return std::unexpected(rate.error());
    const auto bytes = read_number(parameters, "bytes");
    if (!bytes) return std::unexpected(bytes.error());
    if (!*cameras) return std::unexpected(bad_parameter("cameras", "Is missing."));
    if (!*days) return std::unexpected(bad_parameter("days", "Is missing."));
    if (rate->has_value() == bytes->has_value())
        return std::unexpected(unfit_parameter(
            "rate", "PLAN_INCOMPLETE", "Give either `rate` (bit/s of each camera) or `bytes` (of the disk)."
        ));
    json plan{{"cameras", **cameras}, {"days", **days}};
    if (*bytes) {
        plan["bytes"] = **bytes;
        plan["bytes_per_camera"] = **bytes / **cameras;
        plan["bits_per_second"] = retention::rate_for(**bytes, **cameras, **days);
        return dump(plan);
    }
    const auto size = retention::size_for({.cameras = **cameras, .bits_per_second = **rate, .days = **days});
    if (!size)
        return std::unexpected(unfit_parameter(
            "rate",
            "PLAN_TOO_BIG",
            "That is more than 2^64 bytes: ask for fewer cameras or days, or a lower rate."
        ));
    plan["bytes"] = size->bytes;
    plan["bytes_per_camera"] = size->bytes_per_camera;
    plan["bits_per_second"] = **rate;
    return dump(plan);
}

std::string forecasts_json(const std::vector<catalogue::ForecastRow>& rows) {
    json items = json::array();
    for (const catalogue::ForecastRow& row : rows)
        items.push_back({
            {"volume", row.place == "all" ? json(nullptr) : json(row.place)},
            {"made", to_rfc3339(row.made)},
            {"bytes_per_day", row.bytes_per_day},
            {"footage_bytes", row.footage_bytes},
            {"held_bytes", row.held_bytes},
            {"free_bytes", row.free_bytes},
            {"floor_days", row.floor_days},
            {"days_held", row.days_held ? json(*row.days_held) : json(nullptr)},
            {"floor_at_risk", time_json(row.at_risk)},
            {"code", row.is_at_risk ? json("RET_FLOOR_AT_RISK") : json(nullptr)},
        });
    return dump({{"items", items}, {"next", nullptr}});
}

}  // namespace sluice::api
