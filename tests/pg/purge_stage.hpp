#pragma once

#include "config/base/token.hpp"
#include "storage/catalogue/footage_repository.hpp"
#include "storage/catalogue/hold_repository.hpp"
#include "storage/catalogue/principal_repository.hpp"
#include "storage/catalogue/recorder_repository.hpp"
#include "storage/retention/run.hpp"
#include "storage/volume/volume.hpp"
#include "tests/support/faulty_files.hpp"
#include "tests/support/postgres.hpp"
#include "tests/support/temp_folder.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

/// A volume with files of a few bytes, catalogued as footage of any age, and a purge over it.
namespace sluice::test {

using namespace std::chrono_literals;
using std::chrono::days;

inline constexpr UtcTime kPurgeNow{std::chrono::sys_days{std::chrono::year{2026} / 11 / 23} + 10h};

inline ledger::Act hold_act() {
    return {
        .action = "hold.changed",
        .actor = {.id = std::nullopt, .name = "秘書", .role = "secretariat"},
        .subject = {.kind = "hold", .id = "1"}
    };
}

/// Throws with the error's text, so that a test says why.
template <class T>
T take(Result<T> result) {
    if (!result) FAIL(result.error().describe());
    if constexpr (!std::is_void_v<T>) return std::move(*result);
}

class SetClock final : public Clock {
public:
    [[nodiscard]] UtcTime now() const override { return at; }
    [[nodiscard]] BootTime boot_now() const override { return {}; }
    [[nodiscard]] std::optional<bool> is_synchronised() const override { return synchronised; }

    UtcTime at = kPurgeNow;
    std::optional<bool> synchronised = true;
};

class PurgeStage {
    TempFolder folder_{};  // before all that lies in it
    UtcTime base_;
    std::filesystem::path root_;

public:
    /// Ages count back from `base`. The volume is an empty folder: `volume_root`, or one of the stage's own.
    explicit PurgeStage(UtcTime base = kPurgeNow, std::filesystem::path volume_root = {})
        : base_(base),
          root_(volume_root.empty() ? folder_.path() : std::move(volume_root)) {
        clock.at = base;
        volume::RealFiles real;
        const Uuid installation = make_uuid_v7(base_);
        const auto identity = take(volume::create_identity(real, root(), installation, base_));
        inventory.volumes = {{identity.volume_id, installation, root()}};
        inventory.recorders = {{make_uuid_v7(base_), installation, "xvr-1", "錄影主機", "dahua"}};
        for (const char* slug : {"drive-left", "lobby-1"}) {
            catalogue::CameraRow camera;
            camera.id = make_uuid_v7(base_);
            camera.recorder_id = inventory.recorders[0].id;
            camera.slug = slug;
            camera.name = "迎賓車道";
            inventory.cameras.push_back(camera);
            inventory.streams.push_back({make_uuid_v7(base_), camera.id, StreamKind::main});
            runs.push_back(make_uuid_v7(base_));
        }
        take(catalogue::save_inventory(recorder, inventory, base_));
        for (const int age : {0, 28, 42, 400})
            take(catalogue::ensure_partitions(recorder, base_ - days{age}));
        keeper = take(catalogue::create_person_token(
                          owner, "秘書", {"secretariat"}, token_hash(make_token()), base_ - days{500}
                      ))
                     .value()
                     .id;
        site.installation_id = installation;
        site.volumes = {{identity.volume_id, installation, root()}};
    }

    [[nodiscard]] const std::filesystem::path& root() const { return root_; }
    [[nodiscard]] const Uuid& camera(std::size_t index) const { return inventory.cameras.at(index).id; }

    /// A minute of footage that ended so long ago; its file holds its id.
    catalogue::FinishedRow record(Microseconds age, std::size_t camera = 0) {
        catalogue::FinishedRow made = make_row(base_ - age - 60s, camera);
        write(made.row);
        take(catalogue::save_finished_segments(recorder, {&made, 1}));
        rows.push_back(made.row);
        return made;
    }
    /// `count` minutes of each camera, the last of which ended `age` ago.
    void record_many(std::size_t count, Microseconds age) {
        std::vector<catalogue::FinishedRow> made;
        for (std::size_t i = 0; i < count; ++i)
            for (std::size_t camera = 0; camera < inventory.cameras.size(); ++camera)
                made.push_back(make_row(base_ - age - 60s * (i + 1), camera));
        for (const catalogue::FinishedRow& one : made) {
            write(one.row);
            rows.push_back(one.row);
        }
        take(catalogue::save_finished_segments(recorder, made));
    }
    void write(const catalogue::SegmentRow& row) const {
        std::filesystem::create_directories((root() / row.path).parent_path());
        std::ofstream{root() / row.path} << to_string(row.id);
    }
    [[nodiscard]] catalogue::FinishedRow make_row(UtcTime from, std::size_t camera) const {
        catalogue::FinishedRow made{
            .row = {},
            .format =
                {.codec = Codec::h264,
                 .width = 1280,
                 .height = 720,
                 .decoder_config = {1},
                 .codec_string = "avc1.64001f"},
            .index = {1, 2, 3}
        };
        made.row.id = make_uuid_v7(from);
        made.row.stream_id = inventory.streams.at(camera).id;
        made.row.run_id = runs.at(camera);
        made.row.volume_id = inventory.volumes.at(0).id;
        made.row.state = catalogue::SegmentState::finished;
        made.row.path = "live/" + to_utc_day(from) + "/" + inventory.cameras.at(camera).slug + "/main/" +
                        to_compact_utc(from) + "_" + to_string(made.row.id) + ".mp4";
        made.row.range = {from, from + 60s};
        made.row.bytes = 36;
        made.row.sha256 = sha256(as_bytes(to_string(made.row.id)));
        made.row.sums.samples = 1500;
        made.row.sums.fragments = 60;
        return made;
    }

    Uuid
    hold(TimeRange range, std::size_t on_camera = 0, catalogue::HoldKind kind = catalogue::HoldKind::flag) {
        return take_hold(make_hold(range, on_camera, kind));
    }
    [[nodiscard]] catalogue::HoldRow make_hold(
        TimeRange range,
        std::size_t on_camera,
        catalogue::HoldKind kind = catalogue::HoldKind::flag
    ) const {
        catalogue::HoldRow row;
        row.id = make_uuid_v7(base_);
        row.kind = kind;
        row.range = range;
        row.cameras = {camera(on_camera)};
        row.reason = "a bicycle was stolen";
        row.owner_id = keeper;
        row.owner = "秘書";
        row.legal_basis = catalogue::passes_ceiling(kind) ? "115 年度偵字第 1 號" : "";
        row.expires = base_ + 100 * 24h;
        row.placer_id = keeper;
        row.placer = "秘書";
        row.placed = base_ - 1h;
        return row;
    }
    Uuid take_hold(const catalogue::HoldRow& row) {
        REQUIRE(take(catalogue::place_hold(api, row, hold_act().actor)) == catalogue::HoldPlacing::placed);
        return row.id;
    }
    void release(const Uuid& id) {
        REQUIRE(take(catalogue::release_hold(api, id, 1, keeper, {"秘書", base_, "done"}, hold_act())));
    }

    retention::PurgeReport purge(retention::PurgeRequest request = {.principal = "cron"}) {
        request.consent.plan = request.consent.plan || !has_guard;
        return take(retention::run_purge(site, request, [this](const retention::PurgeProgress& progress) {
            last = progress;
            return !is_stopped;
        }));
    }
    /// Whether each segment is there: "whole", "marked", "destroyed" (tombstone, no file), or what is wrong
    /// with it.
    [[nodiscard]] std::vector<std::string> states(std::span<const catalogue::SegmentRow> of) const {
        const auto ids = [this](const std::string& sql) {
            std::istringstream words{database.query(sql)};
            return std::set<std::string>{std::istream_iterator<std::string>{words}, {}};
        };
        const auto in_rows = ids("SELECT string_agg(id::text, ' ') FROM segments");
        const auto in_tombstones = ids("SELECT string_agg(segment_id::text, ' ') FROM tombstones");
        const auto in_marks = ids("SELECT string_agg(segment_id::text, ' ') FROM purge_marks");
        std::vector<std::string> all;
        for (const catalogue::SegmentRow& row : of) {
            const std::string id = to_string(row.id);
            const bool has_row = in_rows.contains(id);
            const bool has_file = std::filesystem::exists(root() / row.path);
            const bool has_tombstone = in_tombstones.contains(id);
            const bool is_marked = in_marks.contains(id);
            if (has_row && has_file && !has_tombstone)
                all.emplace_back(is_marked ? "marked" : "whole");
            else if (!has_row && !has_file && has_tombstone && !is_marked)
                all.emplace_back("destroyed");
            else
                all.push_back(
                    std::string{has_row ? "row " : ""} + (has_file ? "file " : "") +
                    (has_tombstone ? "tombstone " : "") + (is_marked ? "mark" : "")
                );
        }
        return all;
    }
    [[nodiscard]] std::string state_of(const catalogue::SegmentRow& row) const {
        return states({&row, 1}).front();
    }
    [[nodiscard]] std::string count(const std::string& table, const std::string& where = "true") const {
        return database.query("SELECT count(*) FROM " + table + " WHERE " + where);
    }
    [[nodiscard]] std::string acts(const std::string& action) const {
        return count("ledger_records", "action = '" + action + "'");
    }

    Database database{};
    catalogue::Pool owner{database.conninfo("sluice_super"), 1};
    catalogue::Pool recorder{database.conninfo("sluice_recorder"), 1};
    catalogue::Pool worker{database.conninfo("sluice_worker"), 2};
    catalogue::Pool api{database.conninfo("sluice_api"), 2};
    catalogue::Inventory inventory;
    std::vector<Uuid> runs;
    Uuid keeper;
    std::vector<catalogue::SegmentRow> rows;  ///< all that was recorded
    SetClock clock;
    FaultyFiles files{root()};
    retention::Site site{
        .pool = worker,
        .files = files,
        .clock = clock,
        .installation_id = {},
        .volumes = {},
        .recorder_status = root() / "no-recorder-status.json",
        .wait_signed = [](const Uuid&) { return Status{}; }
    };
    retention::PurgeProgress last;
    bool is_stopped = false;
    bool has_guard = false;  ///< false: the size of a plan never stands against it
};

}  // namespace sluice::test
