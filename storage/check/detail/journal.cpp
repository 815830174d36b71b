#include "storage/volume/journal.hpp"

#include "storage/check/detail/judge.hpp"

#include <chrono>

#include <fmt/format.h>

namespace sluice::check::detail {
namespace {

constexpr std::size_t kBatch = 500;
/// The recorder reads its journal into the catalogue every ten seconds; what is younger may be on its way.
constexpr std::chrono::minutes kYoung{2};

bool is_asked(const Settings& settings, UtcTime written) {
    return (!settings.from || *settings.from <= written) && (!settings.to || written < *settings.to);
}

}  // namespace

Status check_journal(
    catalogue::Pool& pool,
    const Volume& volume,
    const Settings& settings,
    UtcTime now,
    VolumeSummary& summary,
    const std::function<void(Finding)>& found
) {
    Finding finding;
    finding.volume = volume.root;
    volume::JournalPosition position;
    for (;;) {
        const auto batch = volume::read_journal(volume.root, position, kBatch);
        if (!batch) {
            finding.kind = FindingKind::journal_unreadable;
            finding.path = "journal";
            finding.detail = batch.error().describe();
            found(finding);
            return {};
        }
        if (batch->next == position) return {};
        const auto known = catalogue::find_known_lines(pool, volume.id, batch->lines);
        if (!known) return std::unexpected(known.error());
        summary.torn_lines += batch->unreadable;
        for (std::size_t i = 0; i < batch->lines.size(); ++i) {
            const volume::JournalLine& line = batch->lines[i];
            if (!is_asked(settings, line.written)) continue;
            ++summary.journal_lines;
            if ((*known)[i] || now - line.written < kYoung) continue;
            finding.kind = FindingKind::journal_line_missing;
            finding.path = "journal/" + batch->next.file;
            finding.from = line.written;
            finding.detail = volume::to_line(line);
            while (finding.detail.ends_with('\n'))
                finding.detail.pop_back();
            found(finding);
        }
        position = batch->next;
    }
}

}  // namespace sluice::check::detail
