#include "storage/retention/detail/end_copies.hpp"

#include "config/base/log.hpp"
#include "storage/catalogue/hold_copy_repository.hpp"
#include "storage/catalogue/record_repository.hpp"
#include "storage/retention/certificate.hpp"
#include "storage/volume/volume.hpp"

#include <algorithm>
#include <map>
#include <set>

#include <nlohmann/json.hpp>

namespace sluice::retention::detail {
namespace {

namespace fs = std::filesystem;
using catalogue::HoldCopyRow;
using nlohmann::json;

constexpr std::size_t kEndAtOnce = 256;
constexpr std::chrono::days kShortestYear{363};  // to the day before the anniversary, from late on a day

class Ender {
public:
    Ender(const Site& site, const policy::Policy& rules, const Uuid& hold_id)
        : site_(site),
          rules_(rules),
          hold_id_(hold_id) {}

    [[nodiscard]] std::optional<std::string> rule_of(const HoldCopyRow& copy, UtcTime now) const {
        if (copy.is_hold_over) return "HOLD_ENDED";
        if (now >= destroy_by(copy.range.from, static_cast<int>(rules_.ceiling_years)))
            return std::string{to_string(Rule::ceiling)};
        return std::nullopt;
    }

    /// The next few that go, behind `after`, which is moved. Empty: no more.
    Result<std::vector<HoldCopyRow>> next(UtcTime now, Uuid& after) const {
        for (;;) {
            auto some = catalogue::load_copies_to_end(
                site_.pool, hold_id_, now, now - kShortestYear * rules_.ceiling_years, after, kEndAtOnce
            );
            if (!some || some->empty()) return some;
            after = some->back().segment_id;
            std::erase_if(*some, [&](const HoldCopyRow& copy) { return !rule_of(copy, now); });
            if (!some->empty()) return some;
        }
    }

    Result<std::size_t> destroy(std::span<const HoldCopyRow> copies, UtcTime now) {
        const auto gone = catalogue::destroy_hold_copies(
            site_.pool,
            hold_id_,
            copies,
            now,
            [&](const HoldCopyRow& copy) { return rule_of(copy, now); },
            [&](std::span<const HoldCopyRow> going) { return unlink(going); }
        );
        if (!gone) return gone;
        for (const auto& [segment, error] : failures_) {
            log::error(
                "hold_copy_not_destroyed",
                {{"hold", to_string(hold_id_)}, {"segment", to_string(segment)}, {"error", error}}
            );
            if (auto saved = catalogue::save_copy_failure(site_.pool, hold_id_, segment, error, now); !saved)
                return std::unexpected(saved.error());
        }
        failures_.clear();
        return gone;
    }

    /// Certifies what is destroyed and in no certificate yet.
    Status certify(SecondCopies& report);

private:
    /// Which of them are durably gone.
    std::vector<Uuid> unlink(std::span<const HoldCopyRow> copies) {
        std::vector<Uuid> gone;
        std::map<fs::path, std::vector<Uuid>> by_folder;
        for (const HoldCopyRow& copy : copies)
            if (const auto folder = unlink_one(copy))
                by_folder[*folder].push_back(copy.segment_id);
            else
                failures_[copy.segment_id] = folder.error().describe();
        for (const auto& [folder, segments] : by_folder) {
            std::error_code ignored;
            // A folder that is not there holds no name that could come back.
            const bool is_gone = !fs::exists(folder, ignored) && !ignored;
            if (auto synced = is_gone ? Status{} : site_.files.sync_directory(folder); !synced)
                for (const Uuid& segment : segments)
                    failures_[segment] = synced.error().describe();
            else
                gone.insert(gone.end(), segments.begin(), segments.end());
        }
        return gone;
    }

    /// The folder to sync.
    Result<fs::path> unlink_one(const HoldCopyRow& copy) {
        const auto volume = std::ranges::find(site_.volumes, copy.volume_id, &PurgeVolume::id);
        if (volume == site_.volumes.end())
            return failure(Remedy::operator_acts, "the copy's volume is not there");
        if (const auto found = volume::check_volume(volume->root, volume->installation_id, volume->id);
            !found)
            return std::unexpected(found.error());
        const fs::path file = volume->root / copy.path;
        for (const char* ending : {"", ".part"})
            if (auto removed = site_.files.remove(fs::path{file.string() + ending}); !removed)
                return std::unexpected(removed.error());
        return file.parent_path();
    }

    /// Looks for each file once more, and takes the emptied folders away.
    Status verify(std::span<const HoldCopyRow> copies) {
        std::set<fs::path> folders;
        for (const HoldCopyRow& copy : copies) {
            const auto volume = std::ranges::find(site_.volumes, copy.volume_id, &PurgeVolume::id);
            if (volume == site_.volumes.end())
                continue;  // it was there when the file was unlinked and the folder synced
            const fs::path file = volume->root / copy.path;
            folders.insert(file.parent_path());
            std::error_code code;
            if (fs::symlink_status(file, code).type() == fs::file_type::not_found) continue;
            log::warn("destroyed_file_removed_again", {{"path", file.string()}});
            if (auto removed = site_.files.remove(file); !removed) return std::unexpected(removed.error());
            if (auto synced = site_.files.sync_directory(file.parent_path()); !synced) return synced;
        }
        for (const fs::path& folder : folders)
            for (const fs::path& empty : {folder, folder.parent_path()})
                if (auto removed = site_.files.remove_directory(empty); !removed)
                    log_and_drop(std::unexpected(removed.error()), "an empty folder of held/ stays");
        return {};
    }

    const Site& site_;
    const policy::Policy& rules_;
    const Uuid& hold_id_;
    std::map<Uuid, std::string> failures_;
};

Status Ender::certify(SecondCopies& report) {
    const auto copies = catalogue::load_uncertified_copies(site_.pool, hold_id_);
    if (!copies) return std::unexpected(copies.error());
    if (copies->empty()) return {};
    if (auto gone = verify(*copies); !gone) return gone;
    const auto hold = catalogue::find_hold(site_.pool, hold_id_);
    if (!hold) return std::unexpected(hold.error());
    if (!*hold) return failure(Remedy::operator_acts, "hold " + to_string(hold_id_) + " has no row");
    const auto cameras = catalogue::load_cameras(site_.pool, true);
    if (!cameras) return std::unexpected(cameras.error());
    const auto streams = catalogue::load_streams(site_.pool);
    if (!streams) return std::unexpected(streams.error());
    const UtcTime now = site_.clock.now();
    catalogue::Certificate certificate{.id = make_uuid_v7(now), .issued = now, .body = {}};
    const CopiesCertificate text = make_copies_certificate({
        .id = certificate.id,
        .issued = now,
        .hold = **hold,
        .copies = *copies,
        .cameras = *cameras,
        .streams = *streams,
    });
    certificate.body = text.body;
    const json facts{
        {"certificate", to_string(certificate.id)},
        {"certificate_sha256", to_hex(sha256(as_bytes(certificate.body)))},
        {"copies", copies->size()},
        {"bytes", text.bytes},
        {"copies_sha256", to_hex(text.digest)},
    };
    const ledger::Act act{
        .action = "hold.copies_destroyed",
        .actor = ledger::system_actor("sluice-worker"),
        .subject = {.kind = "hold", .id = to_string(hold_id_)},
        .facts = facts.dump(),
    };
    if (auto saved = catalogue::save_hold_certificate(site_.pool, hold_id_, certificate, act); !saved)
        return saved;
    ++report.certificates;
    log::info(
        "hold_copies_destroyed",
        {{"hold", to_string(hold_id_)},
         {"certificate", to_string(certificate.id)},
         {"copies", copies->size()},
         {"bytes", text.bytes}}
    );
    return {};
}

/// The audit log knows of it before anything is gone.
Status announce(const Site& site, const Uuid& hold_id, UtcTime now) {
    const ledger::Act act{
        .action = "hold.copies_ending",
        .actor = ledger::system_actor("sluice-worker"),
        .subject = {.kind = "hold", .id = to_string(hold_id)},
        .facts = "{}",
    };
    const auto record = catalogue::append_record(site.pool, act, now);
    if (!record) return std::unexpected(record.error());
    return site.wait_signed(*record);
}

}  // namespace

Status end_copies(
    const Site& site,
    const policy::History& history,
    const Uuid& hold_id,
    const std::function<bool()>& go_on,
    SecondCopies& report
) {
    const UtcTime now = site.clock.now();
    Ender ender{site, policy::in_force(history, now).policy, hold_id};
    Uuid after{};
    auto copies = ender.next(now, after);
    if (!copies) return std::unexpected(copies.error());
    if (!copies->empty()) {
        auto obstacles = find_obstacles(site, history, {});
        if (!obstacles) return std::unexpected(obstacles.error());
        report.refusals = std::move(*obstacles);
        if (!report.refusals.empty()) return {};
        if (auto announced = announce(site, hold_id, now); !announced) {
            if (announced.error().label() != "LEDGER_UNAVAILABLE") return announced;
            report.refusals = {{.code = "LEDGER_UNAVAILABLE", .detail = announced.error().message()}};
            return {};
        }
    }
    while (!copies->empty()) {
        if (!go_on()) return failure(Remedy::cancelled, "the destruction of copies was stopped", "stopped");
        const auto gone = ender.destroy(*copies, now);
        if (!gone) return std::unexpected(gone.error());
        report.destroyed += *gone;
        copies = ender.next(now, after);
        if (!copies) return std::unexpected(copies.error());
    }
    return ender.certify(report);
}

}  // namespace sluice::retention::detail
