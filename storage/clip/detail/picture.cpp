#include "storage/clip/detail/picture.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <type_traits>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavutil/frame.h>
#include <libavutil/log.h>
#include <libswscale/swscale.h>
}

namespace sluice::clip {
namespace {

constexpr int kLargestSide = 8192;
constexpr int kQuality = 3;  // 1 best … 31

struct CloseContext {
    void operator()(AVCodecContext* context) const noexcept { avcodec_free_context(&context); }
};
struct FreeFrame {
    void operator()(AVFrame* frame) const noexcept { av_frame_free(&frame); }
};
struct FreePacket {
    void operator()(AVPacket* packet) const noexcept { av_packet_free(&packet); }
};
struct FreeScaler {
    void operator()(SwsContext* scaler) const noexcept { sws_freeContext(scaler); }
};
using Context = std::unique_ptr<AVCodecContext, CloseContext>;
using Frame = std::unique_ptr<AVFrame, FreeFrame>;
using Packet = std::unique_ptr<AVPacket, FreePacket>;
using Scaler = std::unique_ptr<SwsContext, FreeScaler>;
static_assert(!std::is_copy_constructible_v<Context> && !std::is_copy_constructible_v<Frame>);

std::unexpected<Error> broken(const char* what) {
    return failure(Remedy::abandon_file, what);
}

/// A key frame that can't be read is a value for the caller, not lines on stderr.
void silence_library() {
    static const bool kDone = (av_log_set_level(AV_LOG_QUIET), true);
    static_cast<void>(kDone);
}

Result<Context> open_decoder(const mp4::VideoFormat& format) {
    const AVCodec* codec =
        avcodec_find_decoder(format.codec == Codec::h264 ? AV_CODEC_ID_H264 : AV_CODEC_ID_HEVC);
    Context context{codec == nullptr ? nullptr : avcodec_alloc_context3(codec)};
    if (!context)
        return failure(Remedy::operator_acts, "FFmpeg here has no decoder for " + format.codec_string);
    const std::size_t size = format.decoder_config.size();
    context->extradata = static_cast<std::uint8_t*>(av_mallocz(size + AV_INPUT_BUFFER_PADDING_SIZE));
    if (context->extradata == nullptr) return broken("no memory for a decoder");
    std::ranges::copy(format.decoder_config, context->extradata);
    context->extradata_size = static_cast<int>(size);
    context->thread_count = 1;
    context->max_pixels = std::int64_t{kLargestSide} * kLargestSide;
    if (avcodec_open2(context.get(), codec, nullptr) < 0)
        return broken("the decoder refuses the parameter sets");
    return context;
}

Result<Frame> decode(const mp4::VideoFormat& format, ByteView key_frame) {
    const Result<Context> decoder = open_decoder(format);
    if (!decoder) return std::unexpected(decoder.error());
    const Packet packet{av_packet_alloc()};
    Frame frame{av_frame_alloc()};
    if (!packet || !frame || av_new_packet(packet.get(), static_cast<int>(key_frame.size())) < 0) {
        return broken("no memory for a picture");
    }
    std::ranges::copy(key_frame, packet->data);
    packet->flags |= AV_PKT_FLAG_KEY;
    const bool is_sent = avcodec_send_packet(decoder->get(), packet.get()) >= 0 &&
                         avcodec_send_packet(decoder->get(), nullptr) >= 0;  // nothing follows: give it out
    if (!is_sent || avcodec_receive_frame(decoder->get(), frame.get()) < 0) {
        return broken("the key frame can't be decoded");
    }
    if (frame->width > kLargestSide || frame->height > kLargestSide)
        return broken("the picture is too large");
    return frame;
}

/// The name with a J says full range: only so does the scaler know it before it chooses its way.
AVPixelFormat source_format(const AVFrame& frame) noexcept {
    const auto format = static_cast<AVPixelFormat>(frame.format);
    if (frame.color_range != AVCOL_RANGE_JPEG) return format;
    switch (format) {
        case AV_PIX_FMT_YUV420P:
            return AV_PIX_FMT_YUVJ420P;
        case AV_PIX_FMT_YUV422P:
            return AV_PIX_FMT_YUVJ422P;
        case AV_PIX_FMT_YUV444P:
            return AV_PIX_FMT_YUVJ444P;
        default:
            return format;
    }
}

/// 4:2:0 of 8 bits and full range, what every JPEG reader takes.
Result<Frame> to_jpeg_range(const AVFrame& from) {
    Frame to{av_frame_alloc()};
    if (!to) return broken("no memory for a picture");
    to->width = from.width;
    to->height = from.height;
    to->format = AV_PIX_FMT_YUVJ420P;
    to->color_range = AVCOL_RANGE_JPEG;
    const Scaler scaler{sws_getContext(
        from.width,
        from.height,
        source_format(from),
        to->width,
        to->height,
        AV_PIX_FMT_YUVJ420P,
        SWS_BILINEAR,
        nullptr,
        nullptr,
        nullptr
    )};
    if (!scaler || av_frame_get_buffer(to.get(), 0) < 0) return broken("no memory for a picture");
    if (sws_scale(scaler.get(), from.data, from.linesize, 0, from.height, to->data, to->linesize) !=
        from.height) {
        return broken("the picture can't be converted");
    }
    return to;
}

}  // namespace

Result<Bytes> make_jpeg(const mp4::VideoFormat& format, ByteView key_frame) {
    silence_library();
    const Result<Frame> decoded = decode(format, key_frame);
    if (!decoded) return std::unexpected(decoded.error());
    const Result<Frame> picture = to_jpeg_range(**decoded);
    if (!picture) return std::unexpected(picture.error());
    (*picture)->pts = 0;
    (*picture)->quality = kQuality * FF_QP2LAMBDA;

    const AVCodec* codec = avcodec_find_encoder(AV_CODEC_ID_MJPEG);
    const Context encoder{codec == nullptr ? nullptr : avcodec_alloc_context3(codec)};
    const Packet packet{av_packet_alloc()};
    if (!encoder || !packet) return failure(Remedy::operator_acts, "FFmpeg here has no JPEG encoder");
    encoder->width = (*picture)->width;
    encoder->height = (*picture)->height;
    encoder->pix_fmt = AV_PIX_FMT_YUVJ420P;
    encoder->color_range = AVCOL_RANGE_JPEG;
    encoder->time_base = {1, 25};
    encoder->thread_count = 1;
    encoder->flags |= AV_CODEC_FLAG_QSCALE;
    encoder->global_quality = kQuality * FF_QP2LAMBDA;
    const bool is_encoded = avcodec_open2(encoder.get(), codec, nullptr) >= 0 &&
                            avcodec_send_frame(encoder.get(), picture->get()) >= 0 &&
                            avcodec_send_frame(encoder.get(), nullptr) >= 0 &&
                            avcodec_receive_packet(encoder.get(), packet.get()) >= 0;
    if (!is_encoded) return broken("the picture can't be encoded");
    return Bytes(packet->data, packet->data + packet->size);
}

}  // namespace sluice::clip
