#include "api/openings.hpp"

#include "tests/support/demand.hpp"
#include "tests/support/eventually.hpp"

#include <atomic>
#include <future>
#include <thread>

#include <catch2/catch.hpp>

namespace sluice::api {
namespace {

using namespace std::chrono_literals;
using test::eventually;

Status refuse() {
    return failure(Remedy::retry, "no");
}

/// Counts the records.
struct Log {
    Openings openings;
    int records = 0;

    bool open(const Openings::Key& key, std::chrono::seconds quiet, Deadline now) {
        const int before = records;
        CHECK(openings.open(key, quiet, now, [&] { return ++records, Status{}; }));
        return records > before;
    }
    bool use(const Openings::Key& key, Deadline now) {
        const int before = records;
        CHECK(openings.use(key, now, [&] { return ++records, Status{}; }));
        return records > before;
    }
};

const Openings::Key kLive{Uuid{{1}}, "10.0.0.7", Uuid{{2}}, "live"};

TEST_CASE("each opening is recorded once, and again after it was over", "[api][ledger]") {
    Log log;
    const Deadline start{};
    Openings::Key elsewhere = kLive;
    elsewhere.peer = "10.0.0.8";
    Openings::Key media = kLive;
    media.what = "media";
    CHECK(log.open(kLive, 60s, start));
    CHECK_FALSE(log.open(kLive, 60s, start + 59s));
    CHECK(log.open(elsewhere, 60s, start + 59s));
    CHECK_FALSE(log.open(kLive, 60s, start + 118s));
    CHECK(log.open(kLive, 60s, start + 178s));
    // Media belongs to the view that is open and keeps it so.
    CHECK_FALSE(log.use(media, start + 230s));
    CHECK_FALSE(log.open(kLive, 60s, start + 280s));
    // Without one it is a view of its own.
    CHECK(log.use(media, start + 1000s));
    CHECK_FALSE(log.use(media, start + 1001s));
}

TEST_CASE(
    "an opening that could not be recorded stays closed, and the next one is recorded",
    "[api][ledger]"
) {
    Log log;
    const Deadline start{};
    CHECK_FALSE(log.openings.open(kLive, 60s, start, refuse));
    CHECK_FALSE(log.openings.use(kLive, start, refuse));
    CHECK(log.open(kLive, 60s, start));
    // What is open goes on, whatever the log says meanwhile.
    CHECK(log.openings.open(kLive, 60s, start, refuse));
    CHECK(log.openings.use(kLive, start, refuse));
}

TEST_CASE("nobody passes while the record of an opening is being written", "[api][ledger]") {
    for (const bool succeeds : {true, false}) {
        Openings openings;
        std::atomic<bool> is_begun = false;
        std::atomic<bool> may_end = false;
        std::atomic<int> passed = 0;
        std::atomic<int> records = 0;
        const auto now = std::chrono::steady_clock::now();
        auto first = std::async(std::launch::async, [&] {
            const Status opened = openings.open(kLive, 60s, now, [&] {
                is_begun = true;
                test::demand(eventually(20s, [&] { return may_end.load(); }), "the test lets go");
                return succeeds ? Status{} : refuse();
            });
            test::demand(opened.has_value() == succeeds, "the record decides");
        });
        REQUIRE(eventually(20s, [&] { return is_begun.load(); }));
        auto second = std::async(std::launch::async, [&] {
            const Status opened = openings.use(kLive, now, [&] { return ++records, Status{}; });
            test::demand(opened.has_value(), "it is recorded by one of the two");
            ++passed;
        });
        std::this_thread::sleep_for(50ms);  // it may only be too short to see a fault, never too long
        CHECK(passed == 0);
        may_end = true;
        first.get();
        second.get();
        CHECK(passed == 1);
        CHECK(records == (succeeds ? 0 : 1));
    }
}

}  // namespace
}  // namespace sluice::api
