#pragma once

#include "daemon/stream_pipeline.hpp"
#include "daemon/volume_output.hpp"
#include "daemon/volume_worker.hpp"
#include "storage/mp4/read.hpp"
#include "tests/support/faulty_files.hpp"
#include "tests/support/media.hpp"
#include "tests/support/temp_folder.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <vector>

#include <fcntl.h>

/// A pipeline and a volume without threads: the test is the camera, the clock and the disk.
namespace sluice::test {

class ManualClock final : public Clock {
public:
    [[nodiscard]] UtcTime now() const override { return wall; }
    [[nodiscard]] BootTime boot_now() const override { return boot; }
    [[nodiscard]] std::optional<bool> is_synchronised() const override { return true; }
    void pass(Microseconds time) {
        wall += time;
        boot += time;
    }
    UtcTime wall{std::chrono::seconds{1'763'892'000}};
    BootTime boot{std::chrono::seconds{1000}};
};

class CollectedNews final : public daemon::SegmentNews {
public:
    void on_begun(const Uuid& id) override { begun.push_back(id); }
    void on_durable(std::vector<catalogue::OpenSegment> segments) override {
        for (auto& segment : segments)
            durable.push_back(std::move(segment));
    }
    void on_finished(const Uuid& /*volume*/, segment::FinishedSegment segment) override {
        finished.push_back(std::move(segment));
    }
    void on_suspect(const Uuid& /*id*/, const std::filesystem::path& path) override {
        suspect.push_back(path);
    }
    void on_left(const Uuid& id) override { left.push_back(id); }
    void on_journal() override {}

    std::vector<Uuid> begun;
    std::vector<catalogue::OpenSegment> durable;
    std::vector<segment::FinishedSegment> finished;
    std::vector<std::filesystem::path> suspect;
    std::vector<Uuid> left;
};

class Studio {
public:
    /// Makes what hears of the segments instead of `news`; folder, clock and files are there by then.
    using MakeNews = std::function<daemon::SegmentNews&(Studio&)>;

    explicit Studio(
        std::chrono::seconds segment_length = std::chrono::seconds{60},
        std::size_t ring_bytes = 32U << 20U,
        const MakeNews& make_news = {}
    ) {
        const Uuid installation{{5}};
        volume_id = volume::create_identity(real, folder.path(), installation, clock.wall).value().volume_id;
        daemon::VolumeSettings settings;
        settings.root = folder.path();
        settings.installation_id = installation;
        settings.durability_window = std::chrono::milliseconds{2000};
        files = std::make_unique<FaultyFiles>(folder.path());
        worker = std::make_unique<daemon::VolumeWorker>(
            settings, *files, clock, make_news ? make_news(*this) : news
        );
        worker->look_at_volume();
        identity.installation_id = installation;
        identity.camera_id = Uuid{{6}};
        identity.stream_id = Uuid{{7}};
        identity.camera_slug = "drive-left";
        identity.camera_name = "迎賓車道左側";
        output =
            std::make_unique<daemon::VolumeOutput>(identity.stream_id, ring_bytes, std::vector{worker.get()});
        pipeline = std::make_unique<daemon::StreamPipeline>(identity, segment_length, clock, *output);
    }

    /// One unit of a camera that sends every `interval`: time passes first, in ticks, and the disk keeps up.
    void send(daemon::AccessUnit unit, Microseconds interval) {
        idle(interval);
        unit.arrival = clock.boot;
        pipeline->on_access_unit(std::move(unit));
        if (disk_works) worker->step();
    }
    void idle(Microseconds time) {
        while (time.count() > 0) {
            const Microseconds step = std::min(time, Microseconds{100'000});
            clock.pass(step);
            time -= step;
            pipeline->on_tick();
            if (disk_works) worker->step();
        }
    }
    void play(const Media& media, std::int64_t pts_offset = 0) {
        for (std::size_t i = 0; i < media.units.size(); ++i)
            send(unit(media, i, pts_offset), interval(media));
    }
    [[nodiscard]] static Microseconds interval(const Media& media) {
        return Microseconds{1'000'000 / media.parameters.fps};
    }
    [[nodiscard]] static daemon::AccessUnit
    unit(const Media& media, std::size_t number, std::int64_t pts_offset = 0) {
        const AccessUnitBytes& source = media.units.at(number);
        daemon::AccessUnit made;
        made.codec = media.parameters.codec;
        made.sets = std::make_shared<const mp4::ParameterSets>(media.sets);
        made.bytes = source.bytes;
        made.is_key = source.is_key;
        made.has_sets_in_band = source.is_key && media.parameters.has_sets_in_band;
        made.pts = source.pts + pts_offset;
        if (number + 1 < media.units.size()) made.next_pts = media.units[number + 1].pts + pts_offset;
        return made;
    }
    void stop() {
        pipeline->stop(GapCause::shutdown);
        clock.pass(Microseconds{300'000});
        worker->step();
    }

    [[nodiscard]] std::vector<volume::JournalFact> facts() const {
        std::vector<volume::JournalFact> all;
        const auto batch = volume::read_journal(folder.path(), {}, 100'000);
        for (const auto& line : batch.value().lines)
            all.push_back(line.fact);
        return all;
    }
    struct Gap {
        TimeRange range;
        GapCause cause = GapCause::unknown;
        bool is_open = true;
    };
    [[nodiscard]] std::vector<Gap> gaps() const {
        std::vector<Gap> found;
        std::map<Uuid, std::size_t> place;
        for (const auto& fact : facts()) {
            if (const auto* opened = std::get_if<volume::GapOpened>(&fact)) {
                if (!place.try_emplace(opened->gap_id, found.size()).second) continue;
                found.push_back({{opened->from, {}}, opened->cause, true});
            } else if (const auto* closed = std::get_if<volume::GapClosed>(&fact)) {
                const auto known = place.find(closed->gap_id);
                if (known == place.end()) continue;  // opened by an earlier life
                found.at(known->second).range.to = closed->to;
                found.at(known->second).is_open = false;
            }
        }
        return found;
    }
    [[nodiscard]] std::size_t count_runs() const {
        const auto all = facts();
        return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [](const auto& fact) {
            return std::holds_alternative<volume::RunStarted>(fact);
        }));
    }
    [[nodiscard]] std::size_t frames_finished() const {
        std::size_t frames = 0;
        for (const auto& segment : news.finished)
            frames += segment.index.samples.size();
        return frames;
    }
    /// The file that is being written, as a start after a crash would find it.
    [[nodiscard]] mp4::SegmentFile read_part() const {
        for (const auto& entry : std::filesystem::recursive_directory_iterator{folder.path() / "live"})
            if (entry.path().extension() == ".part") {
                const UniqueFd fd{::open(entry.path().c_str(), O_RDONLY | O_CLOEXEC)};
                return mp4::read_segment(fd.get(), UINT64_MAX).value();
            }
        throw std::runtime_error("no .part");
    }

    TempFolder folder;
    Uuid volume_id;
    ManualClock clock;
    volume::RealFiles real;
    std::unique_ptr<FaultyFiles> files;  ///< knows the identity that `real` made
    CollectedNews news;
    daemon::StreamIdentity identity;
    std::unique_ptr<daemon::VolumeWorker> worker;
    std::unique_ptr<daemon::VolumeOutput> output;
    std::unique_ptr<daemon::StreamPipeline> pipeline;
    bool disk_works = true;
};

}  // namespace sluice::test
