// The catalogue's form of an index; docs/design/segment-format.md says what stands where.
#include "storage/mp4/detail/bytes_in.hpp"
#include "storage/mp4/detail/bytes_out.hpp"
#include "storage/mp4/detail/recent.hpp"
#include "storage/mp4/index.hpp"
#include "storage/mp4/write.hpp"

#include <limits>
#include <optional>

namespace sluice::mp4 {
namespace {

using detail::ByteReader;
using detail::Recent;

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kMinSampleBytes = 2;                   // shape, size
constexpr std::size_t kMinFragmentBytes = 5;                 // count, and four differences
constexpr std::int64_t kMaxWallUs = std::int64_t{1} << 60U;  // so that differences of walls can't overflow
constexpr unsigned kNewValue = Recent::kPlaces;              // "not among the recent ones: it follows"

void put_varint(Bytes& out, std::uint64_t value) {
    while (value >= 0x80) {
        out.push_back(static_cast<std::uint8_t>(value | 0x80U));
        value >>= 7U;
    }
    out.push_back(static_cast<std::uint8_t>(value));
}

/// Differences wrap round on purpose: adding the difference to the same base gives any value back.
void put_difference(Bytes& out, std::uint64_t value, std::uint64_t base) {
    const std::uint64_t difference = value - base;
    const bool is_negative = (difference >> 63U) != 0;
    put_varint(out, is_negative ? ~(difference << 1U) : difference << 1U);
}

/// Past the end and after a malformed number everything is 0 and is_good() is false.
class VarintReader {
public:
    explicit VarintReader(ByteView bytes) : in_(bytes) {}

    [[nodiscard]] bool is_good() const { return good_ && in_.is_good(); }
    [[nodiscard]] std::size_t left() const { return in_.rest().size(); }
    std::uint8_t byte() { return in_.u8(); }
    std::uint64_t varint() {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64; shift += 7) {
            const std::uint64_t byte = in_.u8();
            if (shift == 63 && byte > 1) break;  // does not fit into 64 bits
            value |= (byte & 0x7FU) << shift;
            if (byte < 0x80) return value;
        }
        good_ = false;
        return 0;
    }
    std::uint64_t difference_to(std::uint64_t base) {
        const std::uint64_t code = varint();
        const std::uint64_t half = code >> 1U;
        return base + ((code & 1U) != 0 ? ~half : half);
    }
    /// As difference_to, for a value that must fit into Small.
    template <class Small>
    Small small_difference_to(std::int64_t base) {
        const auto value = static_cast<std::int64_t>(difference_to(static_cast<std::uint64_t>(base)));
        if (value < std::numeric_limits<Small>::min() || value > std::numeric_limits<Small>::max()) {
            good_ = false;
            return 0;
        }
        return static_cast<Small>(value);
    }

private:
    ByteReader in_;
    bool good_ = true;
};

/// What a sample is told against: its predecessor of the same kind, and the values seen lately.
struct SampleContext {
    std::uint32_t key_size = 0;
    std::uint32_t other_size = 0;
    Recent durations;
    Recent offsets;

    std::uint32_t& size_of(bool is_key) { return is_key ? key_size : other_size; }
};

void put_sample(Bytes& out, const Sample& sample, SampleContext& context) {
    const auto last_duration = static_cast<std::uint64_t>(context.durations.newest());
    const auto last_offset = static_cast<std::uint64_t>(context.offsets.newest());
    const unsigned duration = context.durations.find_and_touch(sample.duration);
    const unsigned offset = context.offsets.find_and_touch(sample.composition_offset);
    detail::put_u8(out, static_cast<std::uint8_t>((sample.is_key ? 1U : 0U) | duration << 1U | offset << 4U));
    std::uint32_t& size = context.size_of(sample.is_key);
    put_difference(out, sample.size_bytes, size);
    size = sample.size_bytes;
    if (duration == kNewValue) put_difference(out, sample.duration, last_duration);
    if (offset == kNewValue) {
        put_difference(out, static_cast<std::uint64_t>(std::int64_t{sample.composition_offset}), last_offset);
    }
}

template <class Value>
Value read_recent(VarintReader& in, Recent& recent, unsigned place) {
    if (place < kNewValue) return static_cast<Value>(recent.take(place));
    const Value value = in.small_difference_to<Value>(recent.newest());
    recent.push(value);
    return value;
}

/// Shape, size, then a new duration and a new offset if the shape says so.
Sample read_sample(VarintReader& in, SampleContext& context) {
    const unsigned shape = in.byte();
    Sample sample;
    sample.is_key = (shape & 1U) != 0;
    std::uint32_t& size = context.size_of(sample.is_key);
    size = in.small_difference_to<std::uint32_t>(size);
    sample.size_bytes = size;
    sample.duration = read_recent<std::uint32_t>(in, context.durations, shape >> 1U & 7U);
    sample.composition_offset = read_recent<std::int32_t>(in, context.offsets, shape >> 4U & 7U);
    return sample;
}

/// Where the next fragment is if nothing unusual happened; only what differs costs more than a byte.
struct Expected {
    std::uint64_t offset = 0;
    std::uint64_t decode_time = 0;
    std::uint64_t wall_us = 0;

    void step_over(const Fragment& fragment, std::span<const Sample> samples) {
        std::uint64_t data_bytes = 0;
        std::uint64_t ticks = 0;
        for (const Sample& sample : samples) {
            data_bytes += sample.size_bytes;
            ticks += sample.duration;
        }
        offset = fragment.data_offset + data_bytes;
        decode_time = fragment.base_decode_time + ticks;
        wall_us =
            static_cast<std::uint64_t>(to_epoch_us(fragment.wall)) + ticks * 100 / 9;  // 90 ticks are 1000 µs
    }
};

std::optional<Fragment>
read_fragment(VarintReader& in, std::uint32_t first_sample, const Expected& expected) {
    Fragment fragment;
    fragment.first_sample = first_sample;
    fragment.sample_count = in.small_difference_to<std::uint32_t>(0);
    fragment.offset = in.difference_to(expected.offset);
    fragment.data_offset = in.difference_to(fragment.offset + fragment_head_bytes(fragment.sample_count));
    fragment.base_decode_time = in.difference_to(expected.decode_time);
    const auto wall_us = static_cast<std::int64_t>(in.difference_to(expected.wall_us));
    if (!in.is_good() || wall_us < -kMaxWallUs || wall_us > kMaxWallUs) return std::nullopt;
    fragment.wall = from_epoch_us(wall_us);
    return fragment;
}

bool read_fragments(VarintReader& in, std::uint64_t count, SegmentIndex& index, Expected& expected) {
    const std::span<const Sample> samples{index.samples};
    std::size_t first = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
        const auto fragment = read_fragment(in, static_cast<std::uint32_t>(first), expected);
        if (!fragment || fragment->sample_count > samples.size() - first) return false;
        index.fragments.push_back(*fragment);
        expected.step_over(*fragment, samples.subspan(first, fragment->sample_count));
        first += fragment->sample_count;
    }
    return first == samples.size();
}

}  // namespace

Bytes encode_index(const SegmentIndex& index) {
    Bytes out;
    out.reserve(16 + index.samples.size() * 4 + index.fragments.size() * 8);
    detail::put_u8(out, kVersion);
    put_varint(out, index.samples.size());
    put_varint(out, index.fragments.size());
    SampleContext context;
    for (const Sample& sample : index.samples)
        put_sample(out, sample, context);
    Expected expected;
    for (const Fragment& fragment : index.fragments) {
        put_difference(out, fragment.sample_count, 0);
        put_difference(out, fragment.offset, expected.offset);
        put_difference(
            out, fragment.data_offset, fragment.offset + fragment_head_bytes(fragment.sample_count)
        );
        put_difference(out, fragment.base_decode_time, expected.decode_time);
        put_difference(out, static_cast<std::uint64_t>(to_epoch_us(fragment.wall)), expected.wall_us);
        expected.step_over(
            fragment, std::span{index.samples}.subspan(fragment.first_sample, fragment.sample_count)
        );
    }
    put_difference(out, index.end_bytes, expected.offset);
    return out;
}

Result<SegmentIndex> decode_index(ByteView bytes) {
    VarintReader in{bytes};
    const bool is_known = in.byte() == kVersion;
    const std::uint64_t samples = in.varint();
    const std::uint64_t fragments = in.varint();
    // Every sample and fragment takes some bytes, so a lie about their number can't ask for memory.
    if (!in.is_good() || !is_known || samples > in.left() / kMinSampleBytes ||
        fragments > in.left() / kMinFragmentBytes) {
        return failure(Remedy::abandon_file, "not a segment index");
    }
    SegmentIndex index;
    index.samples.reserve(samples);
    index.fragments.reserve(fragments);
    SampleContext context;
    for (std::uint64_t i = 0; i < samples && in.is_good(); ++i)
        index.samples.push_back(read_sample(in, context));
    Expected expected;
    if (!in.is_good() || !read_fragments(in, fragments, index, expected)) {
        return failure(Remedy::abandon_file, "malformed segment index");
    }
    index.end_bytes = in.difference_to(expected.offset);
    if (!in.is_good() || in.left() != 0) return failure(Remedy::abandon_file, "malformed segment index");
    return index;
}

}  // namespace sluice::mp4
