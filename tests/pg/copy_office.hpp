#pragma once

#include "storage/catalogue/ledger_repository.hpp"
#include "storage/release/expiry.hpp"
#include "storage/release/make_copy.hpp"
#include "tests/pg/release_stage.hpp"
#include "tests/support/process.hpp"
#include "tests/support/studio.hpp"

#include <chrono>
#include <filesystem>
#include <string>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

namespace sluice::test {

/// A key frame each 1.6 s.
inline const Media& copied_pictures() {
    static const Media kMedia = make_media({.gop = 40, .b_frames = 2, .seconds = 8});
    return kMedia;
}

/// 64 seconds of footage with a gap, and a granted copy of it: ordered by its custodian, made and ended as
/// the worker does it, at the stage's own clock.
class CopyOffice : public ReleaseStage {
public:
    CopyOffice() {
        clock.wall = now;
        StageRun first{*this, copied_pictures(), 0};
        first_segment = first.record(310);
        first.record(275);
        first.end(GapCause::camera_unreachable);
        save_gap(23.4, 31.7, GapCause::camera_unreachable);
        StageRun second{*this, copied_pictures(), 31.7};
        second.record(333);
        second.end(GapCause::shutdown);
        std::filesystem::create_directories(data.path() / "spool");
    }

    void order() {
        const auto recorded = catalogue::order_copy(
            api,
            {.id = copy_id,
             .request_id = request_id,
             .grant_id = grant_id,
             .session_id = viewing_id,
             .custodian_id = director,
             .custodian = "陳保管",
             .escort = "林陪同",
             .recipient = "王小明",
             .ordered = now,
             .due = now + std::chrono::days{60}},
            {.id = make_uuid_v7(now),
             .kind = catalogue::JobKind::export_,
             .arguments = nlohmann::json{{"copy", to_string(copy_id)}}.dump(),
             .same_work = "export " + to_string(copy_id),
             .principal_id = director,
             .principal = "陳保管"},
            act("copy.ordered")
        );
        if (!recorded) FAIL(recorded.error().describe());
        is_ordered = recorded->has_value();
    }
    [[nodiscard]] release::CopySite site() {
        return {.pool = worker, .data = data.path(), .files = real, .clock = clock};
    }
    [[nodiscard]] retention::Site guards(const Clock& by) {
        return {
            .pool = worker,
            .files = real,
            .clock = by,
            .installation_id = installation,
            .volumes = {},
            .recorder_status = data.path() / "no-recorder-status.json",
            .wait_signed =
                [this](const Uuid& record) {
                    return catalogue::wait_until_sequenced(
                        worker, record, std::chrono::steady_clock::now() + catalogue::kCheckpointLimit
                    );
                }
        };
    }
    [[nodiscard]] release::ExpiredPackages expire(const Clock& by) {
        const auto done = release::destroy_expired_packages(guards(by), data.path());
        if (!done) FAIL(done.error().describe());
        return *done;
    }
    [[nodiscard]] std::size_t expire() { return expire(clock).destroyed; }
    Result<release::MadeCopy> make() {
        return release::make_copy(site(), copy_id, [](const release::CopyProgress&) { return true; });
    }
    /// Decided, ordered in its session, sealed.
    release::MadeCopy seal() {
        grant("copy", {{at_second(3), at_second(9)}});
        open_session();
        order();
        const auto made = make();
        if (!made) FAIL(made.error().describe());
        return *made;
    }
    /// received, returned, destroyed. Also on a thread beside the test's.
    [[nodiscard]] bool declare(const std::string& what) {
        const auto declared = catalogue::declare_copy(
            api,
            {.id = copy_id, .what = what, .note = "紙本", .declarer_id = director, .declarer = "陳保管"},
            act("copy.declared"),
            now
        );
        demand(declared.has_value(), "the declaration failed");
        return *declared;
    }
    [[nodiscard]] catalogue::CopyRow row() {
        const auto found = catalogue::find_handed_copy(api, copy_id);
        if (!found) FAIL(found.error().describe());
        return found->value();
    }
    std::filesystem::path unpack(const std::string& name) {
        const std::filesystem::path out = data.path() / "out";
        std::filesystem::create_directories(out);
        const auto done = run_to_end(
            {"tar", "-xf", (release::packages_folder(data.path()) / name).string(), "-C", out.string()},
            std::chrono::seconds{60}
        );
        REQUIRE(done);
        REQUIRE(done->status.code == 0);
        return out;
    }

    TempFolder data{};
    volume::RealFiles real{};
    ManualClock clock{};
    segment::FinishedSegment first_segment;
    Uuid copy_id = make_uuid_v7(kStageStart);
    bool is_ordered = false;
};

}  // namespace sluice::test
