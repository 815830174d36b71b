#include "storage/contractor/segment_maker.hpp"

#include "storage/catalogue/finished_row.hpp"
#include "storage/mp4/in_band.hpp"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

namespace sluice::contractor {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kFragmentTicks = mp4::kTimescale;
constexpr std::int64_t kUnknownStep = 3'600;

Microseconds to_time(std::int64_t ticks) noexcept {
    return Microseconds{ticks / 90'000 * 1'000'000 + ticks % 90'000 * 100 / 9};
}

std::int32_t to_offset(std::int64_t ticks) noexcept {
    constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max();
    return static_cast<std::int32_t>(std::clamp(ticks, -most, most));
}

/// A picture that waits for its successor, which tells how long it lasts.
struct Waiting {
    ForeignUnit unit;
    std::optional<mp4::VideoFormat> begins;  ///< a segment of this format begins with it
};

}  // namespace

Uuid derived_id(const Uuid& clip, std::string_view what, std::uint32_t number, UtcTime at) {
    Sha256 hash;
    hash.update(clip.bytes);
    hash.update(as_bytes(what));
    hash.update(as_bytes(" " + std::to_string(number)));
    const Sha256Digest digest = hash.digest();
    Uuid id;
    std::copy_n(digest.begin(), id.bytes.size(), id.bytes.begin());
    const auto ms = static_cast<std::uint64_t>(
        std::chrono::floor<std::chrono::milliseconds>(at).time_since_epoch().count()
    );
    for (std::size_t i = 0; i < 6; ++i)
        id.bytes.at(i) = static_cast<std::uint8_t>(ms >> (8 * (5 - i)));
    id.bytes[6] = static_cast<std::uint8_t>((id.bytes[6] & 0x0FU) | 0x70U);  // RFC 9562 §5.7: version 7
    id.bytes[8] = static_cast<std::uint8_t>((id.bytes[8] & 0x3FU) | 0x80U);
    return id;
}

struct SegmentMaker::State {
    volume::DurableFiles& files;
    Settings settings;
    Codec codec;
    std::optional<std::int64_t> first_dts;  ///< of the clip: its beginning in real time
    std::optional<Waiting> waiting;
    std::optional<segment::Writer> writer;
    mp4::VideoFormat format{};
    segment::FragmentData fragment{};
    std::int64_t segment_start = 0;  ///< ticks of the clip
    std::int64_t run_start = 0;
    std::uint32_t sequence = 0;
    std::optional<Sha256Digest> previous{};
    std::int64_t end = 0;
    std::int64_t step = kUnknownStep;
    Made made{};

    [[nodiscard]] UtcTime wall(std::int64_t dts) const {
        return settings.clip.from + to_time(dts - first_dts.value_or(dts));
    }
    Status store(Waiting& picture, std::int64_t next_dts);
    Status begin_segment(const mp4::VideoFormat& wanted, std::int64_t dts);
    void begin_run(std::int64_t dts);
    Status end_segment(std::int64_t dts);
    Status write_fragment();
    Status clear_place(const mp4::SegmentInfo& info, UtcTime from) const;
    [[nodiscard]] bool is_due(std::int64_t dts) const {
        return to_time(dts - segment_start) >= settings.segment;
    }
};

/// The same names as of an attempt that was killed: nothing of it is catalogued, or this clip would be
/// imported.
Status SegmentMaker::State::clear_place(const mp4::SegmentInfo& info, UtcTime from) const {
    const fs::path path = settings.root / segment::relative_path(info, from, segment::Place::imported);
    for (const char* ending : {"", ".part", ".suspect", ".empty"}) {
        fs::path name = path;
        name += ending;
        const auto removed = files.remove(name);
        if (!removed) return std::unexpected(removed.error());
    }
    return {};
}

void SegmentMaker::State::begin_run(std::int64_t dts) {
    const auto number = static_cast<std::uint32_t>(made.runs.size());
    made.runs.push_back({
        .id = derived_id(settings.clip_id, "run", number, wall(dts)),
        .range = {wall(dts), wall(dts)},
        .fps = settings.fps,
    });
    run_start = dts;
    sequence = 0;
    previous.reset();
}

Status SegmentMaker::State::begin_segment(const mp4::VideoFormat& wanted, std::int64_t dts) {
    if (made.runs.empty() || !format.has_same_picture(wanted)) begin_run(dts);
    format = wanted;
    segment_start = dts;
    mp4::SegmentInfo info;
    info.segment_id =
        derived_id(settings.clip_id, "segment", static_cast<std::uint32_t>(made.segments.size()), wall(dts));
    info.installation_id = settings.target.installation_id;
    info.recorder_id = settings.target.recorder_id;
    info.camera_id = settings.target.camera_id;
    info.stream_id = settings.target.stream_id;
    info.run_id = made.runs.back().id;
    info.camera_slug = settings.target.camera_slug;
    info.camera_name = settings.target.camera_name;
    info.stream = StreamKind::main;
    info.codec_string = format.codec_string;
    info.run_started = made.runs.back().range.from;
    info.sequence = sequence++;
    info.previous_sha256 = previous;
    if (auto cleared = clear_place(info, wall(dts)); !cleared) return cleared;
    auto begun = segment::Writer::begin(
        files, settings.root, std::move(info), format, wall(dts), segment::Place::imported
    );
    if (!begun) return std::unexpected(begun.error());
    writer.emplace(std::move(*begun));
    return {};
}

Status SegmentMaker::State::write_fragment() {
    if (fragment.samples.empty()) return {};
    const Status written = writer->append(fragment);
    fragment.samples.clear();
    return written;
}

Status SegmentMaker::State::end_segment(std::int64_t dts) {
    if (!writer) return {};
    if (auto written = write_fragment(); !written) return written;
    auto finished = writer->finish(wall(dts));
    if (!finished) return std::unexpected(finished.error());
    writer.reset();
    previous = finished->sha256;
    made.runs.back().range.to = finished->range.to;
    made.segments.push_back(catalogue::make_finished_row(
        finished->info,
        finished->format,
        finished->index,
        {settings.volume_id, finished->path},
        finished->range,
        finished->sha256
    ));
    return {};
}

Status SegmentMaker::State::store(Waiting& picture, std::int64_t next_dts) {
    ForeignUnit& unit = picture.unit;
    if (picture.begins) {
        if (auto ended = end_segment(unit.dts); !ended) return ended;
        if (auto begun = begin_segment(*picture.begins, unit.dts); !begun) return begun;
    }
    const bool is_full = !fragment.samples.empty() &&
                         (unit.is_key || wall(unit.dts) - fragment.wall >= to_time(kFragmentTicks));
    if (is_full)
        if (auto written = write_fragment(); !written) return written;
    if (fragment.samples.empty()) {
        fragment.base_decode_time = static_cast<std::uint64_t>(unit.dts - run_start);
        fragment.wall = wall(unit.dts);
    }
    mp4::SampleData data;
    data.sample.size_bytes = static_cast<std::uint32_t>(unit.bytes.size());
    data.sample.duration = static_cast<std::uint32_t>(
        std::min<std::int64_t>(next_dts - unit.dts, std::numeric_limits<std::uint32_t>::max())
    );
    data.sample.composition_offset = to_offset(unit.pts - unit.dts);
    data.sample.is_key = unit.is_key;
    data.bytes = std::move(unit.bytes);
    fragment.samples.push_back(std::move(data));
    end = next_dts;
    return {};
}

SegmentMaker::SegmentMaker(volume::DurableFiles& files, Settings settings, Codec codec)
    : state_(std::make_unique<State>(State{
          .files = files,
          .settings = std::move(settings),
          .codec = codec,
          .first_dts = std::nullopt,
          .waiting = std::nullopt,
          .writer = std::nullopt,
      })) {}
SegmentMaker::~SegmentMaker() = default;

Status SegmentMaker::take(ForeignUnit unit, const mp4::ParameterSets& sets) {
    State& state = *state_;
    if (!state.first_dts) state.first_dts = unit.dts;
    if (unit.bytes.empty()) return {};  // no picture in it; its parameter sets come with the next key
    Waiting next{.unit = std::move(unit), .begins = std::nullopt};
    const std::int64_t dts = next.unit.dts;
    const bool has_begun = state.writer || state.waiting;
    if (next.unit.is_key && sets.is_complete(state.codec)) {
        auto format = mp4::make_format(state.codec, sets);
        if (!format) return std::unexpected(format.error());
        const bool is_other = state.waiting && state.waiting->begins ? *state.waiting->begins != *format
                                                                     : state.format != *format;
        const std::int64_t start =
            state.waiting && state.waiting->begins ? state.waiting->unit.dts : state.segment_start;
        if (!has_begun || is_other || to_time(dts - start) >= state.settings.segment)
            next.begins = std::move(*format);
        if (!next.unit.has_sets_in_band)
            next.unit.bytes = mp4::with_sets(state.codec, sets, std::move(next.unit.bytes));
    } else if (!has_begun) {
        return {};  // before the first key picture nothing can be shown; the received file has it
    }
    if (state.waiting) {
        state.step = std::max<std::int64_t>(dts - state.waiting->unit.dts, 1);
        if (auto stored = state.store(*state.waiting, dts); !stored) return stored;
    }
    state.waiting = std::move(next);
    return {};
}

Result<SegmentMaker::Made> SegmentMaker::finish() {
    State& state = *state_;
    if (state.waiting) {
        const ForeignUnit& unit = state.waiting->unit;
        const std::int64_t last = unit.dts + (unit.duration > 0 ? unit.duration : state.step);
        if (auto stored = state.store(*state.waiting, last); !stored) return std::unexpected(stored.error());
        state.waiting.reset();
    }
    if (auto ended = state.end_segment(state.end); !ended) return std::unexpected(ended.error());
    return std::move(state.made);
}

}  // namespace sluice::contractor
