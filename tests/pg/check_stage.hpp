#pragma once

#include "storage/catalogue/check_repository.hpp"
#include "storage/catalogue/footage_repository.hpp"
#include "storage/catalogue/recorder_repository.hpp"
#include "storage/check/rebuild.hpp"
#include "storage/mp4/index.hpp"
#include "storage/volume/journal.hpp"
#include "storage/volume/volume.hpp"
#include "tests/support/postgres.hpp"
#include "tests/support/temp_folder.hpp"
#include "tests/unit/segment/footage.hpp"

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

/// A volume with an identity, a journal and a run of small segments, written by the real writers and
/// catalogued by the real repositories; then whatever a test does to it.
namespace sluice::test {

class FixedClock final : public Clock {
public:
    explicit FixedClock(UtcTime now) : now_(now) {}
    [[nodiscard]] UtcTime now() const override { return now_; }
    [[nodiscard]] BootTime boot_now() const override { return {}; }
    [[nodiscard]] std::optional<bool> is_synchronised() const override { return true; }

private:
    UtcTime now_;
};

/// Keeps what it is told.
class Notes final : public check::Observer {
public:
    bool advance(const check::Progress& progress, std::uint64_t bytes_read) override {
        bytes += bytes_read;
        total_bytes = progress.total_bytes;
        return calls_left-- > 0;
    }
    void found(const check::Finding& finding) override { findings.push_back(finding); }
    /// "kind kind …".
    [[nodiscard]] std::string kinds() const {
        std::string words;
        for (const check::Finding& finding : findings)
            words += (words.empty() ? "" : " ") + std::string{check::to_string(finding.kind)};
        return words;
    }

    std::vector<check::Finding> findings;
    std::uint64_t bytes = 0;
    std::uint64_t total_bytes = 0;  ///< as the progress foretold
    std::uint64_t calls_left = 1'000'000;
};

inline constexpr unsigned kStageSeconds = 3;  // of footage in a segment

class CheckStage {
public:
    explicit CheckStage(unsigned segments = 4) {
        const auto made = volume::create_identity(files, root(), footage::make_id(101), footage::kRunStart);
        REQUIRE(made);
        volume_id = made->volume_id;
        inventory = {
            .volumes = {{.id = volume_id, .installation_id = footage::make_id(101), .path = root()}},
            .recorders = {{footage::make_id(102), footage::make_id(101), "xvr-1", "XVR", "generic"}},
            .cameras = {},
            .streams =
                {{.id = footage::make_id(104), .camera_id = footage::make_id(103), .kind = StreamKind::main}},
        };
        catalogue::CameraRow camera;
        camera.id = footage::make_id(103);
        camera.recorder_id = footage::make_id(102);
        camera.slug = "drive-left";
        camera.name = "迎賓車道左側";
        inventory.cameras = {camera};
        REQUIRE(catalogue::save_inventory(recorder, inventory, footage::kRunStart));
        REQUIRE(catalogue::ensure_partitions(recorder, footage::kRunStart + std::chrono::days{2}));
        record(segments);
    }

    [[nodiscard]] const std::filesystem::path& root() const { return folder.path(); }
    [[nodiscard]] check::Volume volume() const { return {.id = volume_id, .root = root()}; }
    [[nodiscard]] check::FoundVolumes volumes() const { return {.volumes = {volume()}, .missing = {}}; }

    check::Summary run(check::Settings settings, Notes& notes) {
        auto summary = check::run_check(worker, volumes(), settings, clock, notes);
        if (!summary) FAIL(summary.error().describe());
        return std::move(*summary);
    }
    /// The kinds of finding at a depth.
    std::string found(check::Depth depth) {
        Notes notes;
        last = run({.depth = depth}, notes);
        CHECK(last.tally.total() == notes.findings.size());
        CHECK(last.is_clean() == notes.findings.empty());
        last_findings = notes.findings;
        return notes.kinds();
    }

    [[nodiscard]] std::filesystem::path path(std::size_t number) const {
        return root() / finished.at(number).path;
    }
    void flip(std::size_t number, std::uint64_t place) const {
        std::fstream file{path(number), std::ios::in | std::ios::out | std::ios::binary};
        file.seekg(static_cast<std::streamoff>(place));
        const char byte = static_cast<char>(file.get() ^ 0x40);
        file.seekp(static_cast<std::streamoff>(place));
        file.put(byte);
        REQUIRE(file.good());
    }
    [[nodiscard]] bool is_marked(std::size_t number) {
        const auto row = catalogue::find_segment(worker, finished.at(number).info.segment_id);
        REQUIRE(row);
        REQUIRE(*row);
        return (*row)->is_damaged;
    }

    Database database{};
    TempFolder folder{};
    volume::RealFiles files{};
    catalogue::Pool recorder{database.conninfo("sluice_recorder"), 1};
    catalogue::Pool worker{database.conninfo("sluice_worker"), 1};
    /// An hour on: nothing on the disk is young any more.
    FixedClock clock{RealClock{}.now() + std::chrono::hours{1}};
    catalogue::Inventory inventory;
    Uuid volume_id;
    std::vector<segment::FinishedSegment> finished;
    check::Summary last;
    std::vector<check::Finding> last_findings;

private:
    void record(unsigned segments) {
        const UtcTime end = footage::kRunStart + std::chrono::seconds{segments * kStageSeconds};
        const std::vector<volume::JournalLine> lines{
            {footage::kRunStart, volume::ConfigLoaded{"00", "1 camera"}},
            {footage::kRunStart,
             volume::RunStarted{footage::make_id(105), footage::make_id(104), footage::kRunStart, true}},
            {end, volume::RunEnded{footage::make_id(105), end, GapCause::shutdown, 10, 1}},
            {end, volume::GapOpened{footage::make_id(106), footage::make_id(104), end, GapCause::shutdown, ""}
            },
        };
        volume::Journal journal{files, root()};
        REQUIRE(journal.append(lines));
        const auto batch = volume::read_journal(root(), {}, 100);
        REQUIRE(batch);
        REQUIRE(catalogue::apply_journal(recorder, volume_id, batch->lines, batch->next));
        for (unsigned number = 0; number < segments; ++number)
            record_one(number);
    }
    void record_one(unsigned number) {
        mp4::SegmentInfo info = footage::make_info(static_cast<std::uint8_t>(number + 1));
        info.segment_id = make_uuid_v7(footage::kRunStart + std::chrono::seconds{number * kStageSeconds});
        info.sequence = number;
        if (!finished.empty()) info.previous_sha256 = finished.back().sha256;
        const UtcTime from = footage::kRunStart + std::chrono::seconds{number * kStageSeconds};
        auto writer = segment::Writer::begin(files, root(), info, footage::make_format(), from);
        REQUIRE(writer);
        for (unsigned second = 0; second < kStageSeconds; ++second)
            REQUIRE(writer->append(footage::make_fragment(number * kStageSeconds + second, 400)));
        auto done = writer->finish(from + std::chrono::seconds{kStageSeconds});
        REQUIRE(done);
        finished.push_back(std::move(*done));
        const catalogue::FinishedRow row = row_of(finished.back());
        REQUIRE(catalogue::save_finished_segments(recorder, {&row, 1}));
    }
    [[nodiscard]] catalogue::FinishedRow row_of(const segment::FinishedSegment& done) const {
        catalogue::FinishedRow made;
        made.row.id = done.info.segment_id;
        made.row.stream_id = done.info.stream_id;
        made.row.run_id = done.info.run_id;
        made.row.volume_id = volume_id;
        made.row.sequence = done.info.sequence;
        made.row.state = catalogue::SegmentState::finished;
        made.row.path = done.path;
        made.row.range = done.range;
        made.row.bytes = done.index.end_bytes;
        made.row.sha256 = done.sha256;
        made.row.sums = mp4::sum_up(done.index);
        made.format = done.format;
        made.index = mp4::encode_index(done.index);
        return made;
    }
};

}  // namespace sluice::test
