#include "tests/support/farm/auth.hpp"
#include "tests/support/farm/nal.hpp"
#include "tests/support/farm/rtp.hpp"
#include "tests/support/farm/rtsp.hpp"
#include "tests/support/judge.hpp"

#include <string>

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::farm;

namespace {

Bytes length_prefixed(const std::vector<Bytes>& nals) {
    Bytes out;
    for (const Bytes& nal : nals) {
        out.insert(
            out.end(),
            {0, 0, static_cast<std::uint8_t>(nal.size() >> 8U), static_cast<std::uint8_t>(nal.size())}
        );
        out.insert(out.end(), nal.begin(), nal.end());
    }
    return out;
}

Bytes slice_of(std::size_t size) {
    Bytes nal(size, 0x5a);
    nal[0] = 0x65;
    return nal;
}

/// A key picture and two others, recorded as they were sent.
struct Recording {
    test::Footage footage;
    std::vector<test::SentPicture> sent;

    Recording() {
        test::RecordedSegment segment;
        segment.path = "a.mp4";
        for (std::uint64_t i = 0; i < 3; ++i) {
            test::SentPicture picture;
            picture.number = i;
            picture.session = 1;
            picture.is_key = i == 0;
            picture.sha256 = std::string(64, static_cast<char>('a' + i));
            segment.pictures.push_back(picture.sha256);
            sent.push_back(picture);
        }
        footage.segments.push_back(segment);
    }
    std::vector<std::string>& recorded() { return footage.segments[0].pictures; }
};

}  // namespace

TEST_CASE("A picture's hash is the same with and without parameter sets and delimiters") {
    const Bytes slice = slice_of(3000);
    const Bytes sei = make_sei(Codec::h264, "camera=cam1;picture=7");
    const Sha256Digest expected = picture_hash(std::vector{sha256(sei), sha256(slice)});
    CHECK(picture_hash_of_sample(Codec::h264, length_prefixed({sei, slice})) == expected);
    CHECK(
        picture_hash_of_sample(
            Codec::h264, length_prefixed({{0x09, 0x10}, {0x67, 1}, {0x68, 1}, sei, slice})
        ) == expected
    );
    CHECK(picture_hash_of_sample(Codec::h264, length_prefixed({slice, sei})) != expected);
    CHECK(picture_hash_of_sample(Codec::h264, Bytes{0, 0, 1, 0, 0x65}) == Sha256Digest{});
}

TEST_CASE("Packets of a picture carry every byte of it, in order, and the marker at the end") {
    const Bytes sei = make_sei(Codec::h264, "x");
    const Bytes slice = slice_of(5000);
    RtpState state;
    state.sequence = 65534;
    const std::vector<ByteView> nals{sei, sei, slice};
    const auto packets = packetize(Codec::h264, nals, 90'000, 0, true, state);
    REQUIRE(packets.size() == 5);  // an aggregate of both SEI, four fragments of the slice
    CHECK((packets[0].head[16] & 0x1fU) == 24);
    CHECK(packets[0].pieces.size() == 2);
    Bytes together{slice[0]};
    for (std::size_t i = 1; i < packets.size(); ++i) {
        CHECK((packets[i].head[16] & 0x1fU) == 28);
        CHECK(((packets[i].head[17] & 0x80U) != 0) == (i == 1));
        CHECK(((packets[i].head[17] & 0x40U) != 0) == (i == 4));
        CHECK(((packets[i].head[5] & 0x80U) != 0) == (i == 4));
        together.insert(together.end(), packets[i].pieces[0].begin(), packets[i].pieces[0].end());
    }
    CHECK(together == slice);
    CHECK(state.sequence == 3);
    CHECK(state.packets == 5);
}

TEST_CASE("A renumbered picture parameter set differs in its number alone") {
    const Bytes pps{0x68, 0xeb, 0xe3, 0xcb, 0x22, 0xc0};  // 1 110…: number 0, sequence set 0
    const Bytes other = renumber_pps(Codec::h264, pps, 1);
    REQUIRE(other.size() >= 6);
    CHECK(other[0] == 0x68);
    // 1 1101011 11100011… becomes 010 1101011 11100011…
    CHECK(other[1] == 0x5a);
    CHECK(other[2] == 0xf8);
}

TEST_CASE("Dahua's addresses name the camera by channel and stream") {
    CHECK(camera_name("rtsp://127.0.0.1:554/cam/realmonitor?channel=12&subtype=0/trackID=0") == "cam12");
    CHECK(camera_name("rtsp://127.0.0.1:554/cam/realmonitor?channel=3&subtype=1") == "cam3sub");
    CHECK(camera_name("rtsp://127.0.0.1/lobby/trackID=0") == "lobby");
}

TEST_CASE("Digest answers with the wrong password, another method or an old nonce are refused") {
    const Credentials wanted{AuthKind::digest_md5, "admin", "geheim"};
    // MD5(MD5(admin:rtsp-farm:geheim):n1:MD5(DESCRIBE:rtsp://x/y))
    const auto answer = [](const std::string& response, const std::string& nonce) {
        return "Digest username=\"admin\", realm=\"rtsp-farm\", nonce=\"" + nonce +
               "\", uri=\"rtsp://x/y\", response=\"" + response + "\"";
    };
    const std::string right = "33727b4ce5eb86581c4165eeb71f00cc";
    CHECK(is_authorized(wanted, "n1", "DESCRIBE", answer(right, "n1")));
    CHECK_FALSE(is_authorized(wanted, "n1", "SETUP", answer(right, "n1")));
    CHECK_FALSE(is_authorized(wanted, "n2", "DESCRIBE", answer(right, "n1")));
    CHECK_FALSE(is_authorized({AuthKind::digest_md5, "admin", "other"}, "n1", "DESCRIBE", answer(right, "n1"))
    );
    CHECK_FALSE(is_authorized(wanted, "n1", "DESCRIBE", ""));
}

TEST_CASE("The judge finds a picture that is missing, doubled, misplaced or never sent") {
    CHECK(test::check_complete(Recording{}.footage, Recording{}.sent).empty());
    Recording missing;
    missing.recorded().erase(missing.recorded().begin() + 1);
    CHECK(test::check_complete(missing.footage, missing.sent).size() == 1);
    Recording doubled;
    doubled.recorded().push_back(doubled.recorded().back());
    CHECK_FALSE(test::check_complete(doubled.footage, doubled.sent).empty());
    Recording misplaced;
    std::swap(misplaced.recorded()[1], misplaced.recorded()[2]);
    CHECK_FALSE(test::check_complete(misplaced.footage, misplaced.sent).empty());
    Recording foreign;
    foreign.recorded().emplace_back(64, 'f');
    CHECK_FALSE(test::check_complete(foreign.footage, foreign.sent).empty());
    Recording late;
    late.recorded().pop_back();
    late.sent.back().sent_us = 5;
    CHECK(test::check_complete(late.footage, late.sent, {.until_us = 4}).empty());
}
