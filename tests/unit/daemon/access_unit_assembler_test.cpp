#include "daemon/access_unit_assembler.hpp"

#include "daemon/libav_source.hpp"
#include "storage/mp4/in_band.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using daemon::AccessUnit;
using daemon::AccessUnitAssembler;

namespace {

Bytes piece(std::initializer_list<Bytes> nals) {
    Bytes out;
    for (const Bytes& nal : nals) {
        out.insert(out.end(), {0, 0, 0, 1});
        out.insert(out.end(), nal.begin(), nal.end());
    }
    return out;
}

const Bytes kKey{0x65, 0x88, 1, 2};      // IDR, first_mb_in_slice 0
const Bytes kSlice{0x41, 0x9a, 1, 2};    // P, first_mb_in_slice 0
const Bytes kLaterSlice{0x41, 0x40, 3};  // P, first_mb_in_slice 1
const Bytes kDelimiter{0x09, 0xf0};
const BootTime kNow{std::chrono::seconds{5}};

AccessUnitAssembler make() {
    return {Codec::h264, {}};
}

}  // namespace

TEST_CASE("a new RTP time ends the unit and tells where the next begins", "[daemon][assembler]") {
    auto assembler = make();
    CHECK_FALSE(assembler.push(piece({kDelimiter, kKey}), 0, kNow, false));
    CHECK_FALSE(assembler.push(Bytes{7, 8}, 0, kNow + Microseconds{5}, false));  // goes on with the slice
    const auto unit = assembler.push(piece({kSlice}), 3600, kNow + Microseconds{9}, false);
    REQUIRE(unit);
    CHECK(unit->is_key);
    CHECK(unit->pts == 0);
    CHECK(unit->next_pts == 3600);
    CHECK(unit->arrival == kNow);
    CHECK(unit->bytes == Bytes{0, 0, 0, 2, 0x09, 0xf0, 0, 0, 0, 6, 0x65, 0x88, 1, 2, 7, 8});
    const auto last = assembler.flush();
    REQUIRE(last);
    CHECK_FALSE(last->is_key);
    CHECK_FALSE(last->next_pts);
    CHECK_FALSE(last->lost_before);
}

TEST_CASE(
    "zeros at the end of a piece are payload when the unit goes on, padding when it ends",
    "[daemon][assembler]"
) {
    auto assembler = make();
    (void)assembler.push(piece({Bytes{0x65, 0x88, 1, 0, 0}}), 0, kNow, false);
    (void)assembler.push(Bytes{3, 1, 0, 0}, 0, kNow, false);
    const auto unit = assembler.flush();
    REQUIRE(unit);
    CHECK(unit->bytes == Bytes{0, 0, 0, 7, 0x65, 0x88, 1, 0, 0, 3, 1});
}

TEST_CASE("a piece that looks like a start code inside a NAL unit is not cut", "[daemon][assembler]") {
    auto assembler = make();
    (void)assembler.push(piece({kKey}), 0, kNow, false);
    (void)assembler.push(Bytes{9, 0, 0, 1, 9}, 0, kNow, false);
    const auto unit = assembler.flush();
    REQUIRE(unit);
    CHECK(unit->bytes.size() == 4 + kKey.size() + 5);
}

TEST_CASE("a loss gives up the unit under assembly and marks the next one", "[daemon][assembler]") {
    auto assembler = make();
    (void)assembler.push(piece({kKey}), 0, kNow, false);
    CHECK_FALSE(assembler.push(piece({kSlice}), 3600, kNow, true));  // the key frame may lack its tail
    const auto unit = assembler.push(piece({kSlice}), 7200, kNow, false);
    REQUIRE(unit);
    CHECK(unit->pts == 3600);
    CHECK(unit->lost_before);
    CHECK(assembler.given_up() == 1);
    const auto next = assembler.flush();
    REQUIRE(next);
    CHECK_FALSE(next->lost_before);
}

TEST_CASE("a unit that begins in its middle after a loss is given up too", "[daemon][assembler]") {
    for (const Bytes& first : {piece({kLaterSlice}), Bytes{5, 6, 7}}) {
        auto assembler = make();
        (void)assembler.push(piece({kKey}), 0, kNow, false);
        (void)assembler.push(first, 3600, kNow, true);
        CHECK_FALSE(assembler.push(piece({kSlice}), 7200, kNow, false));
        const auto unit = assembler.flush();
        REQUIRE(unit);
        CHECK(unit->pts == 7200);
        CHECK(unit->lost_before);
        CHECK(assembler.given_up() == 2);
    }
}

TEST_CASE("a loss within one unit costs that unit alone", "[daemon][assembler]") {
    auto assembler = make();
    (void)assembler.push(piece({kKey}), 0, kNow, false);
    (void)assembler.push(Bytes{1}, 0, kNow, true);
    CHECK_FALSE(assembler.push(piece({kSlice}), 3600, kNow, false));
    const auto unit = assembler.flush();
    REQUIRE(unit);
    CHECK(unit->lost_before);
}

TEST_CASE(
    "parameter sets sent with a time of their own go before the picture that follows",
    "[daemon][assembler]"
) {
    auto assembler = make();
    const Bytes set{0x68, 0xce, 0x38, 0x80};
    (void)assembler.push(piece({set}), 0, kNow, false);
    CHECK_FALSE(assembler.push(piece({kKey}), 3600, kNow + Microseconds{1}, false));
    const auto unit = assembler.flush();
    REQUIRE(unit);
    CHECK(unit->pts == 3600);
    CHECK(unit->bytes.size() == 4 + set.size() + 4 + kKey.size());
}

TEST_CASE("I7: parameter sets go behind the delimiter, else in front", "[daemon][assembler]") {
    mp4::ParameterSets sets;
    sets.sps = {{0x67, 1}};
    sets.pps = {{0x68, 2}};
    const Bytes group = mp4::to_length_prefixed(sets);
    const Bytes with_delimiter{0, 0, 0, 2, 0x09, 0xf0, 0, 0, 0, 1, 0x65};
    const Bytes result = mp4::with_sets(Codec::h264, sets, with_delimiter);
    CHECK(
        Bytes(result.begin(), result.begin() + 6) == Bytes(with_delimiter.begin(), with_delimiter.begin() + 6)
    );
    CHECK(Bytes(result.begin() + 6, result.begin() + 6 + static_cast<std::ptrdiff_t>(group.size())) == group);
    const Bytes without{0, 0, 0, 1, 0x65};
    const Bytes front = mp4::with_sets(Codec::h264, sets, without);
    CHECK(Bytes(front.begin(), front.begin() + static_cast<std::ptrdiff_t>(group.size())) == group);
}

TEST_CASE(
    "I20: user and password are percent-encoded and stand only in the URL that the client gets",
    "[daemon][source]"
) {
    CHECK(
        daemon::url_with_credentials("rtsp://h:554/a?b=c", "ad min", config::Secret{"p@s:/é"}) ==
        "rtsp://ad%20min:p%40s%3A%2F%C3%A9@h:554/a?b=c"
    );
    CHECK(daemon::url_with_credentials("rtsp://h/a", "", config::Secret{"x"}) == "rtsp://h/a");
}
