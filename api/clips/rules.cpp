#include "api/clips/rules.hpp"

#include "api/http/text.hpp"
#include "api/parameters.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace sluice::api {

using nlohmann::json;

namespace {

constexpr std::size_t kMostGaps = 32;

std::string quoted(UtcTime time) {
    return '"' + to_rfc3339(time) + '"';
}

json intervals_json(const std::vector<clip::Interval>& intervals) {
    json out = json::array();
    for (const auto& interval : intervals)
        out.push_back(
            {{"from", to_rfc3339(interval.range.from)},
             {"to", to_rfc3339(interval.range.to)},
             {"run", to_string(interval.run_id)}}
        );
    return out;
}

json gaps_json(const std::vector<catalogue::GapRow>& gaps) {
    json out = json::array();
    for (const auto& gap : gaps)
        out.push_back(
            {{"from", to_rfc3339(gap.from)},
             {"to", gap.to ? json(to_rfc3339(*gap.to)) : json(nullptr)},
             {"cause", to_string(gap.cause)}}
        );
    return out;
}

std::string dump(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

std::expected<void, http::Problem>
check_clip_interval(UtcTime from, std::optional<UtcTime> to, std::chrono::seconds longest, UtcTime now) {
    if (to && *to <= from)
        return std::unexpected(unfit_parameter("to", "INTERVAL_REVERSED", "`to` must be after `from`."));
    if (from > now)
        return std::unexpected(unfit_parameter("from", "INTERVAL_IN_FUTURE", "`from` lies in the future."));
    return check_interval({from, to.value_or(std::max(now, from + Microseconds{1}))}, longest);
}

http::Problem to_problem(const clip::Refusal& refusal, std::chrono::milliseconds durability_window) {
    http::Problem problem{
        .status = refusal.code == "NO_FOOTAGE" ? 404U : 409U,
        .code = refusal.code,
        .detail = refusal.detail,
        .retry_after = std::nullopt
    };
    if (refusal.available_to) {
        problem.members.emplace_back("available_to", dump(to_rfc3339(*refusal.available_to)));
        problem.retry_after =
            std::max(std::chrono::seconds{1}, std::chrono::ceil<std::chrono::seconds>(durability_window));
    }
    if (!refusal.intervals.empty())
        problem.members.emplace_back("intervals", dump(intervals_json(refusal.intervals)));
    if (!refusal.gaps.empty()) problem.members.emplace_back("gaps", dump(gaps_json(refusal.gaps)));
    return problem;
}

std::string gaps_header(const std::vector<catalogue::GapRow>& gaps, TimeRange range) {
    std::string out;
    std::size_t count = 0;
    for (const auto& gap : gaps) {
        const TimeRange inside = TimeRange{gap.from, gap.to.value_or(range.to)}.clamp(range);
        if (inside.is_empty()) continue;
        if (++count > kMostGaps) continue;
        out += out.empty() ? "" : ", ";
        out.append(to_string(gap.cause)).append(";from=").append(quoted(inside.from));
        out.append(";to=").append(quoted(inside.to));
    }
    if (count > kMostGaps) out += ", more;count=" + std::to_string(count - kMostGaps);
    return out;
}

std::string damaged_header(const std::vector<clip::DamagedPart>& damaged) {
    std::string out;
    std::size_t count = 0;
    const auto add = [&](std::string_view what, const clip::DamagedPart& part, const std::string& bytes) {
        if (++count > kMostGaps) return;
        out += out.empty() ? "" : ", ";
        out.append(what)
            .append(";from=")
            .append(quoted(part.range.from))
            .append(";to=")
            .append(quoted(part.range.to));
        out.append(";segment=\"").append(to_string(part.segment_id)).append("\"").append(bytes);
    };
    for (const clip::DamagedPart& part : damaged) {
        // The last byte is named, as in HTTP's own ranges.
        for (const catalogue::Damage& one : part.bytes)
            add(catalogue::to_string(one.kind),
                part,
                ";bytes=\"" + std::to_string(one.from) + "-" + std::to_string(one.to - 1) + "\"");
        if (part.bytes.empty()) add("suspect", part, {});
    }
    if (count > kMostGaps) out += ", more;count=" + std::to_string(count - kMostGaps);
    return out;
}

std::string interval_header(TimeRange range) {
    return "from=" + quoted(range.from) + ", to=" + quoted(range.to);
}

std::string clip_location(
    std::string_view slug,
    StreamKind stream,
    TimeRange range,
    std::optional<Uuid> run,
    bool takes_damaged
) {
    std::string out = "/v1/cameras/" + http::percent_encode(slug) +
                      "/clip.mp4?from=" + to_rfc3339(range.from) + "&to=" + to_rfc3339(range.to);
    if (stream != StreamKind::main) out.append("&stream=").append(to_string(stream));
    if (run) out.append("&run=").append(to_string(*run));
    if (takes_damaged) out.append("&damaged=include");
    return out;
}

}  // namespace sluice::api
