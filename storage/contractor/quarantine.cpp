#include "storage/contractor/quarantine.hpp"

#include "storage/catalogue/contractor_clip_repository.hpp"
#include "storage/catalogue/policy_repository.hpp"
#include "storage/catalogue/record_repository.hpp"
#include "storage/contractor/rules.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace sluice::contractor {
namespace {

namespace fs = std::filesystem;
using catalogue::QuarantinedClip;
using nlohmann::json;

/// A clip that goes: its volume is there.
struct Going {
    const QuarantinedClip& clip;
    std::string rule;
    fs::path file;
};

ledger::Act act_of(const Going& going, const char* action) {
    return {
        .action = action,
        .actor = ledger::system_actor("sluice-worker"),
        .subject = {.kind = "contractor_clip", .id = to_string(going.clip.clip_id)},
        .facts =
            json{
                {"rule", going.rule}, {"bytes", going.clip.bytes}, {"since", to_rfc3339(going.clip.since)}
            }.dump(),
    };
}

/// Those on a volume that is not there go when it is there again.
std::vector<Going> find_going(
    const retention::Site& site,
    const std::vector<QuarantinedClip>& kept,
    const std::vector<Removal>& removals
) {
    std::vector<Going> all;
    for (const Removal& removal : removals) {
        const QuarantinedClip& clip = kept[removal.index];
        const auto volume = std::ranges::find(site.volumes, clip.volume_id, &retention::PurgeVolume::id);
        if (volume == site.volumes.end()) continue;
        all.push_back({.clip = clip, .rule = std::string{removal.rule}, .file = volume->root / clip.path});
    }
    return all;
}

/// The audit log knows of all of them before the first is gone: it takes records in their order, so the last
/// one's checkpoint covers them.
Status announce(const retention::Site& site, const std::vector<Going>& all) {
    Uuid last{};
    for (const Going& going : all) {
        const auto record =
            catalogue::append_record(site.pool, act_of(going, "clip.quarantine_ending"), site.clock.now());
        if (!record) return std::unexpected(record.error());
        last = *record;
    }
    return site.wait_signed(last);
}

Status remove(const retention::Site& site, const Going& going) {
    if (const auto removed = site.files.remove(going.file); !removed) return std::unexpected(removed.error());
    if (auto synced = site.files.sync_directory(going.file.parent_path()); !synced) return synced;
    return catalogue::save_quarantine_removal(
        site.pool, going.clip.clip_id, going.rule, act_of(going, "clip.quarantine_removed"), site.clock.now()
    );
}

}  // namespace

Result<QuarantineReport> tend_quarantine(const retention::Site& site, std::uint64_t most_bytes) {
    QuarantineReport report;
    const auto kept = catalogue::load_quarantine(site.pool);
    if (!kept) return std::unexpected(kept.error());
    if (kept->empty()) return report;
    const auto history = catalogue::load_policy_history(site.pool);
    if (!history) return std::unexpected(history.error());
    const UtcTime now = site.clock.now();
    const unsigned days = policy::in_force(*history, now).policy.contractor.quarantine_days;
    const auto all = find_going(site, *kept, plan_quarantine(*kept, days, most_bytes, now));
    if (all.empty()) return report;
    auto obstacles = retention::find_obstacles(site, *history, {});
    if (!obstacles) return std::unexpected(obstacles.error());
    report.refusals = std::move(*obstacles);
    if (!report.refusals.empty()) return report;
    if (auto announced = announce(site, all); !announced) {
        if (announced.error().label() != "LEDGER_UNAVAILABLE") return std::unexpected(announced.error());
        report.refusals = {{.code = "LEDGER_UNAVAILABLE", .detail = announced.error().message()}};
        return report;
    }
    for (const Going& going : all) {
        if (auto done = remove(site, going); !done) return std::unexpected(done.error());
        ++report.removed;
    }
    return report;
}

}  // namespace sluice::contractor
