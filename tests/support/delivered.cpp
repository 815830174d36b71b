#include "tests/support/delivered.hpp"

#include <stdexcept>
#include <string>

namespace sluice::test {
namespace {

struct Reader {
    ByteView rest;

    std::uint64_t number(std::size_t bytes) {
        if (rest.size() < bytes) throw std::runtime_error("a box ends early");
        std::uint64_t value = 0;
        for (const std::uint8_t byte : rest.first(bytes))
            value = value << 8U | byte;
        rest = rest.subspan(bytes);
        return value;
    }
};

struct Box {
    std::string type;
    ByteView content;
};

Box take_box(Reader& reader) {
    const std::uint64_t size = reader.number(4);
    if (size < 8 || size - 4 > reader.rest.size()) throw std::runtime_error("no box of this size");
    Box box;
    for (int i = 0; i < 4; ++i)
        box.type += static_cast<char>(reader.number(1));
    box.content = reader.rest.first(static_cast<std::size_t>(size) - 8);
    reader.rest = reader.rest.subspan(box.content.size());
    return box;
}

Microseconds to_us(std::int64_t ticks) {
    return Microseconds{ticks * 100 / 9};
}

UtcTime from_ntp(std::uint64_t ntp) {
    constexpr std::uint64_t from_1900_to_1970 = 2'208'988'800;
    const std::uint64_t fraction_us = ((ntp & 0xffff'ffffU) * 1'000'000 + 0x8000'0000U) >> 32U;
    return from_epoch_us(
        static_cast<std::int64_t>(((ntp >> 32U) - from_1900_to_1970) * 1'000'000 + fraction_us)
    );
}

/// trun with a data offset and, for each sample, duration, size, flags and composition offset.
std::vector<DeliveredSample> read_run(ByteView content, UtcTime wall, std::uint64_t decode) {
    Reader run{content};
    if (run.number(4) != 0x0100'0f01U) throw std::runtime_error("another trun than ours");
    const std::uint64_t count = run.number(4);
    run.number(4);
    std::vector<DeliveredSample> samples;
    std::uint64_t ticks = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
        const std::uint64_t duration = run.number(4);
        DeliveredSample sample;
        sample.size_bytes = static_cast<std::uint32_t>(run.number(4));
        sample.is_key = (run.number(4) & 0x0001'0000U) == 0;
        const auto composition = static_cast<std::int32_t>(run.number(4));
        sample.decode_tick = decode + ticks;
        sample.shown = wall + to_us(static_cast<std::int64_t>(ticks)) + to_us(composition);
        sample.shown_to = sample.shown + to_us(static_cast<std::int64_t>(duration));
        samples.push_back(sample);
        ticks += duration;
    }
    return samples;
}

}  // namespace

std::vector<DeliveredSample> delivered_samples(ByteView bytes) {
    std::vector<DeliveredSample> all;
    UtcTime wall{};
    std::uint64_t promised = 0;
    Reader reader{bytes};
    while (!reader.rest.empty()) {
        const Box box = take_box(reader);
        if (box.type == "prft") {
            Reader content{box.content.subspan(8)};
            wall = from_ntp(content.number(8));
        } else if (box.type == "moof") {
            std::uint64_t decode = 0;
            promised = 0;
            Reader moof{box.content};
            while (!moof.rest.empty()) {
                const Box track = take_box(moof);
                Reader traf{track.type == "traf" ? track.content : ByteView{}};
                while (!traf.rest.empty()) {
                    const Box part = take_box(traf);
                    if (part.type == "tfdt") decode = Reader{part.content.subspan(4)}.number(8);
                    if (part.type != "trun") continue;
                    for (const DeliveredSample& sample : read_run(part.content, wall, decode)) {
                        promised += sample.size_bytes;
                        all.push_back(sample);
                    }
                }
            }
        } else if (box.type == "mdat") {
            if (box.content.size() != promised) throw std::runtime_error("more or less data than samples");
        } else if (box.type != "ftyp" && box.type != "moov") {
            throw std::runtime_error("a box " + box.type);
        }
    }
    return all;
}

}  // namespace sluice::test
