#include "api/live_hub.hpp"

#include "tests/support/eventually.hpp"
#include "tests/unit/clip/shooting.hpp"

#include <atomic>
#include <thread>
#include <vector>

namespace sluice::api {
namespace {

using namespace std::chrono_literals;
using test::eventually;
using test::Shooting;

/// Stands where the footage is.
class Clock final : public sluice::Clock {
public:
    [[nodiscard]] UtcTime now() const override { return test::footage::kRunStart + 5min; }
    [[nodiscard]] BootTime boot_now() const override { return {}; }
    [[nodiscard]] std::optional<bool> is_synchronised() const override { return true; }
};

using Wake = http::Event::Wake;

TEST_CASE("a stream is followed once, and all who wait are woken when footage comes", "[api][hls][disk]") {
    Shooting shooting;
    shooting.begin();
    shooting.shoot(2);
    const Clock clock;
    LiveHub hub{clock};
    const auto stream = hub.follow(shooting.source(), std::nullopt);
    REQUIRE(stream);
    CHECK(hub.follow(shooting.source(), std::nullopt) == stream);
    CHECK(hub.find(shooting.source().stream_id) == stream);
    CHECK(hub.followed() == 1);
    REQUIRE(eventually(10s, [&] { return stream->state().view != nullptr; }));
    const auto [view, generation] = stream->state();

    std::atomic<int> woken{0};
    std::vector<std::shared_ptr<const Wake>> wakes;
    for (int i = 0; i < 64; ++i) {
        wakes.push_back(std::make_shared<const Wake>([&woken] { ++woken; }));
        stream->subscribe(generation, wakes.back());
    }
    // One that has let go is not called; one that comes too late is called at once.
    stream->subscribe(generation, std::make_shared<const Wake>([&woken] { woken += 1000; }));
    stream->subscribe(generation - 1, wakes.front());
    CHECK(woken == 1);
    shooting.shoot(1);
    REQUIRE(eventually(10s, [&] { return woken >= 65; }));
    CHECK(woken == 65);
    CHECK(stream->state().view->playlist.segments.back().end == 3);
    CHECK(view->playlist.segments.back().end == 2);  // who has it keeps it
    shooting.finish();
}

TEST_CASE("a stream without footage is known to have none, and a stop wakes everybody", "[api][hls][disk]") {
    const Shooting shooting;
    const Clock clock;
    LiveHub hub{clock};
    const auto stream = hub.follow(shooting.source(), std::nullopt);
    REQUIRE(eventually(10s, [&] { return stream->state().generation == 1; }));
    CHECK(stream->state().view == nullptr);
    std::atomic<int> woken{0};
    const auto wake = std::make_shared<const Wake>([&woken] { ++woken; });
    stream->subscribe(1, wake);
    hub.stop();
    CHECK(woken == 1);
    CHECK(hub.followed() == 0);
    CHECK_FALSE(hub.follow(shooting.source(), std::nullopt));
}

TEST_CASE(
    "a volume that is added while somebody watches is looked at, and numbers go on",
    "[api][hls][disk]"
) {
    Shooting shooting;
    shooting.record(3);
    const Clock clock;
    LiveHub hub{clock};
    clip::LiveSource source = shooting.source();
    const clip::VolumePaths both = source.volumes;
    source.volumes = {{test::footage::make_id(2), "/nonexistent"}};
    const auto stream = hub.follow(source, clip::LiveMark{test::footage::make_id(1), 700, 0});
    REQUIRE(eventually(10s, [&] { return stream->state().generation > 0; }));
    CHECK(stream->state().view == nullptr);
    CHECK(hub.find(source.stream_id, both) == stream);
    REQUIRE(eventually(10s, [&] { return stream->state().view != nullptr; }));
    const auto view = stream->state().view;
    CHECK(hub.find(source.stream_id, {{test::footage::make_id(3), both.begin()->second}}) == stream);
    shooting.record(2);
    REQUIRE(eventually(10s, [&] { return stream->state().view != view; }));
    REQUIRE(eventually(10s, [&] { return stream->state().view->files.size() == 2; }));
    CHECK(stream->state().view->playlist.first_number == view->playlist.first_number);
}

TEST_CASE("a mark is kept once for each file", "[api][hls]") {
    LiveStream stream;
    const clip::LiveMark first{test::footage::make_id(1), 5, 0};
    const clip::LiveMark second{test::footage::make_id(2), 9, 1};
    CHECK(stream.takes_mark(first));
    CHECK_FALSE(stream.takes_mark(first));
    CHECK(stream.takes_mark(second));
}

TEST_CASE("viewers come and go on many threads while footage comes", "[api][hls][disk]") {
    Shooting shooting;
    shooting.begin();
    shooting.shoot(2);
    const Clock clock;
    LiveHub hub{clock};
    std::atomic<bool> is_done{false};
    std::vector<std::jthread> viewers;
    for (int i = 0; i < 4; ++i)
        viewers.emplace_back([&] {
            while (!is_done) {
                const auto stream = hub.follow(shooting.source(), std::nullopt);
                if (!stream) return;
                std::atomic<bool> is_awake{false};
                const auto wake = std::make_shared<const Wake>([&is_awake] { is_awake = true; });
                stream->subscribe(stream->state().generation, wake);
                static_cast<void>(eventually(300ms, [&] { return is_awake.load() || is_done.load(); }, 1ms));
            }
        });
    for (int i = 0; i < 5; ++i) {
        const auto stream = hub.find(shooting.source().stream_id);
        const std::uint64_t seen = stream ? stream->state().generation : 0;
        shooting.shoot(1);
        REQUIRE(eventually(10s, [&] {
            const auto found = hub.find(shooting.source().stream_id);
            return found && found->state().generation > seen;
        }));
    }
    hub.stop();
    is_done = true;
    viewers.clear();
    shooting.finish();
}

}  // namespace
}  // namespace sluice::api
