// The part of the catalogue's feed that deals with what an earlier life of the recorder left behind.
#include "config/base/log.hpp"
#include "daemon/catalogue_feed.hpp"
#include "daemon/finished_row.hpp"

#include <algorithm>

namespace sluice::daemon {
namespace {

constexpr std::size_t kAskAtOnce = 1000;
constexpr std::chrono::seconds kPause{60};  // before folders or a file are tried again
constexpr std::size_t kAdoptAtOnce = 10;    // then the living segments have their turn again

}  // namespace

/// A few orphans per pass. I12: finished and catalogued, never unlinked; a tombstoned id is left to the
/// worker.
Status CatalogueFeed::adopt_some() {
    if (inbox_.with([](Inbox& inbox) { return std::exchange(inbox.has_left, false); }))
        for (Volume& volume : volumes_)
            volume.was_listed = false;
    for (Volume& volume : volumes_) {
        Status listed;
        if (!list_when_due(volume, listed)) {
            if (!listed) return listed;
            continue;
        }
        if (auto adopted = adopt_from(volume); !adopted) return adopted;
    }
    return {};
}

/// Whether the volume's orphans are known; `status` says when the database does not answer.
bool CatalogueFeed::list_when_due(Volume& volume, Status& status) {
    const VolumeHealth health = volume.worker->health();
    if (!health.can_journal || health.volume_id.is_nil()) return false;
    volume.id = health.volume_id;
    if (volume.was_listed) return true;
    if (clock_.boot_now() < volume.list_again) return false;
    const auto listed = list_orphans(volume);
    if (!listed) {
        status = std::unexpected(listed.error());
        return false;
    }
    volume.was_listed = *listed;
    if (!*listed) volume.list_again = clock_.boot_now() + kPause;
    return *listed;
}

Status CatalogueFeed::adopt_from(Volume& volume) {
    if (!volume.unreadable.empty() && clock_.boot_now() >= volume.try_again) {
        volume.orphans.insert(volume.orphans.end(), volume.unreadable.begin(), volume.unreadable.end());
        volume.unreadable.clear();
    }
    const std::size_t handled = std::min(kAdoptAtOnce, volume.orphans.size());
    std::vector<catalogue::FinishedRow> rows;
    for (std::size_t i = 0; i < handled; ++i)
        if (auto row = adopt_one(volume, volume.orphans[i])) rows.push_back(std::move(*row));
    const std::size_t adopted = rows.size();
    if (auto saved = save(std::move(rows)); !saved) {
        volume.was_listed = false;  // a .part has its final name by now: the list is made again
        return saved;
    }
    volume.orphans.erase(
        volume.orphans.begin(), volume.orphans.begin() + static_cast<std::ptrdiff_t>(handled)
    );
    health_.with([&](FeedHealth& health) { health.adopted += adopted; });
    return {};
}

/// False: the folders could not be read. Then the clean mark stays where it is and the list is made later.
Result<bool> CatalogueFeed::list_orphans(Volume& volume) {
    volume.orphans.clear();
    volume.unreadable.clear();
    // A mark in the future was set by a clock that ran ahead: it says nothing, now or when its day comes.
    if (settings_.clean_mark > to_utc_day(clock_.now())) set_clean_mark({});
    const std::filesystem::path& root = volume.worker->settings().root;
    const auto found = segment::find_files(root, settings_.clean_mark);
    if (!found) {
        log_and_drop(std::unexpected(found.error()), "adoption tries again in a minute");
        return false;
    }
    // A mount that went while its folders were read looks like a volume with little on it.
    if (const auto still = volume::check_volume(root, settings_.installation_id, volume.id); !still) {
        log_and_drop(std::unexpected(still.error()), "adoption tries again in a minute");
        return false;
    }
    // Asked for after the folders were read: whatever this process had begun by then is no orphan, and what
    // was catalogued since is known to the database.
    const std::set<Uuid> in_hand = inbox_.with([](const Inbox& inbox) { return inbox.in_hand; });
    std::vector<segment::Orphan> strangers;
    for (const segment::Orphan& file : *found)
        if (!in_hand.contains(file.segment_id)) strangers.push_back(file);
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
        log::info("orphans_found", {{"volume", root.string()}, {"files", volume.orphans.size()}});
    return true;
}

/// nullopt: nothing to catalogue, now or (when the file could not be read) not yet.
std::optional<catalogue::FinishedRow>
CatalogueFeed::adopt_one(Volume& volume, const segment::Orphan& orphan) {
    const std::filesystem::path& root = volume.worker->settings().root;
    const auto adopted = segment::adopt(files_, root, orphan);
    if (adopted) return make_finished_row(volume.worker->health().volume_id, *adopted);
    if (adopted.error().label() != "empty")
        log::error(
            "adoption_failed", {{"path", orphan.path.string()}, {"error", adopted.error().describe()}}
        );
    std::error_code code;
    if (std::filesystem::exists(root / orphan.path, code) || code) {
        // It stands where it stood: what kept it from being read may pass.
        if (volume.unreadable.empty()) volume.try_again = clock_.boot_now() + kPause;
        volume.unreadable.push_back(orphan);
        return std::nullopt;
    }
    if (adopted.error().remedy() == Remedy::stop_volume) {
        volume.was_listed = false;  // renamed, but not durably: found again under its new name
        volume.list_again = clock_.boot_now() + kPause;
        return std::nullopt;
    }
    // A file that was set aside may have a row as an open one: without this it would stay open for ever.
    std::filesystem::path aside = orphan.path;
    aside.replace_extension(orphan.is_part ? ".suspect" : ".mp4.suspect");
    if (std::filesystem::exists(root / aside, code)) {
        inbox_.with([&](Inbox& inbox) { inbox.suspects.push_back({orphan.segment_id, aside}); });
    }
    return std::nullopt;
}

/// Once every volume's orphans are settled and nothing waits, the days before yesterday need no look at the
/// next start: a segment lies in the folder of the day it began.
void CatalogueFeed::move_clean_mark() {
    const bool is_settled =
        std::all_of(
            volumes_.begin(), volumes_.end(), [](const Volume& volume) { return volume.is_settled(); }
        ) &&
        inbox_.with([](const Inbox& inbox) { return inbox.finished.empty() && !inbox.has_left; });
    const std::string day = to_utc_day(clock_.now() - std::chrono::days{1});
    if (is_settled && day > settings_.clean_mark) set_clean_mark(day);
}

void CatalogueFeed::set_clean_mark(const std::string& day) {
    settings_.clean_mark = day;
    if (settings_.on_clean_mark) settings_.on_clean_mark(day);
}

}  // namespace sluice::daemon
