#include "storage/contractor/foreign_file.hpp"

#include "config/base/unique_fd.hpp"
#include "storage/contractor/nal_units.hpp"
#include "storage/volume/read_at.hpp"

#include <algorithm>
#include <array>
#include <mutex>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/log.h>
#include <libavutil/mem.h>
}

namespace sluice::contractor {
namespace {

constexpr std::size_t kBufferBytes = 64UL * 1024;
constexpr std::int64_t kProbeBytes = 5 << 20;
constexpr int kMostStreams = 16;
constexpr std::size_t kMostPictureBytes = 32UL << 20U;
constexpr std::size_t kMostAllocation = 256UL << 20U;
constexpr std::uint64_t kMostPackets = 24ULL * 3600 * 240;
constexpr std::int64_t kMostBackTicks = 2 * 90'000;          // further back is no rounding and no reordering
constexpr std::int64_t kMostTicks = std::int64_t{1} << 56U;  // far from where sums would overflow
constexpr int kMostReorder = 16;                             // H.264 and H.265 allow no more frames
constexpr AVRational kTicks{1, 90'000};

std::string text_of(int code) {
    std::array<char, AV_ERROR_MAX_STRING_SIZE> text{};
    av_strerror(code, text.data(), text.size());
    return text.data();
}

std::unexpected<Error> not_media(const std::string& why) {
    return failure(Remedy::abandon_file, "no video that can be read: " + why, "NOT_MEDIA");
}

std::unexpected<Error> broken(const std::string& why) {
    return failure(Remedy::abandon_file, "the video breaks off: " + why, "MEDIA_BROKEN");
}

/// Process-wide, once: foreign files say much, and none of it is for our log.
void prepare_once() {
    static std::once_flag once;
    std::call_once(once, [] {
        av_log_set_level(AV_LOG_QUIET);
        av_max_alloc(kMostAllocation);
    });
}

struct PacketFreer {
    void operator()(AVPacket* packet) const noexcept { av_packet_free(&packet); }
};
struct ContextCloser {
    void operator()(AVFormatContext* context) const noexcept { avformat_close_input(&context); }
};
struct IoFreer {
    void operator()(AVIOContext* io) const noexcept {
        av_freep(&io->buffer);
        avio_context_free(&io);
    }
};

/// Playlists and sidecar files name others: none is ever opened.
int refuse_open(AVFormatContext*, AVIOContext**, const char*, int, AVDictionary**) {
    return AVERROR(EPERM);
}

std::optional<Codec> codec_of(AVCodecID id) {
    if (id == AV_CODEC_ID_H264) return Codec::h264;
    if (id == AV_CODEC_ID_HEVC) return Codec::h265;
    return std::nullopt;
}

}  // namespace

struct ForeignFile::State {
    UniqueFd fd;
    std::uint64_t size = 0;
    std::uint64_t at = 0;
    GoOn go_on;
    std::optional<Error> trouble;  ///< why reading stopped, when libavformat only knows that it did
    std::unique_ptr<AVIOContext, IoFreer> io;
    std::unique_ptr<AVFormatContext, ContextCloser> context;  // before `io` in destruction
    std::unique_ptr<AVPacket, PacketFreer> packet;
    ForeignFacts facts;
    mp4::ParameterSets sets;
    unsigned length_bytes = 0;  ///< of a NAL unit's length; 0: start codes
    int video = -1;
    std::uint64_t packets = 0;
    std::optional<std::int64_t> last_dts;

    static int on_read(void* opaque, std::uint8_t* into, int wanted) {
        return static_cast<State*>(opaque)->read(into, wanted);
    }
    static std::int64_t on_seek(void* opaque, std::int64_t offset, int whence) {
        return static_cast<State*>(opaque)->seek(offset, whence);
    }
    int read(std::uint8_t* into, int wanted);
    std::int64_t seek(std::int64_t offset, int whence);

    Status open_io(const std::filesystem::path& path);
    Status open_context();
    Status find_video();
    void read_sets(ByteView extra);
    Result<std::optional<ForeignUnit>> take();
    Status place(ForeignUnit& unit);
    /// The reason that we know, or the one that libavformat gives.
    std::unexpected<Error> explain(std::unexpected<Error> other) const {
        return trouble ? std::unexpected(*trouble) : std::move(other);
    }
};

int ForeignFile::State::read(std::uint8_t* into, int wanted) {
    if (!go_on()) {
        trouble = Error{Remedy::cancelled, "the import was stopped"};
        return AVERROR_EXIT;
    }
    if (wanted <= 0 || at >= size) return AVERROR_EOF;
    const auto count = std::min(static_cast<std::uint64_t>(wanted), size - at);
    const auto got = volume::read_at(fd.get(), at, std::span{into, static_cast<std::size_t>(count)});
    if (!got) {
        trouble = got.error();
        return AVERROR(EIO);
    }
    if (*got == 0) return AVERROR_EOF;
    at += *got;
    return static_cast<int>(*got);
}

std::int64_t ForeignFile::State::seek(std::int64_t offset, int whence) {
    const auto end = static_cast<std::int64_t>(size);
    if ((whence & AVSEEK_SIZE) != 0) return end;
    const std::int64_t base = whence == SEEK_CUR   ? static_cast<std::int64_t>(at)
                              : whence == SEEK_END ? end
                                                   : 0;
    if (offset > end || offset < -end || base + offset < 0) return AVERROR(EINVAL);
    at = static_cast<std::uint64_t>(base + offset);
    return base + offset;
}

Status ForeignFile::State::open_io(const std::filesystem::path& path) {
    fd = UniqueFd{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
    struct stat found{};
    if (!fd.is_open() || ::fstat(fd.get(), &found) != 0 || !S_ISREG(found.st_mode))
        return errno_error(Remedy::operator_acts, "cannot open " + path.string());
    size = static_cast<std::uint64_t>(found.st_size);
    auto* const buffer = static_cast<unsigned char*>(av_malloc(kBufferBytes));
    if (buffer == nullptr) return failure(Remedy::retry, "out of memory");
    io.reset(avio_alloc_context(buffer, kBufferBytes, 0, this, &on_read, nullptr, &on_seek));
    if (!io) {
        av_free(buffer);
        return failure(Remedy::retry, "out of memory");
    }
    return {};
}

Status ForeignFile::State::open_context() {
    AVFormatContext* made = avformat_alloc_context();
    if (made == nullptr) return failure(Remedy::retry, "out of memory");
    made->pb = io.get();
    made->flags |= AVFMT_FLAG_CUSTOM_IO | AVFMT_FLAG_GENPTS;
    made->io_open = &refuse_open;
    made->probesize = kProbeBytes;
    made->max_analyze_duration = 5LL * AV_TIME_BASE;
    made->max_streams = kMostStreams;
    // The name says nothing, so that no name can choose the demuxer. Frees the context on failure.
    if (const int code = avformat_open_input(&made, "clip", nullptr, nullptr); code < 0)
        return explain(not_media(text_of(code)));
    context.reset(made);
    if (const int code = avformat_find_stream_info(made, nullptr); code < 0)
        return explain(not_media(text_of(code)));
    if (trouble) return std::unexpected(*trouble);
    packet.reset(av_packet_alloc());
    if (!packet) return failure(Remedy::retry, "out of memory");
    return {};
}

Status ForeignFile::State::find_video() {
    for (unsigned i = 0; i < context->nb_streams; ++i) {
        AVStream& stream = *context->streams[i];
        const bool is_video = stream.codecpar->codec_type == AVMEDIA_TYPE_VIDEO &&
                              (stream.disposition & AV_DISPOSITION_ATTACHED_PIC) == 0;
        if (is_video && video < 0)
            video = static_cast<int>(i);
        else
            stream.discard = AVDISCARD_ALL;
    }
    if (video < 0) return not_media("it has no picture");
    const AVStream& stream = *context->streams[video];
    if (stream.time_base.num <= 0 || stream.time_base.den <= 0) return not_media("its times have no unit");
    facts.container = context->iformat->name;
    facts.codec_name = avcodec_get_name(stream.codecpar->codec_id);
    facts.codec = codec_of(stream.codecpar->codec_id);
    if (stream.avg_frame_rate.num > 0 && stream.avg_frame_rate.den > 0)
        facts.fps = static_cast<double>(stream.avg_frame_rate.num) / stream.avg_frame_rate.den;
    if (facts.codec && stream.codecpar->extradata_size > 0)
        read_sets({stream.codecpar->extradata, static_cast<std::size_t>(stream.codecpar->extradata_size)});
    return {};
}

void ForeignFile::State::read_sets(ByteView extra) {
    // avcC and hvcC begin with their version; a byte stream begins with a start code.
    const std::size_t place = *facts.codec == Codec::h264 ? 4 : 21;
    const bool is_record = extra.front() == 1 && extra.size() > place;
    if (!is_record) {
        for (const ByteView nal : mp4::split_annex_b(extra))
            sets.absorb(*facts.codec, nal);
        return;
    }
    length_bytes = (extra[place] & 3U) + 1U;
    if (auto found = mp4::sets_from_decoder_config(*facts.codec, extra)) sets = std::move(*found);
}

/// Times as ticks; a picture without one follows the picture before by the usual distance.
Status ForeignFile::State::place(ForeignUnit& unit) {
    const AVRational base = context->streams[video]->time_base;
    const bool has_pts = packet->pts != AV_NOPTS_VALUE;
    const bool has_dts = packet->dts != AV_NOPTS_VALUE;
    const std::int64_t usual = facts.fps > 0 ? static_cast<std::int64_t>(90'000 / facts.fps) : 3'600;
    if (packet->duration > 0) unit.duration = av_rescale_q(packet->duration, base, kTicks);
    unit.pts = has_pts ? av_rescale_q(packet->pts, base, kTicks) : 0;
    if (has_dts) unit.dts = av_rescale_q(packet->dts, base, kTicks);
    if (unit.pts > kMostTicks || unit.pts < -kMostTicks || unit.dts > kMostTicks || unit.dts < -kMostTicks)
        return broken("a time that no recorder has");
    // Matroska says none before its first pictures have been put into order: as early as the codec says.
    const std::int64_t delay =
        std::clamp(context->streams[video]->codecpar->video_delay, 0, kMostReorder) * usual;
    if (!has_dts) unit.dts = last_dts ? *last_dts + std::max<std::int64_t>(usual, 1) : unit.pts - delay;
    if (!has_pts) unit.pts = unit.dts + delay;
    if (!has_dts) unit.dts = std::min(unit.dts, unit.pts);
    if (last_dts && unit.dts <= *last_dts) {
        if (*last_dts - unit.dts > kMostBackTicks) return broken("its time runs backwards");
        unit.dts = *last_dts + 1;
    }
    last_dts = unit.dts;
    return {};
}

Result<std::optional<ForeignUnit>> ForeignFile::State::take() {
    if (++packets > kMostPackets) return broken("it never ends");
    if (packet->size < 0 || static_cast<std::size_t>(packet->size) > kMostPictureBytes)
        return broken("a picture of " + std::to_string(packet->size) + " bytes");
    ForeignUnit unit;
    if (auto placed = place(unit); !placed) return std::unexpected(placed.error());
    if (!facts.codec) return std::optional{std::move(unit)};
    const ByteView data{packet->data, static_cast<std::size_t>(packet->size)};
    auto nals = cut_into_units(data, length_bytes);
    if (!nals) return broken("a picture's parts are longer than the picture");
    const auto found = join_units(*facts.codec, *nals, sets);
    unit.bytes = std::move(found.bytes);
    unit.is_key = found.is_key;
    unit.has_sets_in_band = found.has_sets;
    return std::optional{std::move(unit)};
}

Result<std::optional<ForeignUnit>> ForeignFile::next() {
    State& state = *state_;
    for (;;) {
        if (!state.go_on()) return failure(Remedy::cancelled, "the import was stopped");
        const int code = av_read_frame(state.context.get(), state.packet.get());
        if (state.trouble) return std::unexpected(*state.trouble);
        if (code == AVERROR_EOF) return std::optional<ForeignUnit>{};
        if (code == AVERROR(EAGAIN)) {
            if (++state.packets > kMostPackets) return broken("it never ends");
            continue;
        }
        if (code < 0) return broken(text_of(code));
        const bool is_ours = state.packet->stream_index == state.video && state.packet->size > 0;
        auto unit = is_ours ? state.take() : Result<std::optional<ForeignUnit>>{std::nullopt};
        if (!is_ours && ++state.packets > kMostPackets) unit = broken("it never ends");
        av_packet_unref(state.packet.get());
        if (!unit || *unit) return unit;
    }
}

Result<ForeignFile> ForeignFile::open(const std::filesystem::path& path, GoOn go_on) {
    prepare_once();
    auto state = std::make_unique<State>();
    state->go_on = std::move(go_on);
    if (auto opened = state->open_io(path); !opened) return std::unexpected(opened.error());
    if (auto opened = state->open_context(); !opened) return std::unexpected(opened.error());
    if (auto found = state->find_video(); !found) return std::unexpected(found.error());
    return ForeignFile{std::move(state)};
}

const ForeignFacts& ForeignFile::facts() const noexcept {
    return state_->facts;
}
const mp4::ParameterSets& ForeignFile::sets() const noexcept {
    return state_->sets;
}

ForeignFile::ForeignFile(std::unique_ptr<State> state) : state_(std::move(state)) {}
ForeignFile::ForeignFile(ForeignFile&&) noexcept = default;
ForeignFile& ForeignFile::operator=(ForeignFile&&) noexcept = default;
ForeignFile::~ForeignFile() = default;

}  // namespace sluice::contractor
