#include "daemon/volume_worker.hpp"

#include "tests/support/studio.hpp"

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

}  // namespace

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
