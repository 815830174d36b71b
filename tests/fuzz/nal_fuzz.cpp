#include "storage/mp4/nal.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

using namespace sluice;

namespace {

void check(bool holds) {
    if (!holds) std::abort();
}

/// What a camera sends: an Annex B stream whose sets are gathered and made into a record, which gives them
/// back.
void try_stream(Codec codec, ByteView stream) {
    mp4::ParameterSets sets;
    for (const ByteView nal : mp4::split_annex_b(stream)) {
        check(!nal.empty() && nal.back() != 0);
        (void)mp4::starts_picture(codec, nal);
        sets.absorb(codec, nal);
        check(!sets.absorb(codec, nal));  // the second time nothing is new
    }
    const auto format = mp4::make_format(codec, sets);
    if (!format) return;
    check(format->width > 0 && format->height > 0 && !format->codec_string.empty());
    const auto again = mp4::sets_from_decoder_config(codec, format->decoder_config);
    check(again && *again == sets);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1) return 0;
    const Codec codec = (data[0] & 1U) != 0 ? Codec::h265 : Codec::h264;
    const ByteView bytes{data + 1, size - 1};
    if ((data[0] & 2U) != 0) {
        (void)mp4::sets_from_decoder_config(codec, bytes);
    } else if ((data[0] & 4U) != 0) {
        (void)mp4::parse_sps(codec, bytes);
    } else {
        try_stream(codec, bytes);
    }
    return 0;
}
