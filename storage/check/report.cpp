#include "storage/check/report.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace sluice::check {

using nlohmann::json;

namespace {

json to_object(const Finding& finding) {
    json object{
        {"kind", to_string(finding.kind)},
        {"volume", finding.volume.string()},
        {"path", finding.path},
        {"segment", finding.segment_id ? json(to_string(*finding.segment_id)) : json(nullptr)},
        {"from", finding.from ? json(to_rfc3339(*finding.from)) : json(nullptr)},
        {"to", finding.to ? json(to_rfc3339(*finding.to)) : json(nullptr)},
        {"damage", json::array()},
        {"detail", finding.detail},
    };
    for (const catalogue::Damage& damage : finding.damage)
        object["damage"].push_back(
            {{"from_byte", damage.from}, {"to_byte", damage.to}, {"what", catalogue::to_string(damage.kind)}}
        );
    return object;
}

json to_object(const VolumeSummary& volume) {
    return {
        {"id", to_string(volume.id)},
        {"path", volume.root.string()},
        {"files", volume.files},
        {"rows", volume.rows},
        {"bytes_read", volume.bytes},
        {"journal_lines", volume.journal_lines},
        {"torn_lines", volume.torn_lines},
    };
}

}  // namespace

std::string to_line(const Finding& finding) {
    std::string line = fmt::format("{}  {}", to_string(finding.kind), finding.volume.string());
    if (!finding.path.empty()) line += "  " + finding.path;
    if (finding.from && finding.to)
        line += fmt::format("  [{}, {})", to_rfc3339(*finding.from), to_rfc3339(*finding.to));
    for (const catalogue::Damage& damage : finding.damage)
        line += fmt::format("  bytes [{}, {}) {}", damage.from, damage.to, catalogue::to_string(damage.kind));
    if (!finding.detail.empty()) line += "  " + finding.detail;
    return line;
}

std::string to_text(const Summary& summary) {
    std::string text;
    for (const VolumeSummary& volume : summary.volumes)
        text += fmt::format(
            "volume {}: {} files, {} rows, {} journal lines{}, {} bytes read\n",
            volume.root.string(),
            volume.files,
            volume.rows,
            volume.journal_lines,
            volume.torn_lines > 0 ? fmt::format(" ({} torn)", volume.torn_lines) : std::string{},
            volume.bytes
        );
    for (std::size_t i = 0; i < kFindingKinds; ++i)
        if (summary.tally.counts.at(i) > 0)
            text +=
                fmt::format("{}: {}\n", to_string(static_cast<FindingKind>(i)), summary.tally.counts.at(i));
    text += summary.is_clean()
                ? fmt::format("clean at depth {}\n", to_string(summary.depth))
                : fmt::format("{} findings at depth {}\n", summary.tally.total(), to_string(summary.depth));
    return text;
}

std::string to_json(const Summary& summary, std::span<const Finding> findings, std::uint64_t left_out) {
    json object{
        {"format", kReportFormat},
        {"depth", to_string(summary.depth)},
        {"began", to_rfc3339(summary.began)},
        {"ended", to_rfc3339(summary.ended)},
        {"clean", summary.is_clean()},
        {"volumes", json::array()},
        {"counts", json::object()},
        {"findings", json::array()},
        {"findings_left_out", left_out},
    };
    for (const VolumeSummary& volume : summary.volumes)
        object["volumes"].push_back(to_object(volume));
    for (std::size_t i = 0; i < kFindingKinds; ++i)
        if (summary.tally.counts.at(i) > 0)
            object["counts"][std::string{to_string(static_cast<FindingKind>(i))}] =
                summary.tally.counts.at(i);
    for (const Finding& finding : findings)
        object["findings"].push_back(to_object(finding));
    // File names may hold any bytes.
    return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace sluice::check
