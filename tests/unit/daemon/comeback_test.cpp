#include "daemon/comeback.hpp"

#include "daemon/backoff.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::daemon;

namespace {

const Uuid kStream{{1}};
const Uuid kRun{{2}};
const Uuid kGap{{3}};
const Uuid kFresh{{4}};

UtcTime at_s(std::int64_t seconds) {
    return UtcTime{std::chrono::seconds{1'700'000'000 + seconds}};
}

Comeback come_back_after(std::vector<volume::JournalFact> facts, const LastLife& life) {
    std::vector<volume::JournalLine> lines;
    for (auto& fact : facts)
        lines.push_back({at_s(0), std::move(fact)});
    const auto histories = replay(lines);
    const auto found = histories.find(kStream);
    return come_back(kStream, found == histories.end() ? StreamHistory{} : found->second, life, kFresh);
}

template <class Fact>
const Fact* find(const Comeback& comeback) {
    for (const auto& fact : comeback.facts)
        if (const auto* found = std::get_if<Fact>(&fact)) return found;
    return nullptr;
}

}  // namespace

TEST_CASE("a stream without any past begins without a gap", "[daemon][comeback]") {
    CHECK_FALSE(come_back_after({}, {std::nullopt, std::nullopt, false, at_s(100)}).gap);
}

TEST_CASE(
    "a run that never ended is a crash from the last footage on, or power when the machine went too",
    "[daemon][comeback]"
) {
    for (const bool rebooted : {false, true}) {
        const auto comeback = come_back_after(
            {volume::RunStarted{kRun, kStream, at_s(10), true}}, {at_s(50), at_s(51), rebooted, at_s(100)}
        );
        REQUIRE(comeback.gap);
        CHECK(comeback.gap->from == at_s(50));
        CHECK(comeback.gap->cause == (rebooted ? GapCause::power : GapCause::recorder_crash));
        const auto* ended = find<volume::RunEnded>(comeback);
        REQUIRE(ended);
        CHECK(ended->at == at_s(50));
        CHECK(ended->run_id == kRun);
    }
}

TEST_CASE(
    "a gap opened by an orderly stop lasts until footage comes back, under its own id",
    "[daemon][comeback]"
) {
    const auto comeback = come_back_after(
        {volume::RunStarted{kRun, kStream, at_s(10), true},
         volume::RunEnded{kRun, at_s(50), GapCause::shutdown, 25, 1},
         volume::GapOpened{kGap, kStream, at_s(50), GapCause::shutdown, {}}},
        {at_s(50), at_s(50), false, at_s(100)}
    );
    REQUIRE(comeback.gap);
    CHECK(comeback.gap->gap_id == kGap);
    CHECK(comeback.facts.empty());
}

TEST_CASE(
    "a crash while the camera was away: the first gap ends where the recorder was last seen",
    "[daemon][comeback]"
) {
    const auto comeback = come_back_after(
        {volume::RunStarted{kRun, kStream, at_s(10), true},
         volume::RunEnded{kRun, at_s(20), GapCause::camera_unreachable, 25, 1},
         volume::GapOpened{kGap, kStream, at_s(20), GapCause::camera_unreachable, {}}},
        {at_s(20), at_s(60), false, at_s(100)}
    );
    REQUIRE(comeback.gap);
    CHECK(comeback.gap->gap_id == kFresh);
    CHECK(comeback.gap->from == at_s(60));
    CHECK(comeback.gap->cause == GapCause::recorder_crash);
    const auto* closed = find<volume::GapClosed>(comeback);
    REQUIRE(closed);
    CHECK(closed->gap_id == kGap);
    CHECK(closed->to == at_s(60));
}

TEST_CASE("killed twice without footage in between: still one gap", "[daemon][comeback]") {
    const auto comeback = come_back_after(
        {volume::GapOpened{kGap, kStream, at_s(20), GapCause::recorder_crash, {}}},
        {at_s(20), at_s(30), false, at_s(100)}
    );
    REQUIRE(comeback.gap);
    CHECK(comeback.gap->gap_id == kGap);
    CHECK(comeback.facts.empty());
}

TEST_CASE("footage behind an open gap shows that its end was lost", "[daemon][comeback]") {
    const auto comeback = come_back_after(
        {volume::GapOpened{kGap, kStream, at_s(20), GapCause::stream_stalled, {}},
         volume::RunStarted{kRun, kStream, at_s(30), true}},
        {at_s(50), at_s(51), false, at_s(100)}
    );
    REQUIRE(find<volume::GapClosed>(comeback));
    REQUIRE(comeback.gap);
    CHECK(comeback.gap->from == at_s(50));
    CHECK(comeback.gap->cause == GapCause::recorder_crash);
}

TEST_CASE("an end in order without a gap keeps its cause", "[daemon][comeback]") {
    const auto comeback = come_back_after(
        {volume::RunStarted{kRun, kStream, at_s(10), true},
         volume::RunEnded{kRun, at_s(50), GapCause::disabled_by_operator, 25, 1}},
        {at_s(50), at_s(50), false, at_s(100)}
    );
    REQUIRE(comeback.gap);
    CHECK(comeback.gap->cause == GapCause::disabled_by_operator);
}

TEST_CASE("an ending that is read before its beginning, or without it, still ends it", "[daemon][comeback]") {
    const volume::RunStarted run{kRun, kStream, at_s(10), true};
    const volume::GapOpened gap{kGap, kStream, at_s(50), GapCause::camera_unreachable, {}};
    // Two volumes' journals after a step of the clock: the lines come in the wrong order.
    const auto swapped = come_back_after(
        {volume::GapClosed{kGap, at_s(60), gap},
         volume::RunEnded{kRun, at_s(90), GapCause::shutdown, 25, 1, run},
         run,
         gap},
        {at_s(90), at_s(90), false, at_s(100)}
    );
    CHECK(find<volume::GapClosed>(swapped) == nullptr);
    CHECK(find<volume::RunEnded>(swapped) == nullptr);
    REQUIRE(swapped.gap);
    CHECK(swapped.gap->cause == GapCause::shutdown);
    // The journal with the beginning is on a volume that is away.
    const auto alone = come_back_after(
        {volume::RunEnded{kRun, at_s(90), GapCause::shutdown, 25, 1, run}},
        {at_s(90), at_s(90), false, at_s(100)}
    );
    REQUIRE(alone.gap);
    CHECK(alone.gap->cause == GapCause::shutdown);
}

TEST_CASE("waiting for a camera doubles up to half a minute and is spread", "[daemon][backoff]") {
    using std::chrono::milliseconds;
    CHECK(reconnect_delay(Patience::transient, 0, 0.0) == milliseconds{250});
    CHECK(reconnect_delay(Patience::transient, 0, 0.999) < milliseconds{500});
    for (unsigned attempt = 1; attempt < 6; ++attempt)
        CHECK(
            reconnect_delay(Patience::transient, attempt, 0.5) ==
            2 * reconnect_delay(Patience::transient, attempt - 1, 0.5)
        );
    for (unsigned attempt = 6; attempt < 200; ++attempt) {
        CHECK(reconnect_delay(Patience::transient, attempt, 0.999) <= milliseconds{30'000});
        CHECK(reconnect_delay(Patience::transient, attempt, 0.0) >= milliseconds{15'000});
    }
    CHECK(reconnect_delay(Patience::persistent, 0, 0.0) == milliseconds{30'000});
    CHECK(reconnect_delay(Patience::persistent, 9, 0.999) < milliseconds{60'000});
}
