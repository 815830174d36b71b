#include "storage/mp4/in_band.hpp"

namespace sluice::mp4 {

Bytes with_sets(Codec codec, const ParameterSets& sets, Bytes unit) {
    constexpr std::size_t kLengthBytes = 4;
    const Bytes group = to_length_prefixed(sets);
    std::size_t at = 0;
    if (unit.size() > kLengthBytes) {
        std::size_t length = 0;
        for (std::size_t i = 0; i < kLengthBytes; ++i)
            length = length << 8U | unit[i];
        const bool is_whole = length <= unit.size() - kLengthBytes;
        const ByteView first{unit.data() + kLengthBytes, is_whole ? length : 0};
        if (!first.empty() && nal_kind(codec, first) == NalKind::delimiter) at = kLengthBytes + length;
    }
    unit.insert(unit.begin() + static_cast<std::ptrdiff_t>(at), group.begin(), group.end());
    return unit;
}

}  // namespace sluice::mp4
