#pragma once

#include "config/base/uuid.hpp"
#include "storage/catalogue/recorder_repository.hpp"
#include "storage/clip/clip.hpp"
#include "storage/segment/writer.hpp"
#include "tests/support/demand.hpp"
#include "tests/support/media.hpp"
#include "tests/support/postgres.hpp"
#include "tests/support/temp_folder.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

#include <catch2/catch.hpp>

/// One camera whose footage is recorded by the real writer into a temporary volume and catalogued by the real
/// repositories: what a clip is made of.
namespace sluice::test {

inline constexpr UtcTime kStageStart = from_epoch_us(1'795'000'000'000'000);  // 2026-11-18T11:06:40Z

[[nodiscard]] inline UtcTime at_second(double seconds) {
    return kStageStart + Microseconds{static_cast<std::int64_t>(seconds * 1e6)};
}

/// Pictures as most cameras send them, a key frame a second; made once.
[[nodiscard]] inline const Media& plain() {
    static const Media kMedia = make_media({});
    return kMedia;
}

class ClipStage {
public:
    ClipStage() : recorder{database.conninfo("sluice_recorder"), 2}, api{database.conninfo("sluice_api"), 2} {
        const catalogue::Inventory inventory{
            .volumes = {{.id = volume, .installation_id = installation, .path = folder.path()}},
            .recorders = {{recorder_id, installation, "xvr-1", "XVR", "generic"}},
            .cameras = {camera_row()},
            .streams = {{.id = stream, .camera_id = camera, .kind = StreamKind::main}},
        };
        REQUIRE(catalogue::save_inventory(recorder, inventory, kStageStart));
        REQUIRE(catalogue::ensure_partitions(recorder, kStageStart + std::chrono::days{3}));
    }

    [[nodiscard]] clip::VolumePaths volumes() const { return {{volume, folder.path()}}; }

    [[nodiscard]] clip::Request request(double from, std::optional<double> to) const {
        clip::Request asked{.stream_id = stream, .from = at_second(from), .to = {}, .run_id = {}};
        if (to) asked.to = at_second(*to);
        return asked;
    }
    [[nodiscard]] Result<clip::Resolved> resolve(const clip::Request& asked) {
        return clip::resolve(api, volumes(), asked);
    }
    [[nodiscard]] std::unique_ptr<clip::Clip> clip(double from, std::optional<double> to) {
        return take_clip(resolve(request(from, to)));
    }
    [[nodiscard]] clip::Refusal refusal(double from, std::optional<double> to) {
        auto resolved = resolve(request(from, to));
        if (!resolved) FAIL(resolved.error().describe());
        REQUIRE(std::holds_alternative<clip::Refusal>(*resolved));
        return std::get<clip::Refusal>(std::move(*resolved));
    }
    [[nodiscard]] static std::unique_ptr<clip::Clip> take_clip(Result<clip::Resolved> resolved) {
        if (!resolved) FAIL(resolved.error().describe());
        if (const auto* refused = std::get_if<clip::Refusal>(&*resolved))
            FAIL(refused->code + ": " + refused->detail);
        return std::get<std::unique_ptr<clip::Clip>>(std::move(*resolved));
    }

    void save_facts(const std::vector<volume::JournalFact>& facts) {
        std::vector<volume::JournalLine> lines;
        for (const volume::JournalFact& fact : facts)
            lines.push_back({.written = kStageStart, .fact = fact});
        journal_offset += facts.size();
        const volume::JournalPosition next{.file = "2026-11-18.jsonl", .offset = journal_offset};
        const Status applied = catalogue::apply_journal(recorder, volume, lines, next);
        if (!applied) FAIL(applied.error().describe());
    }
    void save_gap(double from, double to, GapCause cause) {
        const Uuid gap = make_uuid_v7(kStageStart);
        save_facts({
            volume::GapOpened{gap, stream, at_second(from), cause, ""},
            volume::GapClosed{gap, at_second(to)},
        });
    }

    Database database{};
    catalogue::Pool recorder;
    catalogue::Pool api;
    TempFolder folder{};
    volume::RealFiles files{};
    Uuid installation = make_uuid_v7(kStageStart);
    Uuid volume = make_uuid_v7(kStageStart);
    Uuid recorder_id = make_uuid_v7(kStageStart);
    Uuid camera = make_uuid_v7(kStageStart);
    Uuid stream = make_uuid_v7(kStageStart);
    std::uint64_t journal_offset = 0;

private:
    [[nodiscard]] catalogue::CameraRow camera_row() const {
        catalogue::CameraRow row;
        row.id = camera;
        row.recorder_id = recorder_id;
        row.slug = "drive-left";
        row.name = "迎賓車道左側";
        return row;
    }
};

/// Records units of a medium, over and over, as one run. `wall_rate`: seconds here per second of the camera's
/// clock.
class StageRun {
public:
    StageRun(ClipStage& stage, const Media& media, double start, double wall_rate = 1)
        : stage_(stage),
          media_(&media),
          samples_(to_samples(media)),
          start_(at_second(start)),
          wall_rate_(wall_rate) {
        stage_.save_facts({volume::RunStarted{run_, stage_.stream, start_, true}});
    }

    /// A finished segment of so many units; it begins where the last one ended.
    segment::FinishedSegment record(std::size_t units) {
        begin();
        append(units);
        return finish();
    }
    void begin() {
        mp4::SegmentInfo info;
        info.segment_id = make_uuid_v7(wall());
        info.installation_id = stage_.installation;
        info.recorder_id = stage_.recorder_id;
        info.camera_id = stage_.camera;
        info.stream_id = stage_.stream;
        info.run_id = run_;
        info.camera_slug = "drive-left";
        info.camera_name = "迎賓車道左側";
        info.codec_string = media_->format.codec_string;
        info.run_started = start_;
        info.sequence = sequence_++;
        auto writer =
            segment::Writer::begin(stage_.files, stage_.folder.path(), info, media_->format, wall());
        if (!writer) FAIL(writer.error().describe());
        writer_ = std::make_unique<segment::Writer>(std::move(*writer));
    }
    /// Fragments end before key frames and after 20 units.
    void append(std::size_t units) {
        segment::FragmentData fragment;
        for (std::size_t i = 0; i < units; ++i, ++unit_) {
            mp4::SampleData sample = samples_[unit_ % samples_.size()];
            if (!fragment.samples.empty() && (sample.sample.is_key || fragment.samples.size() == 20)) {
                demand(writer_->append(std::exchange(fragment, {})).has_value(), "no fragment written");
            }
            if (fragment.samples.empty())
                fragment = {.base_decode_time = decode_, .wall = wall(), .samples = {}};
            decode_ += sample.sample.duration;
            fragment.samples.push_back(std::move(sample));
        }
        demand(writer_->append(fragment).has_value(), "no fragment written");
    }
    /// Syncs and makes or moves the row `open`.
    void save_open() {
        REQUIRE(writer_->sync());
        catalogue::SegmentRow row = row_of(writer_->info());
        row.state = catalogue::SegmentState::open;
        row.path = writer_->part_path();
        row.range = {writer_->from(), writer_->durable().to};
        row.bytes = writer_->durable().bytes;
        const catalogue::OpenSegment open{.row = row, .format = media_->format};
        const Status saved = catalogue::save_open_segments(stage_.recorder, {&open, 1});
        if (!saved) FAIL(saved.error().describe());
    }
    segment::FinishedSegment finish() {
        auto finished = writer_->finish(wall());
        if (!finished) FAIL(finished.error().describe());
        save(*finished);
        return std::move(*finished);
    }
    void save(const segment::FinishedSegment& finished) {
        catalogue::SegmentRow row = row_of(finished.info);
        row.state = catalogue::SegmentState::finished;
        row.path = finished.path;
        row.range = finished.range;
        row.bytes = finished.index.end_bytes;
        row.sha256 = finished.sha256;
        row.sums = mp4::sum_up(finished.index);
        const catalogue::FinishedRow all{
            .row = row, .format = finished.format, .index = mp4::encode_index(finished.index)
        };
        const Status saved = catalogue::save_finished_segments(stage_.recorder, {&all, 1});
        if (!saved) FAIL(saved.error().describe());
    }
    /// Rows for `count` segments in all, each with a link to the first one's file and its index moved in
    /// time.
    void save_day(const segment::FinishedSegment& first, std::size_t count) {
        const std::uint64_t ticks = mp4::sum_up(first.index).ticks;
        const Microseconds length = first.range.length();
        for (std::size_t i = 1; i < count; ++i) {
            segment::FinishedSegment next = first;
            const auto steps = static_cast<std::int64_t>(i);
            next.range = {first.range.from + steps * length, first.range.to + steps * length};
            next.info.segment_id = make_uuid_v7(next.range.from);
            next.info.sequence = sequence_++;
            for (mp4::Fragment& fragment : next.index.fragments) {
                fragment.base_decode_time += i * ticks;
                fragment.wall += steps * length;
            }
            next.path = segment::relative_path(next.info, next.range.from);
            std::filesystem::create_directories((stage_.folder.path() / next.path).parent_path());
            std::filesystem::create_hard_link(
                stage_.folder.path() / first.path, stage_.folder.path() / next.path
            );
            save(next);
        }
        decode_ += ticks * (count - 1);
    }
    void end(GapCause cause) { stage_.save_facts({volume::RunEnded{run_, wall(), cause, 25, 1}}); }
    /// Nothing arrives for so long, and the camera's clock goes on.
    void stall(double seconds) { decode_ += static_cast<std::uint64_t>(seconds * mp4::kTimescale); }

    /// Another parameter set from here on.
    void use(const Media& media) {
        media_ = &media;
        samples_ = to_samples(media);
        unit_ = 0;
    }
    [[nodiscard]] UtcTime wall() const {
        const double us = static_cast<double>(decode_) / mp4::kTimescale * 1e6 * wall_rate_;
        return start_ + Microseconds{static_cast<std::int64_t>(us)};
    }
    [[nodiscard]] const Uuid& id() const noexcept { return run_; }
    [[nodiscard]] std::filesystem::path part() const { return stage_.folder.path() / writer_->part_path(); }

private:
    [[nodiscard]] catalogue::SegmentRow row_of(const mp4::SegmentInfo& info) const {
        catalogue::SegmentRow row;
        row.id = info.segment_id;
        row.stream_id = stage_.stream;
        row.run_id = run_;
        row.volume_id = stage_.volume;
        row.sequence = info.sequence;
        row.format_id = catalogue::format_id(media_->format);
        return row;
    }

    ClipStage& stage_;
    const Media* media_;
    std::vector<mp4::SampleData> samples_;
    UtcTime start_;
    double wall_rate_;
    Uuid run_ = make_uuid_v7(kStageStart);
    std::uint32_t sequence_ = 0;
    std::uint64_t decode_ = 0;
    std::size_t unit_ = 0;
    std::unique_ptr<segment::Writer> writer_;
};

/// Bytes of one read, from memory or from the file.
[[nodiscard]] inline Bytes read_piece(clip::Clip& clip, std::uint64_t offset, std::uint64_t limit) {
    Result<clip::Piece> piece = clip.read(offset, limit);
    if (!piece) FAIL(piece.error().describe());
    if (auto* bytes = std::get_if<Bytes>(&*piece)) return std::move(*bytes);
    const auto& range = std::get<clip::FileRange>(*piece);
    Bytes bytes(range.length);
    const ssize_t got =
        ::pread(range.file->get(), bytes.data(), bytes.size(), static_cast<off_t>(range.offset));
    REQUIRE(got == static_cast<ssize_t>(bytes.size()));
    return bytes;
}

[[nodiscard]] inline Bytes
read_range(clip::Clip& clip, std::uint64_t from, std::uint64_t to, std::uint64_t step) {
    Bytes all;
    while (from + all.size() < to) {
        const Bytes piece = read_piece(clip, from + all.size(), std::min(step, to - from - all.size()));
        if (piece.empty()) FAIL("an empty piece");
        all.insert(all.end(), piece.begin(), piece.end());
    }
    return all;
}
[[nodiscard]] inline Bytes read_all(clip::Clip& clip) {
    return read_range(clip, 0, clip.size_bytes(), 1U << 20U);
}

/// Writes the clip beside the volume and gives its path.
inline std::filesystem::path save_clip(const ClipStage& stage, clip::Clip& clip) {
    const std::filesystem::path file = stage.folder.path() / "clip.mp4";
    const Bytes bytes = read_all(clip);
    std::ofstream out{file, std::ios::binary | std::ios::trunc};
    out.write(as_text(bytes).data(), static_cast<std::streamsize>(bytes.size()));
    return file;
}

/// Sound to ffmpeg and ffprobe, with every frame.
inline Verdict check_clip(const ClipStage& stage, clip::Clip& clip, std::uint64_t frames) {
    const Verdict verdict = judge(save_clip(stage, clip));
    CHECK(verdict.errors.empty());
    if (!verdict.errors.empty()) UNSCOPED_INFO(verdict.errors);
    CHECK(clip.frames() == frames);
    CHECK(verdict.frames == frames);
    CHECK(verdict.has_monotone_dts);
    return verdict;
}

}  // namespace sluice::test
