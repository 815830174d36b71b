#include "storage/retention/coverage_report.hpp"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace sluice::retention {
namespace {

using nlohmann::json;
using Ranges = std::vector<TimeRange>;  // disjoint and in order, once united

Ranges unite(Ranges ranges, const TimeRange& inside) {
    std::erase_if(ranges, [&inside](TimeRange& range) {
        range = range.clamp(inside);
        return range.is_empty();
    });
    std::ranges::sort(ranges, {}, &TimeRange::from);
    Ranges united;
    for (const TimeRange& range : ranges) {
        if (united.empty() || united.back().to < range.from)
            united.push_back(range);
        else
            united.back().to = std::max(united.back().to, range.to);
    }
    return united;
}

/// What of `from` is not in `taken`; both united.
Ranges subtract(const Ranges& from, const Ranges& taken) {
    Ranges left;
    for (TimeRange rest : from) {
        for (const TimeRange& one : taken) {
            if (!rest.overlaps(one)) continue;
            if (rest.from < one.from) left.push_back({rest.from, one.from});
            rest.from = std::max(rest.from, one.to);
            if (rest.is_empty()) break;
        }
        if (!rest.is_empty()) left.push_back(rest);
    }
    return left;
}

Microseconds sum(const Ranges& ranges) {
    Microseconds all{0};
    for (const TimeRange& range : ranges)
        all += range.length();
    return all;
}

/// Takes what `ranges` covers out of `missing`, and says how much that was.
Microseconds take(Ranges& missing, const Ranges& ranges) {
    Ranges left = subtract(missing, ranges);
    const Microseconds taken = sum(missing) - sum(left);
    missing = std::move(left);
    return taken;
}

json seconds(Microseconds time) {
    return static_cast<double>(time.count()) / 1e6;
}

}  // namespace

CoverageAccount account_for(const CoverageFacts& facts, UtcTime now) {
    CoverageAccount account;
    if (facts.asked.is_empty()) return account;
    const Ranges covered = unite(facts.covered, facts.asked);
    account.kept = sum(covered);
    Ranges missing = subtract({facts.asked}, covered);
    std::vector<catalogue::GapRow> gaps = facts.gaps;
    std::ranges::sort(gaps, {}, &catalogue::GapRow::from);
    const auto range_of = [&](const catalogue::GapRow& gap) {
        return unite({{gap.from, gap.to.value_or(std::max(gap.from, now))}}, facts.asked);
    };
    // Whoever switched a camera off is answered first: another gap that was open then explains nothing more.
    for (const catalogue::GapRow& gap : gaps)
        if (gap.cause == GapCause::disabled_by_operator) account.switched_off += take(missing, range_of(gap));
    account.destroyed = take(missing, unite(facts.destroyed, facts.asked));
    for (const catalogue::GapRow& gap : gaps) {
        if (gap.cause == GapCause::disabled_by_operator || gap.cause == GapCause::unknown) continue;
        const Microseconds taken = take(missing, range_of(gap));
        if (taken.count() > 0) account.missing[gap.cause] += taken;
    }
    account.unexplained = sum(missing);
    account.promised = facts.asked.length() - account.switched_off;
    return account;
}

std::string describe_missing(const CoverageAccount& account) {
    std::string text;
    for (const auto& [cause, time] : account.missing)
        text += fmt::format(
            "{}{:.0f} s {}",
            text.empty() ? "" : ", ",
            static_cast<double>(time.count()) / 1e6,
            to_string(cause)
        );
    return text;
}

Result<std::vector<CameraAccount>>
load_coverage_report(catalogue::Pool& pool, std::chrono::days length, UtcTime now) {
    return load_coverage_report(pool, TimeRange{now - length, now}, now);
}

Result<std::vector<CameraAccount>> load_coverage_report(catalogue::Pool& pool, TimeRange asked, UtcTime now) {
    const auto cameras = catalogue::load_cameras(pool, true);
    if (!cameras) return std::unexpected(cameras.error());
    const auto streams = catalogue::load_streams(pool);
    if (!streams) return std::unexpected(streams.error());
    const auto coverage = catalogue::load_coverage(pool, std::nullopt, StreamKind::main, asked);
    if (!coverage) return std::unexpected(coverage.error());
    const auto destroyed = catalogue::load_destroyed(pool, std::nullopt, StreamKind::main, asked);
    if (!destroyed) return std::unexpected(destroyed.error());
    std::vector<CameraAccount> report;
    for (const catalogue::CameraRow& camera : *cameras) {
        if (camera.retired && *camera.retired <= asked.from) continue;
        const auto stream = std::ranges::find_if(*streams, [&camera](const catalogue::StreamRow& row) {
            return row.camera_id == camera.id && row.kind == StreamKind::main;
        });
        if (stream == streams->end()) continue;
        CoverageFacts facts{.asked = asked, .covered = {}, .gaps = {}, .destroyed = {}};
        // An id tells when the recorder first knew the camera: before that nothing was promised.
        facts.asked.from = std::clamp(made_at(camera.id), asked.from, asked.to);
        if (camera.retired) facts.asked.to = std::clamp(*camera.retired, facts.asked.from, asked.to);
        for (const catalogue::CoverageRow& row : coverage->covered)
            if (row.stream_id == stream->id) facts.covered.push_back(row.range);
        for (const catalogue::GapRow& gap : coverage->gaps)
            if (gap.stream_id == stream->id) facts.gaps.push_back(gap);
        for (const catalogue::DestroyedRow& row : *destroyed)
            if (row.stream_id == stream->id) facts.destroyed.push_back(row.range);
        report.push_back({camera.slug, camera.name, facts.asked, account_for(facts, now)});
    }
    return report;
}

std::string to_json(std::span<const CameraAccount> report, std::chrono::days length, UtcTime now) {
    json items = json::array();
    for (const CameraAccount& camera : report) {
        const CoverageAccount& account = camera.account;
        json missing = json::object();
        for (const auto& [cause, time] : account.missing)
            missing[std::string{to_string(cause)}] = seconds(time);
        items.push_back({
            {"camera", camera.camera},
            {"name", camera.name},
            {"from", to_rfc3339(camera.asked.from)},
            {"to", to_rfc3339(camera.asked.to)},
            {"promised_seconds", seconds(account.promised)},
            {"kept_seconds", seconds(account.kept)},
            {"missing_seconds", missing},
            {"unexplained_seconds", seconds(account.unexplained)},
            {"destroyed_seconds", seconds(account.destroyed)},
            {"switched_off_seconds", seconds(account.switched_off)},
        });
    }
    const json object{
        {"days", length.count()}, {"made", to_rfc3339(now)}, {"items", items}, {"next", nullptr}
    };
    return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace sluice::retention
