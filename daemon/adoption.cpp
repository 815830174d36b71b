// The part of the catalogue's feed that deals with what an earlier life of the recorder left behind.
#include "config/base/log.hpp"
#include "daemon/catalogue_feed.hpp"
#include "daemon/finished_row.hpp"

#include <algorithm>

namespace sluice::daemon {
namespace {

constexpr std::size_t kAskAtOnce = 1000;
constexpr std::chrono::seconds kListPause{60};
constexpr std::size_t kAdoptAtOnce = 10;  // then the living segments have their turn again

}  // namespace

/// A few orphans per pass. I12: finished and catalogued, never unlinked; a tombstoned id is left to the
/// worker.
Status CatalogueFeed::adopt_some() {
    for (Volume& volume : volumes_) {
        if (!volume.was_listed) {
            const VolumeHealth health = volume.worker->health();
            if (!health.can_journal || health.volume_id.is_nil()) continue;
            volume.id = health.volume_id;
            if (clock_.boot_now() < volume.list_again) continue;
            const auto listed = list_orphans(volume);
            if (!listed) return std::unexpected(listed.error());
            volume.was_listed = *listed;
            if (!*listed) {
                volume.list_again = clock_.boot_now() + kListPause;
                continue;
            }
        }
        std::vector<catalogue::FinishedRow> rows;
        for (std::size_t i = 0; i < std::min(kAdoptAtOnce, volume.orphans.size()); ++i)
            if (auto row = adopt_one(volume, volume.orphans[i])) rows.push_back(std::move(*row));
        const std::size_t handled = std::min(kAdoptAtOnce, volume.orphans.size());
        const std::size_t adopted = rows.size();
        if (auto saved = save(std::move(rows)); !saved) {
            // Its .part has its final name by now: the list is made again.
            volume.was_listed = false;
            return saved;
        }
        volume.orphans.erase(
            volume.orphans.begin(), volume.orphans.begin() + static_cast<std::ptrdiff_t>(handled)
        );
        health_.with([&](FeedHealth& health) { health.adopted += adopted; });
    }
    return {};
}

/// False: the folders could not be read. Then the clean mark stays where it is and the list is made later.
Result<bool> CatalogueFeed::list_orphans(Volume& volume) {
    volume.orphans.clear();
    // A mark in the future was set by a clock that ran ahead: it says nothing.
    const bool is_mark_true = settings_.clean_mark <= to_utc_day(clock_.now());
    const std::string first_day = is_mark_true ? settings_.clean_mark : std::string{};
    const auto found = segment::find_files(volume.worker->settings().root, first_day);
    if (!found) {
        log_and_drop(std::unexpected(found.error()), "adoption tries again in a minute");
        return false;
    }
    // Asked for after the folders were read: whatever this process had begun by then is no orphan.
    const std::set<Uuid> begun = inbox_.with([](const Inbox& inbox) { return inbox.begun; });
    std::vector<segment::Orphan> strangers;
    for (const segment::Orphan& file : *found)
        if (!begun.contains(file.segment_id)) strangers.push_back(file);
    for (std::size_t at = 0; at < strangers.size(); at += kAskAtOnce) {
        const std::size_t end = std::min(at + kAskAtOnce, strangers.size());
        std::vector<Uuid> ids;
        for (std::size_t i = at; i < end; ++i)
            ids.push_back(strangers[i].segment_id);
        const auto known = catalogue::find_known_segments(pool_, ids);
        if (!known) return std::unexpected(known.error());
        std::set<Uuid> settled(known->finished.begin(), known->finished.end());
        settled.insert(known->tombstoned.begin(), known->tombstoned.end());
        for (std::size_t i = at; i < end; ++i)
            if (!settled.contains(strangers[i].segment_id)) volume.orphans.push_back(strangers[i]);
    }
    if (!volume.orphans.empty())
        log::info(
            "orphans_found",
            {{"volume", volume.worker->settings().root.string()}, {"files", volume.orphans.size()}}
        );
    return true;
}

std::optional<catalogue::FinishedRow>
CatalogueFeed::adopt_one(const Volume& volume, const segment::Orphan& orphan) {
    const auto adopted = segment::adopt(files_, volume.worker->settings().root, orphan);
    if (adopted) return make_finished_row(volume.worker->health().volume_id, *adopted);
    if (adopted.error().label() != "empty")
        log::error(
            "adoption_failed", {{"path", orphan.path.string()}, {"error", adopted.error().describe()}}
        );
    // A file that was set aside may have a row as an open one: without this it would stay open for ever.
    std::filesystem::path aside = orphan.path;
    aside.replace_extension(orphan.is_part ? ".suspect" : ".mp4.suspect");
    std::error_code code;
    if (std::filesystem::exists(volume.worker->settings().root / aside, code)) {
        inbox_.with([&](Inbox& inbox) { inbox.suspects.push_back({orphan.segment_id, aside}); });
    }
    return std::nullopt;
}

/// Once every volume's orphans are settled and nothing waits, the days before yesterday need no look at the
/// next start: a segment lies in the folder of the day it began.
void CatalogueFeed::move_clean_mark() {
    for (const Volume& volume : volumes_)
        if (!volume.was_listed || !volume.orphans.empty()) return;
    const bool is_settled = inbox_.with([](Inbox& inbox) {
        inbox.begun.clear();
        return inbox.finished.empty();
    });
    const std::string day = to_utc_day(clock_.now() - std::chrono::days{1});
    if (!is_settled || day <= settings_.clean_mark) return;
    settings_.clean_mark = day;
    if (settings_.on_clean_mark) settings_.on_clean_mark(day);
}

}  // namespace sluice::daemon
