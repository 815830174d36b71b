#include "jobs/xvr/jpeg.hpp"

#include <random>
#include <string>

#include <catch2/catch.hpp>

namespace sluice::xvr {
namespace {

using namespace std::string_literals;

const std::string kJpegHead = "\xFF\xD8\xFF\xE0\x00\x04xx"s;
const std::string kJpegFrame = "\xFF\xC2\x00\x0B\x08\x02\xD0\x05\x00\x01\x01\x11\x00"s;  // 1280 by 720
const std::string kJpegScan = "\xFF\xDA\x00\x08\x01\x01\x00\x00\x3F\x00"s;
const std::string kJpegEnd = "\xFF\xD9"s;
const std::string kWholeJpeg = kJpegHead + kJpegFrame + kJpegScan + "points" + kJpegEnd;

std::string label(const std::string& bytes) {
    const auto read = read_jpeg(bytes);
    return read ? "" : read.error().label();
}

}  // namespace

TEST_CASE("a picture tells its size before it is decoded", "[xvr][rule]") {
    const auto facts = read_jpeg(kWholeJpeg);
    REQUIRE(facts);
    CHECK(facts->width == 1280);
    CHECK(facts->height == 720);
    CHECK(facts->coded_bytes == 6);
    const std::string tables = "\xFF\xC4\x00\x02"s + "\xFF"s;  // and a marker that is padded
    const std::string more = std::string(3, '\0');             // behind the end
    CHECK(read_jpeg(kJpegHead + tables + kJpegFrame + kJpegScan + kJpegEnd + more));
}

TEST_CASE("what is no whole picture is named", "[xvr][rule]") {
    CHECK(label("") == "no_picture");
    CHECK(label("Error\r\n") == "no_picture");
    CHECK(label(kJpegHead + "points" + kJpegEnd) == "no_picture");
    CHECK(label(kJpegHead + "\xFF\xC4\x00\x01"s + kJpegFrame + kJpegScan + kJpegEnd) == "no_picture");
    CHECK(label(kJpegHead + kJpegScan + "points" + kJpegEnd) == "no_picture");  // of which size?
    std::string thin = kWholeJpeg;
    thin[kJpegHead.size() + 5] = thin[kJpegHead.size() + 6] = 0;
    CHECK(label(thin) == "no_picture");
    // A small picture in its head has an end of its own.
    const std::string with_thumbnail = "\xFF\xD8\xFF\xE1\x00\x06"s + "\xFF\xD8\xFF\xD9"s;
    CHECK(read_jpeg(with_thumbnail + kJpegFrame + kJpegScan + "points" + kJpegEnd));
    CHECK(label(with_thumbnail + kJpegFrame + kJpegScan + "points") == "cut_off");
}

TEST_CASE("a picture that is cut off anywhere is never taken for a whole one", "[xvr][rule]") {
    for (std::size_t length = 3; length < kWholeJpeg.size(); ++length) {
        CAPTURE(length);
        CHECK(label(kWholeJpeg.substr(0, length)) == "cut_off");
    }
}

TEST_CASE("a picture in which nothing can be seen is as small as one can be", "[xvr][rule]") {
    CHECK(JpegFacts{1920, 1080, 32'640}.is_flat());  // one colour
    CHECK(JpegFacts{1920, 1080, 42'000}.is_flat());  // and a title and the time
    CHECK_FALSE(JpegFacts{1920, 1080, 60'000}.is_flat());
    CHECK(JpegFacts{704, 576, 6'400}.is_flat());
    CHECK_FALSE(JpegFacts{704, 576, 12'000}.is_flat());
    CHECK_FALSE(JpegFacts{65'535, 65'535, 8UL << 24U}.is_flat());
}

TEST_CASE("any bytes may come for a picture", "[xvr][rule]") {
    std::mt19937 random{11};
    for (int round = 0; round < 20'000; ++round) {
        std::string bytes = kWholeJpeg.substr(0, random() % (kWholeJpeg.size() + 1));
        for (char& letter : bytes)
            if (random() % 8 == 0) letter = static_cast<char>(random());
        const auto facts = read_jpeg(bytes);
        if (facts && (facts->width == 0 || facts->height == 0 || facts->coded_bytes >= bytes.size()))
            FAIL("size " << facts->width << " by " << facts->height << ", " << facts->coded_bytes);
    }
}

}  // namespace sluice::xvr
