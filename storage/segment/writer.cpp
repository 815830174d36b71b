#include "storage/segment/writer.hpp"

#include "config/base/log.hpp"
#include "storage/segment/detail/wall_end.hpp"

#include <array>
#include <optional>
#include <utility>

namespace sluice::segment {
namespace {

namespace fs = std::filesystem;

fs::path with_suffix(fs::path path, const char* suffix) {
    path += suffix;
    return path;
}

}  // namespace

std::string_view to_string(Place place) noexcept {
    return place == Place::live ? "live" : "imported";
}

Place place_of(const fs::path& path) {
    return !path.empty() && *path.begin() == to_string(Place::imported) ? Place::imported : Place::live;
}

fs::path relative_path(const mp4::SegmentInfo& info, UtcTime from, Place place) {
    return fs::path{to_string(place)} / to_utc_day(from) / info.camera_slug / to_string(info.stream) /
           (to_compact_utc(from) + "_" + to_string(info.segment_id) + ".mp4");
}

struct Writer::State {
    State(
        volume::DurableFiles& door,
        fs::path volume_root,
        mp4::SegmentInfo what,
        mp4::VideoFormat shape,
        UtcTime start,
        Place place
    )
        : files(door),
          root(std::move(volume_root)),
          path(relative_path(what, start, place)),
          info(std::move(what)),
          format(std::move(shape)),
          from(start),
          written_to(start),
          durable{.to = start, .bytes = 0} {}

    volume::DurableFiles& files;
    fs::path root;
    fs::path path;  ///< final, relative to the volume
    mp4::SegmentInfo info;
    mp4::VideoFormat format;
    UtcTime from;
    UniqueFd fd;
    Sha256 hash;
    mp4::SegmentIndex index;
    UtcTime written_to;              ///< wall end of the last fragment written
    std::uint64_t synced_bytes = 0;  ///< as far as a sync has covered the file
    Durable durable;
    std::optional<Error> error;        ///< sticky
    bool is_closed = false;            ///< finished, or given up
    std::vector<mp4::Sample> samples;  ///< of the fragment being written; kept for its memory
    std::vector<ByteView> pieces;      ///< likewise

    [[nodiscard]] fs::path part() const { return root / with_suffix(path, ".part"); }
    std::unexpected<Error> fail(Error cause) {
        error = std::move(cause);
        return std::unexpected(*error);
    }
    void close() {
        is_closed = true;
        fd.reset();
        error = Error{Remedy::abandon_file, path.string() + " is closed already"};
    }
    Status create();
    Status write_pieces();
    Status commit();
};

/// .part → its folder synced → head written (I2).
Status Writer::State::create() {
    const fs::path folder = (root / path).parent_path();
    if (auto made = volume::make_directories(files, root, folder); !made) return made;
    auto created = files.create(part());
    if (!created) return std::unexpected(created.error());
    fd = std::move(*created);
    if (auto synced = files.sync_directory(folder); !synced) return synced;
    const Bytes head = mp4::make_segment_head(format, info);
    pieces.assign({ByteView{head}});
    return write_pieces();
}

/// Writes and hashes `pieces` (I9); the index goes on only when all of them are written.
Status Writer::State::write_pieces() {
    if (auto written = files.write(fd.get(), pieces); !written) return written;
    for (const ByteView piece : pieces) {
        hash.update(piece);
        index.end_bytes += piece.size();
    }
    return {};
}

/// The written file becomes whole and durable under its final name (I3). Stops at the first failure.
Status Writer::State::commit() {
    if (auto synced = files.sync_data(fd.get()); !synced) return synced;
    synced_bytes = index.end_bytes;
    durable = {.to = written_to, .bytes = index.end_bytes};
    if (auto renamed = files.rename(part(), root / path); !renamed) return renamed;
    return files.sync_directory((root / path).parent_path());
}

Writer::Writer(std::unique_ptr<State> state) : state_(std::move(state)) {}
Writer::Writer(Writer&&) noexcept = default;
Writer& Writer::operator=(Writer&&) noexcept = default;

Writer::~Writer() {
    if (!state_ || state_->is_closed) return;
    log::warn(
        "segment_left_unfinished",
        {{"camera", state_->info.camera_slug},
         {"path", part_path().string()},
         {"bytes", state_->index.end_bytes}}
    );
}

Result<Writer> Writer::begin(
    volume::DurableFiles& files,
    fs::path root,
    mp4::SegmentInfo info,
    mp4::VideoFormat format,
    UtcTime from,
    Place place
) {
    auto state =
        std::make_unique<State>(files, std::move(root), std::move(info), std::move(format), from, place);
    if (auto created = state->create(); !created) return std::unexpected(created.error());
    return Writer{std::move(state)};
}

Status Writer::append(const FragmentData& fragment) {
    State& state = *state_;
    if (state.error) return std::unexpected(*state.error);
    if (fragment.samples.empty()) return {};
    state.samples.clear();
    state.pieces.assign(1, ByteView{});  // the head's place
    for (const mp4::SampleData& data : fragment.samples) {
        state.samples.push_back(data.sample);
        // The bytes are what stands in the file; an index that said otherwise would shift everything after
        // it.
        state.samples.back().size_bytes = static_cast<std::uint32_t>(data.bytes.size());
        state.pieces.emplace_back(data.bytes);
    }
    const auto sequence = static_cast<std::uint32_t>(state.index.fragments.size() + 1);
    const Bytes head =
        mp4::make_fragment_head(sequence, fragment.base_decode_time, fragment.wall, state.samples);
    state.pieces.front() = head;
    const std::uint64_t offset = state.index.end_bytes;
    if (auto written = state.write_pieces(); !written) return state.fail(written.error());
    state.index.fragments.push_back({
        .offset = offset,
        .data_offset = offset + head.size(),
        .base_decode_time = fragment.base_decode_time,
        .wall = fragment.wall,
        .first_sample = static_cast<std::uint32_t>(state.index.samples.size()),
        .sample_count = static_cast<std::uint32_t>(state.samples.size()),
    });
    state.index.samples.insert(state.index.samples.end(), state.samples.begin(), state.samples.end());
    state.written_to = detail::wall_end(fragment.wall, state.samples);
    return {};
}

Status Writer::sync() {
    State& state = *state_;
    if (state.error) return std::unexpected(*state.error);
    if (state.synced_bytes == state.index.end_bytes) return {};  // nothing new
    // I17: what the sync covers is what had been written before it began.
    const Durable covered{.to = state.written_to, .bytes = state.index.end_bytes};
    if (auto synced = state.files.sync_data(state.fd.get()); !synced) return state.fail(synced.error());
    state.synced_bytes = covered.bytes;
    if (!state.index.fragments.empty()) state.durable = covered;
    return {};
}

Result<FinishedSegment> Writer::finish(UtcTime to) {
    State& state = *state_;
    if (state.error) return std::unexpected(*state.error);
    if (state.index.fragments.empty()) {
        return state.fail(
            Error{Remedy::abandon_file, {}, part_path().string() + " holds no fragment", "empty"}
        );
    }
    if (auto done = state.commit(); !done) return state.fail(done.error());
    state.close();
    const UtcTime from = state.index.fragments.front().wall;
    return FinishedSegment{
        .info = state.info,
        .format = state.format,
        .index = state.index,
        .path = state.path,
        .range = {.from = from, .to = to > from ? to : state.written_to},
        .sha256 = state.hash.digest(),
    };
}

Result<fs::path> Writer::give_up() {
    State& state = *state_;
    if (state.is_closed) return std::unexpected(*state.error);
    // After a failed folder sync nothing more is written to the volume (I5); the file is left for adoption.
    if (state.error && state.error->remedy() == Remedy::stop_volume) return std::unexpected(*state.error);
    const bool is_empty = state.index.fragments.empty();
    fs::path given_up = with_suffix(state.path, is_empty ? ".empty" : ".suspect");
    state.close();
    if (auto renamed = state.files.rename(state.part(), state.root / given_up); !renamed) {
        return state.fail(renamed.error());
    }
    if (auto synced = state.files.sync_directory((state.root / given_up).parent_path()); !synced) {
        return state.fail(synced.error());
    }
    return given_up;
}

const mp4::SegmentInfo& Writer::info() const noexcept {
    return state_->info;
}
const mp4::VideoFormat& Writer::format() const noexcept {
    return state_->format;
}
const mp4::SegmentIndex& Writer::index() const noexcept {
    return state_->index;
}
fs::path Writer::part_path() const {
    return with_suffix(state_->path, ".part");
}
Durable Writer::durable() const noexcept {
    return state_->durable;
}
UtcTime Writer::from() const noexcept {
    return state_->from;
}

}  // namespace sluice::segment
