#include "jobs/xvr/picture.hpp"

#include <string>

#include <catch2/catch.hpp>

namespace sluice::xvr {
namespace {

using namespace std::chrono_literals;
using catalogue::PictureSize;

constexpr UtcTime kFirstAsked = from_epoch_us(1'570'000'000'000'000);
constexpr PictureSize kUsualSize{1920, 1080};
constexpr PictureSize kSmallSize{704, 576};

RecorderPictureRow shown(UtcTime at, PictureSize size = kUsualSize) {
    return {
        .channel = 1,
        .camera = "drive-left",
        .state = PictureState::ok,
        .problem = {},
        .size = size,
        .bytes = 400'000,
        .asked = at
    };
}
RecorderPictureRow failed(UtcTime at) {
    return {.channel = 1, .camera = "drive-left", .state = PictureState::error, .problem = "x", .asked = at};
}

}  // namespace

TEST_CASE("what a channel usually shows is what it showed first", "[xvr][rule]") {
    const RecorderPictureRow first = remember(nullptr, shown(kFirstAsked));
    CHECK(first.had == kFirstAsked);
    CHECK(first.usual == kUsualSize);
    const RecorderPictureRow dead = remember(&first, failed(kFirstAsked + 1h));
    CHECK(dead.state == PictureState::error);
    CHECK(dead.had == kFirstAsked);
    CHECK(dead.usual == kUsualSize);
    const RecorderPictureRow again = remember(&dead, shown(kFirstAsked + 2h, {1280, 1080}));
    CHECK(again.state == PictureState::ok);  // of the same class
    CHECK(again.usual == kUsualSize);
    CHECK(again.had == kFirstAsked + 2h);
}

TEST_CASE(
    "a picture of another size class is missing until it has been the usual one for a week",
    "[xvr][rule]"
) {
    RecorderPictureRow row = remember(nullptr, shown(kFirstAsked));
    for (auto age = 1h; age < 1h + kUsualAfter; age += 1h) {
        row = remember(&row, shown(kFirstAsked + age, kSmallSize));
        REQUIRE(row.state == PictureState::other_size);
        REQUIRE(row.is_missing());
        REQUIRE(row.other_since == kFirstAsked + 1h);
    }
    CHECK(row.problem == "the recorder's picture is 704 × 576 instead of 1920 × 1080");
    CHECK(row.had == kFirstAsked);
    const RecorderPictureRow accepted = remember(&row, shown(kFirstAsked + 1h + kUsualAfter, kSmallSize));
    CHECK(accepted.state == PictureState::ok);
    CHECK(accepted.usual == kSmallSize);
    CHECK_FALSE(accepted.other_since);
    // A larger one as well; and any interruption begins the week anew.
    const RecorderPictureRow larger = remember(&accepted, shown(kFirstAsked + 300h));
    CHECK(larger.state == PictureState::other_size);
    const RecorderPictureRow dead = remember(&row, failed(kFirstAsked + 150h));
    CHECK(remember(&dead, shown(kFirstAsked + 400h, kSmallSize)).other_since == kFirstAsked + 400h);
}

TEST_CASE("another camera in a channel begins anew", "[xvr][rule]") {
    const RecorderPictureRow first = remember(nullptr, shown(kFirstAsked));
    RecorderPictureRow moved = shown(kFirstAsked + 1h, kSmallSize);
    moved.camera = "drive-right";
    CHECK(remember(&first, moved).usual == kSmallSize);
    moved = failed(kFirstAsked + 1h);
    moved.camera = "drive-right";
    CHECK_FALSE(remember(&first, moved).had);
}

TEST_CASE("what was not asked is neither there nor missing", "[xvr][rule]") {
    const RecorderPictureRow first = remember(nullptr, shown(kFirstAsked));
    RecorderPictureRow skipped = failed(kFirstAsked + 1h);
    skipped.state = PictureState::not_asked;
    const RecorderPictureRow kept = remember(&first, skipped);
    CHECK(kept.had == kFirstAsked);
    CHECK(missing({kept}, Had::once).empty());
    CHECK(missing({remember(nullptr, skipped)}, Had::never).empty());
}

TEST_CASE("channels without a picture have one name, whatever the reason", "[xvr][rule]") {
    const RecorderPictureRow first = remember(nullptr, shown(kFirstAsked));
    RecorderPictureRow one = remember(&first, failed(kFirstAsked + 1h));
    RecorderPictureRow two = failed(kFirstAsked + 1h);
    two.channel = 2;
    REQUIRE(missing({first, one, two}, Had::once).size() == 1);
    CHECK(missing({first, one, two}, Had::once).front().channel == 1);
    REQUIRE(missing({first, one, two}, Had::never).size() == 1);
    CHECK(missing({first, one, two}, Had::never).front().channel == 2);
    const std::string key = missing_key({one});
    one.state = PictureState::flat;
    CHECK(missing_key({one}) == key);
    CHECK(missing_key({one, two}) != key);
}

}  // namespace sluice::xvr
