#include "storage/retention/second_copy.hpp"

#include "config/base/log.hpp"
#include "storage/catalogue/hold_copy_repository.hpp"
#include "storage/catalogue/incident_repository.hpp"
#include "storage/catalogue/policy_repository.hpp"
#include "storage/retention/detail/end_copies.hpp"
#include "storage/segment/copy.hpp"
#include "storage/volume/volume.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

#include <nlohmann/json.hpp>

namespace sluice::retention {
namespace {

namespace fs = std::filesystem;
using catalogue::WantedCopy;
using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t kCopyAtOnce = 100;
constexpr const char* kNoOtherVolume =
    "no second volume with room above its reserve: configure one more in storage.volumes, on a disk of its "
    "own";

/// Makes the copies of one hold.
class Copier {
public:
    Copier(
        const Site& site,
        const config::Storage& storage,
        const policy::History& history,
        const Uuid& hold_id,
        const std::function<bool()>& go_on
    )
        : site_(site),
          storage_(storage),
          history_(history),
          hold_id_(hold_id),
          go_on_(go_on) {}

    Status copy_all(SecondCopies& report) {
        std::optional<catalogue::SegmentCursor> after;
        for (;;) {
            const auto wanted =
                catalogue::load_wanted_copies(site_.pool, hold_id_, site_.clock.now(), after, kCopyAtOnce);
            if (!wanted) return std::unexpected(wanted.error());
            const std::size_t before = report.verified;
            for (const WantedCopy& one : *wanted) {
                if (!go_on_()) return failure(Remedy::cancelled, "copying was stopped", "stopped");
                const auto began = SteadyClock::now();
                if (auto done = copy_one(one, report); !done) return done;
                // Half of the disks' time is the recorder's.
                std::this_thread::sleep_for((SteadyClock::now() - began) / 2);
            }
            const bool is_hopeless = !problem_.empty() && report.verified == before;
            if (wanted->size() < kCopyAtOnce || is_hopeless) break;
            after = catalogue::SegmentCursor{wanted->back().range.from, wanted->back().segment_id};
        }
        return tell();
    }

private:
    [[nodiscard]] const PurgeVolume* find_volume(const Uuid& id) const {
        const auto found = std::ranges::find(site_.volumes, id, &PurgeVolume::id);
        return found == site_.volumes.end() ? nullptr : &*found;
    }

    /// Free bytes above the reserve; 0 for a volume that is not there or is not the one it should be.
    [[nodiscard]] std::uint64_t room_on(const PurgeVolume& volume) const {
        if (!volume::check_volume(volume.root, volume.installation_id, volume.id)) return 0;
        const auto space = volume::read_space(volume.root);
        if (!space) return 0;
        const auto reserve = volume::reserve_bytes(*space, storage_.reserve_bytes, storage_.reserve_percent);
        return space->free_bytes > reserve ? space->free_bytes - reserve : 0;
    }

    /// The volume with the most room, or the one where an earlier attempt has begun.
    [[nodiscard]] const PurgeVolume* choose(const WantedCopy& copy) const {
        const PurgeVolume* best = nullptr;
        std::uint64_t most = copy.bytes;
        for (const PurgeVolume& volume : site_.volumes) {
            if (volume.id == copy.source_volume_id) continue;
            if (copy.volume_id && *copy.volume_id != volume.id) continue;
            const std::uint64_t room = room_on(volume);
            if (room < most) continue;
            best = &volume;
            most = room;
        }
        return best;
    }

    Status copy_one(WantedCopy copy, SecondCopies& report) {
        const UtcTime now = site_.clock.now();
        const policy::Policy& rules = policy::in_force(history_, now).policy;
        if (now >= destroy_by(copy.range.from, static_cast<int>(rules.ceiling_years))) return {};
        const PurgeVolume* target = choose(copy);
        if (target == nullptr) {
            problem_ = kNoOtherVolume;
            ++report.failed;
            return {};
        }
        copy.volume_id = target->id;
        if (copy.path.empty())
            copy.path = fs::path{"held"} / to_string(hold_id_) / to_utc_day(copy.range.from) /
                        (to_string(copy.segment_id) + ".mp4");
        const auto begun = catalogue::begin_hold_copy(site_.pool, hold_id_, copy, now);
        if (!begun) return std::unexpected(begun.error());
        if (!*begun) return {};  // released since
        if (auto made = make(copy, *target); !made) return note_failure(copy, made.error(), report);
        ++report.verified;
        return catalogue::save_verified_copy(site_.pool, hold_id_, copy.segment_id, site_.clock.now());
    }

    Status make(const WantedCopy& copy, const PurgeVolume& target) {
        const PurgeVolume* source = find_volume(copy.source_volume_id);
        if (source == nullptr) return failure(Remedy::operator_acts, "the segment's volume is not there");
        return segment::copy_exactly(
            site_.files,
            {.source = source->root / copy.source_path,
             .root = target.root,
             .path = copy.path,
             .bytes = copy.bytes,
             .sha256 = copy.sha256}
        );
    }

    Status note_failure(const WantedCopy& copy, const Error& error, SecondCopies& report) {
        ++report.failed;
        last_failure_ = error.describe();
        log::warn(
            "hold_copy_failed",
            {{"hold", to_string(hold_id_)},
             {"segment", to_string(copy.segment_id)},
             {"error", error.describe()}}
        );
        return catalogue::save_copy_failure(
            site_.pool, hold_id_, copy.segment_id, error.describe(), site_.clock.now()
        );
    }

    /// In the hold's row, and once a day as an incident and for whoever reads the log.
    Status tell() {
        if (auto saved = catalogue::save_copies_problem(site_.pool, hold_id_, problem_, site_.clock.now());
            !saved)
            return saved;
        const std::string& what = problem_.empty() ? last_failure_ : problem_;
        if (what.empty()) return {};
        const nlohmann::json subject{{"hold", to_string(hold_id_)}, {"problem", what}};
        const auto filed = catalogue::file_storage_incident(
            site_.pool,
            "special hold " + to_string(hold_id_) + " lacks verified second copies",
            subject.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace),
            "sluice-worker",
            site_.clock.now()
        );
        if (!filed) return std::unexpected(filed.error());
        if (*filed) log::error("hold_without_copies", {{"hold", to_string(hold_id_)}, {"why", what}});
        return {};
    }

    const Site& site_;
    const config::Storage& storage_;
    const policy::History& history_;
    const Uuid& hold_id_;
    const std::function<bool()>& go_on_;
    std::string problem_;       ///< of the hold as a whole
    std::string last_failure_;  ///< of one copy
};

}  // namespace

Result<SecondCopies>
tend_second_copies(const Site& site, const config::Storage& storage, const std::function<bool()>& go_on) {
    SecondCopies report;
    const auto done = catalogue::with_copies_lock(site.pool, [&]() -> Status {
        const auto history = catalogue::load_policy_history(site.pool);
        if (!history) return std::unexpected(history.error());
        const auto holds = catalogue::load_holds_with_copies(site.pool, site.clock.now());
        if (!holds) return std::unexpected(holds.error());
        for (const Uuid& hold : *holds)
            if (auto ended = detail::end_copies(site, *history, hold, go_on, report); !ended) return ended;
        for (const Uuid& hold : *holds)
            if (auto made = Copier{site, storage, *history, hold, go_on}.copy_all(report); !made) return made;
        return {};
    });
    if (!done) return std::unexpected(done.error());
    return report;
}

}  // namespace sluice::retention
