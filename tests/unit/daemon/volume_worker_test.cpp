#include "daemon/volume_worker.hpp"

#include "tests/support/studio.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::test;
using namespace std::chrono_literals;

namespace {

/// How often footage was written through within `time`.
std::size_t count_syncs(Studio& studio, Microseconds time) {
    const std::size_t before = studio.news.durable.size();
    studio.idle(time);
    return studio.news.durable.size() - before;
}

/// Three cameras on one volume, each with an open file; fragments reach the volume when their next key
/// picture comes.
class Trio {
public:
    Trio() : media_(make_media({.seconds = 4})) {
        for (const std::uint8_t number : {std::uint8_t{1}, std::uint8_t{2}, std::uint8_t{3}}) {
            daemon::StreamIdentity identity = studio.identity;
            identity.camera_id = Uuid{{number}};
            identity.stream_id = Uuid{{0x10, number}};
            identity.camera_slug = slug(number);
            outputs_.push_back(std::make_unique<daemon::VolumeOutput>(
                identity.stream_id, 32U << 20U, std::vector{studio.worker.get()}
            ));
            pipelines_.push_back(std::make_unique<daemon::StreamPipeline>(
                identity, std::chrono::seconds{3600}, studio.clock, *outputs_.back()
            ));
        }
        for (int picture = 0; picture < 30; ++picture) {
            studio.clock.pass(Studio::interval(media_));
            for (std::size_t camera = 0; camera < 3; ++camera)
                send(camera);
            studio.worker->step();
        }
    }

    /// 25 pictures more, a key picture among them: a GOP's fragment is handed over.
    void hand_over(std::size_t camera) {
        for (int more = 0; more < 25; ++more)
            send(camera);
    }
    void finish(std::size_t camera) { pipelines_.at(camera)->stop(GapCause::shutdown); }

    /// In one step: the first two have something new, and everything is synced.
    void sync_two() {
        hand_over(0);
        hand_over(1);
        studio.worker->post({Uuid{}, nullptr, daemon::ChangeWindow{200ms}});
        studio.worker->step();
    }

    /// From now on the hook runs at the first sync of a file's bytes.
    void at_first_sync(std::function<void()> hook) {
        before_ = studio.files->records().size();
        studio.files->on_call([this, hook](const CallRecord& call) {
            if (call.call == Call::sync_data && std::exchange(is_first_, false)) hook();
        });
    }
    /// How many syncs of other cameras' bytes came before the camera's first write since then.
    [[nodiscard]] std::size_t count_syncs_before_write(std::size_t camera) const {
        const auto records = studio.files->records();
        const std::string name = slug(camera + 1);
        std::size_t syncs = 0;
        for (std::size_t at = before_; at < records.size(); ++at) {
            const bool is_ours = records[at].path.string().find(name) != std::string::npos;
            if (records[at].call == Call::write && is_ours) return syncs;
            if (records[at].call == Call::sync_data && !is_ours) ++syncs;
        }
        FAIL("nothing was written for " << name);
        return syncs;
    }

    Studio studio{1h};

private:
    static std::string slug(std::size_t number) { return "cam-" + std::to_string(number); }
    void send(std::size_t camera) {
        daemon::AccessUnit unit = Studio::unit(media_, next_.at(camera)++);
        unit.arrival = studio.clock.boot;
        pipelines_.at(camera)->on_access_unit(std::move(unit));
    }

    Media media_;
    std::vector<std::unique_ptr<daemon::VolumeOutput>> outputs_;
    std::vector<std::unique_ptr<daemon::StreamPipeline>> pipelines_;
    std::array<std::size_t, 3> next_{};  // picture of each
    std::size_t before_ = 0;
    bool is_first_ = true;
};

}  // namespace

TEST_CASE("a fragment waits for one flush of the disk when other cameras' segments end", "[daemon][disk]") {
    Trio trio;
    SECTION("one that was handed over after them") {
        trio.at_first_sync([] {});
        trio.finish(0);
        trio.finish(1);
        trio.hand_over(2);
        trio.studio.worker->step();
        CHECK(trio.count_syncs_before_write(2) == 0);
    }
    SECTION("one that comes while the first is flushed") {
        trio.at_first_sync([&] { trio.hand_over(2); });
        trio.finish(0);
        trio.finish(1);
        trio.studio.worker->step();
        CHECK(trio.count_syncs_before_write(2) == 1);
    }
    CHECK(trio.studio.news.finished.size() == 2);
}

TEST_CASE("a fragment that comes while open files are synced waits for one of them", "[daemon][disk]") {
    Trio trio;
    trio.at_first_sync([&] { trio.hand_over(2); });
    trio.sync_two();
    CHECK(trio.count_syncs_before_write(2) == 1);
    CHECK(trio.studio.news.durable.size() >= 2);
}

TEST_CASE(
    "a camera whose write fails between two syncs is not told durable after it was told lost",
    "[daemon][disk]"
) {
    Trio trio;
    const std::size_t told = trio.studio.news.durable.size();
    // The camera that is synced first: its own write comes next, and fails.
    trio.at_first_sync([&] {
        trio.hand_over(0);
        trio.studio.files->fail_nth(Call::write, 1);
    });
    trio.sync_two();
    REQUIRE(trio.studio.news.suspect.size() == 1);
    const auto& durable = trio.studio.news.durable;
    CHECK(std::ranges::none_of(
        durable.begin() + static_cast<std::ptrdiff_t>(told),
        durable.end(),
        [](const auto& open) { return open.row.path.string().find("cam-1") != std::string::npos; }
    ));
}

TEST_CASE(
    "a shorter window syncs at once and then in its own pace, and the usual one comes back",
    "[daemon][disk]"
) {
    Studio studio{1h};  // with a window of 2 s
    studio.play(make_media({.seconds = 4}));
    const std::size_t usual = count_syncs(studio, 10s);
    CHECK(usual <= 6);
    const std::size_t before = studio.news.durable.size();
    studio.worker->post({Uuid{}, nullptr, daemon::ChangeWindow{200ms}});
    studio.worker->step();
    CHECK(studio.news.durable.size() == before + 1);
    CHECK(count_syncs(studio, 10s) >= 40);
    studio.worker->post({Uuid{}, nullptr, daemon::ChangeWindow{2s}});
    studio.worker->step();
    CHECK(count_syncs(studio, 10s) <= 7);
}
