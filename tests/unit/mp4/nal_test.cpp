#include "storage/mp4/nal.hpp"

#include "tests/unit/mp4/made_sps.hpp"

#include <array>
#include <string_view>
#include <utility>

#include <catch2/catch.hpp>

namespace {

using namespace sluice;
using namespace sluice::mp4;
using test::H264SpsFields;
using test::H265SpsFields;

Bytes bytes_of(std::string_view hex) {
    return from_hex(hex).value();
}

std::vector<Bytes> copies_of(const std::vector<ByteView>& views) {
    std::vector<Bytes> copies;
    for (const ByteView view : views)
        copies.emplace_back(view.begin(), view.end());
    return copies;
}

}  // namespace

TEST_CASE("the kind of a NAL unit is read from its header", "[mp4][nal]") {
    const auto h264 = [](std::uint8_t header) { return nal_kind(Codec::h264, std::array{header}); };
    CHECK(h264(0x67) == NalKind::sps);
    CHECK(h264(0x27) == NalKind::sps);  // another nal_ref_idc
    CHECK(h264(0x68) == NalKind::pps);
    CHECK(h264(0x65) == NalKind::key_slice);
    CHECK(h264(0x41) == NalKind::slice);
    CHECK(h264(0x09) == NalKind::delimiter);
    CHECK(h264(0x06) == NalKind::other);
    const auto h265 = [](std::uint8_t type, std::uint8_t layer = 0) {
        return nal_kind(
            Codec::h265,
            std::array{
                static_cast<std::uint8_t>(unsigned{type} << 1U),
                static_cast<std::uint8_t>(unsigned{layer} << 3U | 1U)
            }
        );
    };
    CHECK(h265(32) == NalKind::vps);
    CHECK(h265(33) == NalKind::sps);
    CHECK(h265(34) == NalKind::pps);
    CHECK(h265(35) == NalKind::delimiter);
    CHECK(h265(1) == NalKind::slice);
    CHECK(h265(15) == NalKind::other);
    CHECK(h265(16) == NalKind::key_slice);  // BLA
    CHECK(h265(19) == NalKind::key_slice);  // IDR
    CHECK(h265(21) == NalKind::key_slice);  // CRA
    CHECK(h265(22) == NalKind::other);
    CHECK(h265(19, 1) == NalKind::other);  // a second layer is no picture of ours
    CHECK(nal_kind(Codec::h264, {}) == NalKind::other);
    CHECK(nal_kind(Codec::h265, std::array<std::uint8_t, 1>{0x40}) == NalKind::other);
}

TEST_CASE("only the first slice of a picture starts it", "[mp4][nal]") {
    CHECK(starts_picture(Codec::h264, bytes_of("6588")));        // first_mb_in_slice 0
    CHECK_FALSE(starts_picture(Codec::h264, bytes_of("6540")));  // 1
    CHECK_FALSE(starts_picture(Codec::h264, bytes_of("65")));
    CHECK_FALSE(starts_picture(Codec::h264, bytes_of("6788")));  // no slice
    CHECK_FALSE(starts_picture(Codec::h264, bytes_of("4388")));  // data partition B
    CHECK(starts_picture(Codec::h265, bytes_of("260180")));
    CHECK_FALSE(starts_picture(Codec::h265, bytes_of("260140")));
    CHECK_FALSE(starts_picture(Codec::h265, bytes_of("2601")));
}

TEST_CASE("a byte stream is cut at start codes of three and four bytes", "[mp4][nal]") {
    const auto split = [](std::string_view hex) { return copies_of(split_annex_b(bytes_of(hex))); };
    CHECK(
        split("0000000167aa00000168bb0000000165cc00") ==
        std::vector<Bytes>{bytes_of("67aa"), bytes_of("68bb"), bytes_of("65cc")}
    );
    CHECK(
        split("ffff00000167aa") == std::vector<Bytes>{bytes_of("67aa")}
    );  // what stands before the first is lost
    CHECK(
        split("00000167000003aa0000030100000168") ==
        std::vector<Bytes>{bytes_of("67000003aa00000301"), bytes_of("68")}
    );
    CHECK(split("000001000001000000016700000000").size() == 1);  // empty units, padding
    CHECK(split("").empty());
    CHECK(split("0000").empty());
    CHECK(split("67aabb").empty());
}

TEST_CASE("a parameter set replaces the one of its id, and another id is added in order", "[mp4][nal]") {
    ParameterSets sets;
    const Bytes first = test::make_sps(H264SpsFields{.id = 1});
    const Bytes second = test::make_sps(H264SpsFields{.id = 0, .columns = 10});
    const Bytes changed = test::make_sps(H264SpsFields{.id = 1, .columns = 30});
    CHECK(sets.absorb(Codec::h264, first));
    CHECK_FALSE(sets.absorb(Codec::h264, first));
    CHECK(sets.absorb(Codec::h264, second));
    CHECK(sets.sps == std::vector<Bytes>{second, first});
    CHECK(sets.absorb(Codec::h264, changed));
    CHECK(sets.sps == std::vector<Bytes>{second, changed});
    CHECK_FALSE(sets.is_complete(Codec::h264));
    CHECK(sets.absorb(Codec::h264, bytes_of("68ce3880")));
    CHECK(sets.is_complete(Codec::h264));
    CHECK_FALSE(sets.is_complete(Codec::h265));
}

TEST_CASE("what can't be parsed, and what is too much, changes no parameter set", "[mp4][nal]") {
    ParameterSets sets;
    CHECK_FALSE(sets.absorb(Codec::h264, bytes_of("67")));
    CHECK_FALSE(sets.absorb(Codec::h264, bytes_of("6742c01e")));  // ends too early
    CHECK_FALSE(sets.absorb(Codec::h264, bytes_of("68")));
    CHECK_FALSE(sets.absorb(Codec::h264, bytes_of("6588")));  // a slice
    Bytes endless = bytes_of("68ce3880");
    endless.resize(10'000, 0x55);
    CHECK_FALSE(sets.absorb(Codec::h264, endless));
    CHECK(sets == ParameterSets{});
    for (std::uint32_t id = 0; id < 40; ++id) {
        CHECK(sets.absorb(Codec::h264, test::make_pps(id)) == (id < 32));
    }
    CHECK(sets.pps.size() == 32);
}

TEST_CASE("the sets stand before a key frame as vps, sps, pps with lengths of four bytes", "[mp4][nal]") {
    ParameterSets sets;
    sets.pps = {bytes_of("4401c1")};
    sets.vps = {bytes_of("4001")};
    sets.sps = {bytes_of("4201aabb")};
    CHECK(to_hex(to_length_prefixed(sets)) == "000000024001000000044201aabb000000034401c1");
}

TEST_CASE("an H.264 SPS gives the size after cropping", "[mp4][nal]") {
    const auto size_of = [](const H264SpsFields& fields) {
        const auto facts = parse_sps(Codec::h264, test::make_sps(fields)).value();
        return std::pair{facts.width, facts.height};
    };
    CHECK(size_of({.columns = 120, .rows = 68, .crop = {{0, 0, 0, 4}}}) == std::pair{1920U, 1080U});
    CHECK(size_of({.columns = 20, .rows = 12, .crop = {{1, 2, 3, 1}}}) == std::pair{314U, 184U});
    CHECK(
        size_of({.columns = 120, .rows = 34, .crop = {{0, 0, 0, 2}}, .is_interlaced = true}) ==
        std::pair{1920U, 1080U}
    );
    CHECK(
        size_of({.profile = 244, .chroma_format = 3, .columns = 2, .rows = 2, .crop = {{1, 0, 0, 3}}}) ==
        std::pair{31U, 29U}
    );
    CHECK(
        size_of({.profile = 122, .chroma_format = 2, .columns = 2, .rows = 2, .crop = {{1, 0, 0, 3}}}) ==
        std::pair{30U, 29U}
    );
}

TEST_CASE("an impossible H.264 SPS is refused", "[mp4][nal]") {
    const auto is_refused = [](const H264SpsFields& fields) {
        const auto facts = parse_sps(Codec::h264, test::make_sps(fields));
        return !facts && facts.error().remedy() == Remedy::refuse;
    };
    CHECK_FALSE(is_refused({}));
    CHECK(is_refused({.columns = 2, .rows = 2, .crop = {{16, 0, 0, 0}}}));  // nothing left
    CHECK(is_refused({.columns = 2, .rows = 2, .crop = {{0xFFFF'FFFE, 0xFFFF'FFFE, 0, 0}}})
    );  // sum over 32 bits
    CHECK(is_refused({.columns = 5000}));
    CHECK(is_refused({.id = 32}));
    CHECK(is_refused({.chroma_format = 4}));
    CHECK_FALSE(parse_sps(Codec::h265, test::make_sps(H264SpsFields{})));
}

TEST_CASE(
    "H.264 reordering is what the VUI states, else what the profile or the order count implies",
    "[mp4][nal]"
) {
    const auto reorder_of = [](const H264SpsFields& fields) {
        return parse_sps(Codec::h264, test::make_sps(fields)).value().reorder_frames;
    };
    CHECK(reorder_of({.vui_reorder = 2}) == 2U);
    CHECK(reorder_of({.vui_reorder = 0}) == 0U);
    CHECK(reorder_of({.vui_reorder = 2, .has_full_vui = true}) == 2U);
    CHECK(reorder_of({}) == std::nullopt);                   // High without VUI: not stated
    CHECK(reorder_of({.vui_reorder = 17}) == std::nullopt);  // impossible, so not believed
    CHECK(reorder_of({.profile = 77}) == std::nullopt);
    CHECK(reorder_of({.profile = 66}) == 0U);  // Baseline has no B slices
    CHECK(reorder_of({.profile = 66, .constraints = 0x40}) == 0U);
    CHECK(reorder_of({.profile = 77, .order_count_type = 2}) == 0U);  // output in decode order
    CHECK(reorder_of({.profile = 110, .constraints = 0x10}) == 0U);   // High 10 Intra
    CHECK(reorder_of({.order_count_type = 1}) == std::nullopt);
    CHECK(reorder_of({.has_scaling_lists = true, .vui_reorder = 1}) == 1U);
}

TEST_CASE("an H.264 SPS whose VUI is broken still gives the size", "[mp4][nal]") {
    Bytes sps = test::make_sps(H264SpsFields{.vui_reorder = 2, .has_full_vui = true});
    sps.resize(sps.size() - 6);
    const auto facts = parse_sps(Codec::h264, sps);
    REQUIRE(facts);
    CHECK(facts->width == 320);
    CHECK(facts->reorder_frames == std::nullopt);
}

TEST_CASE("an H.265 SPS gives size, and reordering of its highest sub-layer", "[mp4][nal]") {
    const auto facts_of = [](const H265SpsFields& fields) {
        return parse_sps(Codec::h265, test::make_sps(fields)).value();
    };
    const auto plain = facts_of({.width = 1920, .height = 1088, .crop = {{0, 0, 0, 4}}});
    CHECK(plain.width == 1920);
    CHECK(plain.height == 1080);
    CHECK(plain.reorder_frames == 0U);
    CHECK(facts_of({.reorder = {2}}).reorder_frames == 2U);
    CHECK(facts_of({.reorder = {0, 1, 3}}).reorder_frames == 3U);
    CHECK(facts_of({.reorder = {0, 1, 3}, .has_sub_layer_profiles = true}).reorder_frames == 3U);
    CHECK(facts_of({.reorder = {0, 0, 2}, .states_only_highest = true}).reorder_frames == 2U);
    CHECK(facts_of({.width = 64, .height = 64, .chroma_format = 2, .crop = {{1, 0, 1, 0}}}).height == 63);
    CHECK_FALSE(parse_sps(Codec::h265, test::make_sps(H265SpsFields{.width = 0})));
    CHECK_FALSE(parse_sps(Codec::h265, test::make_sps(H265SpsFields{.width = 20'000})));
    CHECK_FALSE(parse_sps(Codec::h265, test::make_sps(H265SpsFields{.reorder = {17}})));
}

TEST_CASE("every cut of an SPS is either parsed or refused", "[mp4][nal]") {
    const Bytes h264 =
        test::make_sps(H264SpsFields{.has_scaling_lists = true, .vui_reorder = 2, .has_full_vui = true});
    const Bytes h265 = test::make_sps(H265SpsFields{.reorder = {0, 1, 2}, .has_sub_layer_profiles = true});
    const std::size_t needed = test::make_sps(H264SpsFields{.has_scaling_lists = true}).size() - 2;
    for (std::size_t size = 0; size < h264.size(); ++size) {
        CHECK((size >= needed || !parse_sps(Codec::h264, ByteView{h264}.first(size))));
    }
    for (std::size_t size = 0; size + 4 < h265.size(); ++size) {
        CHECK_FALSE(parse_sps(Codec::h265, ByteView{h265}.first(size)));
    }
}
