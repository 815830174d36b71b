#include "tests/support/farm/media.hpp"

#include "tests/support/farm/nal.hpp"

extern "C" {
#include <libavcodec/bsf.h>
#include <libavformat/avformat.h>
}

namespace sluice::farm {
namespace {

struct Close {
    void operator()(AVFormatContext* context) const { avformat_close_input(&context); }
    void operator()(AVBSFContext* context) const { av_bsf_free(&context); }
    void operator()(AVPacket* packet) const { av_packet_free(&packet); }
};
using Input = std::unique_ptr<AVFormatContext, Close>;
using Filter = std::unique_ptr<AVBSFContext, Close>;
using PacketPtr = std::unique_ptr<AVPacket, Close>;

constexpr AVRational kClock{1, 90'000};

Filter make_filter(const AVStream& stream, Codec codec) {
    const AVBitStreamFilter* const kind =
        av_bsf_get_by_name(codec == Codec::h264 ? "h264_mp4toannexb" : "hevc_mp4toannexb");
    AVBSFContext* context = nullptr;
    if (kind == nullptr || av_bsf_alloc(kind, &context) < 0) return {};
    Filter filter{context};
    if (avcodec_parameters_copy(filter->par_in, stream.codecpar) < 0) return {};
    filter->time_base_in = stream.time_base;
    if (av_bsf_init(filter.get()) < 0) return {};
    return filter;
}

void add_picture(Media& media, const AVPacket& packet, AVRational base) {
    media.data.emplace_back(packet.data, packet.data + packet.size);
    Picture picture;
    for (const ByteView nal : split_units(media.data.back())) {
        // The file's own supplements would share a packet with ours: a picture that lost that packet, and is
        // whole without it, would have neither of the two hashes that the log can tell.
        if (is_dressing(media.codec, nal) || is_supplement(media.codec, nal)) continue;
        picture.nals.push_back(nal);
        picture.hashes.push_back(sha256(nal));
        picture.is_key = picture.is_key || is_key_picture(media.codec, nal);
    }
    picture.dts = av_rescale_q(packet.dts, base, kClock);
    picture.pts = av_rescale_q(packet.pts, base, kClock);
    media.duration = picture.dts + av_rescale_q(packet.duration, base, kClock);
    media.pictures.push_back(std::move(picture));
}

/// Decode time from 0 on, presentation never before it.
void shift_to_zero(Media& media) {
    const std::int64_t first = media.pictures.front().dts;
    for (Picture& picture : media.pictures) {
        picture.dts -= first;
        picture.pts -= first;
    }
    media.duration -= first;
}

}  // namespace

Result<std::shared_ptr<const Media>> load_media(const std::filesystem::path& path) {
    AVFormatContext* opened = nullptr;
    if (avformat_open_input(&opened, path.c_str(), nullptr, nullptr) < 0)
        return failure(Remedy::refuse, "cannot open " + path.string());
    const Input input{opened};
    if (avformat_find_stream_info(input.get(), nullptr) < 0)
        return failure(Remedy::refuse, "no streams in " + path.string());
    const int index = av_find_best_stream(input.get(), AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
    if (index < 0) return failure(Remedy::refuse, "no video in " + path.string());
    const AVStream& stream = *input->streams[index];
    auto media = std::make_shared<Media>();
    if (stream.codecpar->codec_id != AV_CODEC_ID_H264 && stream.codecpar->codec_id != AV_CODEC_ID_HEVC)
        return failure(Remedy::refuse, "neither H.264 nor H.265: " + path.string());
    media->codec = stream.codecpar->codec_id == AV_CODEC_ID_H264 ? Codec::h264 : Codec::h265;
    media->fps = av_q2d(stream.avg_frame_rate);
    const Filter filter = make_filter(stream, media->codec);
    const PacketPtr packet{av_packet_alloc()};
    if (!filter || !packet) return failure(Remedy::refuse, "cannot filter " + path.string());
    for (const ByteView nal :
         split_units({filter->par_out->extradata, static_cast<std::size_t>(filter->par_out->extradata_size)}))
        if (is_parameter_set(media->codec, nal)) media->sets.emplace_back(nal.begin(), nal.end());
    while (av_read_frame(input.get(), packet.get()) >= 0) {
        if (packet->stream_index != index) {
            av_packet_unref(packet.get());
            continue;
        }
        if (av_bsf_send_packet(filter.get(), packet.get()) < 0) return failure(Remedy::refuse, "bad packet");
        while (av_bsf_receive_packet(filter.get(), packet.get()) >= 0) {
            add_picture(*media, *packet, filter->time_base_out);
            av_packet_unref(packet.get());
        }
    }
    if (media->pictures.empty() || media->sets.empty())
        return failure(Remedy::refuse, "no pictures or no parameter sets in " + path.string());
    shift_to_zero(*media);
    return media;
}

}  // namespace sluice::farm
