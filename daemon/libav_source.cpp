#include "daemon/libav_source.hpp"

#include "daemon/access_unit_assembler.hpp"

#include <cstdarg>
#include <cstring>
#include <ctime>
#include <string_view>
#include <utility>

extern "C" {
#include <libavcodec/packet.h>
#include <libavformat/avformat.h>
#include <libavutil/dict.h>
#include <libavutil/log.h>
}

namespace sluice::daemon {
namespace {

constexpr Microseconds kOpenLimit{15'000'000};
constexpr Microseconds kSilenceLimit{10'000'000};  // nothing for so long: the stream is stalled
constexpr Microseconds kTeardownLimit{500'000};
constexpr Microseconds kIdleInterval{50'000};
constexpr Microseconds kAssemblyLimit{2'000'000};  // a unit whose successor does not come is taken for whole
constexpr Microseconds kPauseBehindUnit{10'000};
constexpr std::uint64_t kOldPacketLimit =
    64;  // the camera began to count anew; libavformat would drop 2^15 packets

/// What the depacketizer says in its log and nowhere else.
struct DepacketizerLog {
    std::uint64_t packets_missed = 0;
    std::uint64_t old_packets = 0;
};
/// libavformat parses RTP on the thread that calls av_read_frame, so what it logs there is of that thread's
/// source.
thread_local DepacketizerLog* this_thread_log = nullptr;

bool begins_with(const char* format, std::string_view text) {
    return std::strncmp(format, text.data(), text.size()) == 0;
}

void count_losses(void* /*object*/, int /*level*/, const char* format, va_list arguments) {
    if (this_thread_log == nullptr || format == nullptr) return;
    if (begins_with(format, "RTP: missed %d packets")) {
        va_list copy;
        va_copy(copy, arguments);
        const int missed = va_arg(copy, int);
        va_end(copy);
        this_thread_log->packets_missed += missed > 0 ? static_cast<std::uint64_t>(missed) : 1;
    } else if (begins_with(format, "RTP: PT=%02x: bad cseq")) {
        ++this_thread_log->packets_missed;
    } else if (begins_with(format, "RTP: dropping old packet")) {
        ++this_thread_log->old_packets;
    }
}

/// NTP's seconds have 32 bits (RFC 5905 section 6): the era is the one that makes the smaller error.
std::int64_t nearest_era(std::int64_t offset_us) noexcept {
    constexpr std::int64_t era_us = (std::int64_t{1} << 32U) * 1'000'000;
    if (offset_us > era_us / 2) return offset_us - era_us;
    if (offset_us < -era_us / 2) return offset_us + era_us;
    return offset_us;
}

/// Another value every few milliseconds, for a tenth of what a look at the clock costs.
std::int64_t coarse_tick() noexcept {
    timespec now{};
    static_cast<void>(::clock_gettime(CLOCK_MONOTONIC_COARSE, &now));  // every Linux has this clock
    return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

struct ContextCloser {
    void operator()(AVFormatContext* context) const noexcept { avformat_close_input(&context); }
};
using ContextPtr = std::unique_ptr<AVFormatContext, ContextCloser>;
struct PacketFreer {
    void operator()(AVPacket* packet) const noexcept { av_packet_free(&packet); }
};
struct Options {
    AVDictionary* entries = nullptr;
    Options() = default;
    Options(const Options&) = delete;
    Options& operator=(const Options&) = delete;
    ~Options() { av_dict_free(&entries); }
    void set(const char* name, const std::string& value) { av_dict_set(&entries, name, value.c_str(), 0); }
};

std::string text_of(int code) {
    std::array<char, AV_ERROR_MAX_STRING_SIZE> text{};
    av_strerror(code, text.data(), text.size());
    return text.data();
}

std::string percent_encoded(const std::string& text) {
    constexpr std::string_view kPlain = "-._~";
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    std::string out;
    for (const char letter : text) {
        const auto byte = static_cast<unsigned char>(letter);
        const bool is_alnum =
            (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
        if (is_alnum || kPlain.find(letter) != std::string_view::npos) {
            out += letter;
        } else {
            out += '%';
            out += kDigits[byte >> 4U];
            out += kDigits[byte & 0xfU];
        }
    }
    return out;
}

/// One session: opened, read, torn down on one thread.
class Session {
public:
    Session(const LibavSettings& settings, const Clock& clock, SourceSink& sink, const std::stop_token& stop)
        : settings_(settings),
          clock_(clock),
          sink_(sink),
          stop_(stop) {
        this_thread_log = &log_;
    }
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    ~Session() {
        // TEARDOWN goes out while closing; the callback must let it through, but not for long.
        is_leaving_ = true;
        limit_ = clock_.boot_now() + kTeardownLimit;
        context_.reset();
        this_thread_log = nullptr;
    }

    [[nodiscard]] Status run() {
        if (auto opened = open(); !opened) return opened;
        sink_.on_connected();
        return read();
    }
    [[nodiscard]] bool was_accepted() const noexcept { return was_accepted_; }

private:
    static int on_interrupt(void* opaque) { return static_cast<Session*>(opaque)->must_return() ? 1 : 0; }

    /// libavformat asks before and after each of its small reads: three times a packet.
    bool must_return() {
        if (!is_leaving_ && stop_.stop_requested()) return true;
        const std::int64_t tick = coarse_tick();
        if (std::exchange(last_tick_, tick) == tick) return false;
        const BootTime now = clock_.boot_now();
        if (is_leaving_) return now >= limit_;
        if (now - last_idle_ >= kIdleInterval) {
            last_idle_ = now;
            if (assembler_ && assembler_->is_assembling() && now - last_piece_ >= kAssemblyLimit)
                deliver(assembler_->flush());
            sink_.on_idle();
        }
        return now >= limit_;
    }

    Status open();
    Status find_video();
    Status read();
    Status take(const AVPacket& packet);
    void deliver(std::optional<AccessUnit> unit) {
        if (unit) sink_.on_access_unit(std::move(*unit));
    }
    /// The unit under assembly when the session ends: whole if its sender has paused, else perhaps cut.
    void deliver_last() {
        if (clock_.boot_now() - last_piece_ >= kPauseBehindUnit) deliver(assembler_->flush());
    }
    [[nodiscard]] std::unexpected<Error> explain_open(int code) const;

    const LibavSettings& settings_;
    const Clock& clock_;
    SourceSink& sink_;
    const std::stop_token& stop_;
    DepacketizerLog log_;
    ContextPtr context_;
    int video_ = -1;
    std::optional<AccessUnitAssembler> assembler_;
    BootTime limit_;
    std::int64_t last_tick_ = 0;
    BootTime last_idle_;
    BootTime last_piece_;
    std::uint64_t missed_seen_ = 0;
    std::uint64_t old_seen_ = 0;
    bool is_leaving_ = false;
    bool was_accepted_ = false;
};

Status Session::open() {
    AVFormatContext* context = avformat_alloc_context();
    if (context == nullptr) return failure(Remedy::retry, "out of memory", "unknown");
    context->interrupt_callback = {&Session::on_interrupt, this};
    // Packets as they come: no parser, no guessed times, no probing that would swallow the first seconds.
    context->flags |= AVFMT_FLAG_NOPARSE | AVFMT_FLAG_NOFILLIN;
    context->correct_ts_overflow = 0;
    const bool is_tcp = settings_.transport == config::Transport::tcp;
    Options options;
    options.set("rtsp_transport", is_tcp ? "tcp" : "udp");
    options.set(
        "allowed_media_types", "video"
    );  // with a second stream libavformat would follow the camera's clock
    options.set("timeout", std::to_string(kSilenceLimit.count()));
    // Over TCP a queue as well: only its bookkeeping tells that the camera itself left packets out.
    if (is_tcp) options.set("reorder_queue_size", "2");
    if (!is_tcp) options.set("buffer_size", std::to_string(4U << 20U));
    options.set("user_agent", "Sluice");
    limit_ = clock_.boot_now() + kOpenLimit;
    const std::string url = url_with_credentials(settings_.url, settings_.username, settings_.password);
    const int code =
        avformat_open_input(&context, url.c_str(), nullptr, &options.entries);  // frees it on failure
    if (code < 0) return explain_open(code);
    context_.reset(context);
    was_accepted_ = true;
    return find_video();
}

std::unexpected<Error> Session::explain_open(int code) const {
    if (stop_.stop_requested()) return failure(Remedy::cancelled, "stopped");
    const std::string& url = settings_.url;
    switch (code) {
        case AVERROR_HTTP_UNAUTHORIZED:
            return failure(
                Remedy::operator_acts, "401: the camera refuses user name or password", "auth_failed"
            );
        case AVERROR_HTTP_FORBIDDEN:
            return failure(
                Remedy::operator_acts,
                "403: the camera forbids the stream (no right, or too many sessions)",
                "camera_unreachable"
            );
        case AVERROR_HTTP_NOT_FOUND:
            return failure(Remedy::operator_acts, "404: no such stream at " + url, "camera_unreachable");
        case AVERROR_EXIT:
            return failure(Remedy::retry, "no answer in time from " + url, "camera_unreachable");
        case AVERROR_INVALIDDATA:
        case AVERROR_PROTOCOL_NOT_FOUND:
        case AVERROR_DEMUXER_NOT_FOUND:
            return failure(
                Remedy::retry, "what answers at " + url + " does not speak RTSP", "camera_unreachable"
            );
        default:
            return failure(Remedy::retry, "cannot open " + url + ": " + text_of(code), "camera_unreachable");
    }
}

Status Session::find_video() {
    for (unsigned i = 0; i < context_->nb_streams && video_ < 0; ++i)
        if (context_->streams[i]->codecpar->codec_type == AVMEDIA_TYPE_VIDEO) video_ = static_cast<int>(i);
    if (video_ < 0)
        return failure(Remedy::operator_acts, "the session has no video stream", "camera_unreachable");
    const AVCodecParameters& parameters = *context_->streams[video_]->codecpar;
    if (parameters.codec_id != AV_CODEC_ID_H264 && parameters.codec_id != AV_CODEC_ID_HEVC)
        return failure(Remedy::operator_acts, "the video is neither H.264 nor H.265", "camera_unreachable");
    const Codec codec = parameters.codec_id == AV_CODEC_ID_H264 ? Codec::h264 : Codec::h265;
    mp4::ParameterSets sets;
    if (parameters.extradata_size > 0) {
        const ByteView extra{parameters.extradata, static_cast<std::size_t>(parameters.extradata_size)};
        if (extra.front() == 1) {
            if (auto found = mp4::sets_from_decoder_config(codec, extra)) sets = std::move(*found);
        } else {
            for (const ByteView nal : mp4::split_annex_b(extra))
                sets.absorb(codec, nal);
        }
    }
    assembler_.emplace(codec, std::move(sets));
    return {};
}

Status Session::read() {
    const std::unique_ptr<AVPacket, PacketFreer> packet{av_packet_alloc()};
    last_piece_ = clock_.boot_now();
    while (true) {
        limit_ = last_piece_ + kSilenceLimit;
        const int code = av_read_frame(context_.get(), packet.get());
        if (stop_.stop_requested()) {
            deliver_last();
            return failure(Remedy::cancelled, "stopped");
        }
        if (code == AVERROR(EAGAIN)) continue;
        if (code < 0) {
            deliver_last();
            if (clock_.boot_now() >= limit_)
                return failure(Remedy::retry, "nothing came for 10 s", "stream_stalled");
            if (code == AVERROR_EOF)
                return failure(Remedy::retry, "the camera ended the session", "camera_unreachable");
            return failure(Remedy::retry, "the session broke: " + text_of(code), "camera_unreachable");
        }
        Status taken;
        if (packet->stream_index == video_ && packet->pts != AV_NOPTS_VALUE) taken = take(*packet);
        av_packet_unref(packet.get());
        if (!taken) return taken;
        (void)must_return();  // a camera that never pauses still gives its pipeline the time of day
    }
}

Status Session::take(const AVPacket& packet) {
    const BootTime arrival = clock_.boot_now();
    last_piece_ = arrival;
    const bool has_lost = log_.packets_missed != missed_seen_;
    if (has_lost) sink_.on_loss(log_.packets_missed - missed_seen_);
    missed_seen_ = log_.packets_missed;
    std::size_t size = 0;
    const std::uint8_t* side = av_packet_get_side_data(&packet, AV_PKT_DATA_PRFT, &size);
    if (side != nullptr && size >= sizeof(AVProducerReferenceTime)) {
        AVProducerReferenceTime reference{};
        std::memcpy(&reference, side, sizeof reference);
        sink_.on_camera_clock(nearest_era(reference.wallclock - to_epoch_us(clock_.now())));
    }
    const ByteView piece{packet.data, static_cast<std::size_t>(packet.size)};
    deliver(assembler_->push(piece, packet.pts, arrival, has_lost));
    const std::uint64_t old = log_.old_packets - old_seen_;
    if (has_lost || old == 0) old_seen_ = log_.old_packets;
    if (old < kOldPacketLimit) return {};
    return failure(Remedy::retry, "the camera began to count its packets anew", "camera_unreachable");
}

class LibavSource final : public Source {
public:
    LibavSource(LibavSettings settings, const Clock& clock) : settings_(std::move(settings)), clock_(clock) {}

    Status run(SourceSink& sink, const std::stop_token& stop) override {
        Session session{settings_, clock_, sink, stop};
        Status ended = session.run();
        if (session.was_accepted()) had_success_ = true;
        // Some recorders answer 401 when their connections run out: the credential was good a moment ago.
        if (!ended && ended.error().label() == "auth_failed" && had_success_)
            return failure(
                Remedy::retry, "401 though the same credential was accepted before", "camera_unreachable"
            );
        return ended;
    }

private:
    LibavSettings settings_;
    const Clock& clock_;
    bool had_success_ = false;
};

}  // namespace

void prepare_libav() {
    av_log_set_callback(&count_losses);
    avformat_network_init();
}

std::unique_ptr<Source> make_libav_source(LibavSettings settings, const Clock& clock) {
    return std::make_unique<LibavSource>(std::move(settings), clock);
}

std::string
url_with_credentials(const std::string& url, const std::string& username, const config::Secret& password) {
    const std::size_t scheme = url.find("://");
    if (username.empty() || scheme == std::string::npos) return url;
    return url.substr(0, scheme + 3) + percent_encoded(username) + ":" + percent_encoded(password.reveal()) +
           "@" + url.substr(scheme + 3);
}

}  // namespace sluice::daemon
