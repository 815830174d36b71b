#include "daemon/gap_tracker.hpp"

#include <map>
#include <random>

#include <catch2/catch.hpp>

using namespace sluice;
using daemon::GapTracker;

namespace {

UtcTime at_s(std::int64_t seconds) {
    return UtcTime{std::chrono::seconds{1'700'000'000 + seconds}};
}

struct Book {
    std::uint8_t last = 0;
    Uuid stream{{1}};
    GapTracker tracker{stream, [this] { return Uuid{{9, ++last}}; }};
    std::map<Uuid, volume::GapOpened> opened;
    std::map<Uuid, UtcTime> closed;

    void take(const GapTracker::Facts& facts) {
        for (const auto& fact : facts) {
            if (const auto* gap = std::get_if<volume::GapOpened>(&fact)) opened[gap->gap_id] = *gap;
            if (const auto* end = std::get_if<volume::GapClosed>(&fact)) closed[end->gap_id] = end->to;
        }
    }
};

}  // namespace

TEST_CASE("a stream's very first start has no gap", "[daemon][gaps]") {
    Book book;
    book.take(book.tracker.open(at_s(0), GapCause::waiting_key_frame, {}));
    book.take(book.tracker.close(at_s(2)));
    CHECK(book.opened.empty());
    CHECK(book.tracker.state() == GapTracker::State::covered);
}

TEST_CASE("a camera that can't be reached from the start is a gap", "[daemon][gaps]") {
    Book book;
    book.take(book.tracker.open(at_s(0), GapCause::camera_unreachable, "refused"));
    CHECK(book.opened.size() == 1);
}

TEST_CASE("I15: causes that change make gaps that touch and do not overlap", "[daemon][gaps]") {
    Book book;
    book.take(book.tracker.close(at_s(0)));
    book.take(book.tracker.open(at_s(10), GapCause::stream_stalled, {}));
    book.take(book.tracker.open(at_s(18), GapCause::camera_unreachable, {}));
    book.take(book.tracker.open(at_s(19), GapCause::camera_unreachable, {}));  // the same trouble again
    book.take(book.tracker.open(at_s(30), GapCause::waiting_key_frame, {}));
    book.take(book.tracker.close(at_s(31)));
    REQUIRE(book.opened.size() == 3);
    REQUIRE(book.closed.size() == 3);
    UtcTime place = at_s(10);
    for (const auto& [id, gap] : book.opened) {
        CHECK(gap.from == place);
        place = book.closed.at(id);
    }
    CHECK(place == at_s(31));
    const auto stretch = book.tracker.take_stretch();
    REQUIRE(stretch);
    CHECK(stretch->from == at_s(10));
    CHECK(stretch->cause == GapCause::camera_unreachable);  // its longest part
    CHECK_FALSE(book.tracker.take_stretch());
}

TEST_CASE("a gap left open by an earlier life goes on under its id", "[daemon][gaps]") {
    Book book;
    const Uuid id{{77}};
    book.tracker.resume({id, book.stream, at_s(0), GapCause::recorder_crash, {}});
    book.take(book.tracker.close(at_s(5)));
    CHECK(book.opened.empty());
    CHECK(book.closed.at(id) == at_s(5));
}

TEST_CASE("I15: footage that is taken back leaves the gaps inside it as they are", "[daemon][gaps]") {
    Book book;
    book.take(book.tracker.close(at_s(0)));
    book.take(book.tracker.note({at_s(3), at_s(4)}, GapCause::packet_loss, {}));
    book.take(book.tracker.note({at_s(6), at_s(8)}, GapCause::stream_stalled, {}));
    book.take(book.tracker.retract({at_s(2), at_s(10)}, GapCause::volume_missing, "EIO"));
    std::map<UtcTime, std::pair<UtcTime, GapCause>> gaps;
    for (const auto& [id, gap] : book.opened)
        gaps[gap.from] = {book.closed.at(id), gap.cause};
    CHECK(
        (gaps ==
         std::map<UtcTime, std::pair<UtcTime, GapCause>>{
             {at_s(2), {at_s(3), GapCause::volume_missing}},
             {at_s(3), {at_s(4), GapCause::packet_loss}},
             {at_s(4), {at_s(6), GapCause::volume_missing}},
             {at_s(6), {at_s(8), GapCause::stream_stalled}},
             {at_s(8), {at_s(10), GapCause::volume_missing}},
         })
    );
    CHECK(book.tracker.state() == GapTracker::State::covered);
    CHECK(book.tracker.retract({at_s(5), at_s(5)}, GapCause::volume_missing, {}).empty());
}

TEST_CASE("I15: what is taken back while a gap is open ends where that begins", "[daemon][gaps]") {
    Book book;
    book.take(book.tracker.close(at_s(0)));
    book.take(book.tracker.open(at_s(5), GapCause::disk_slow, {}));
    book.opened.clear();
    book.take(book.tracker.retract({at_s(1), at_s(9)}, GapCause::volume_missing, {}));
    REQUIRE(book.opened.size() == 1);
    CHECK(book.opened.begin()->second.from == at_s(1));
    CHECK(book.closed.at(book.opened.begin()->first) == at_s(5));
    CHECK(book.tracker.gap().cause == GapCause::disk_slow);
}

TEST_CASE("I15: covered time and gaps are contiguous and disjoint, whatever happens", "[daemon][gaps]") {
    std::minstd_rand random{3};
    const std::array causes{
        GapCause::camera_unreachable, GapCause::disk_slow, GapCause::waiting_key_frame, GapCause::packet_loss
    };
    for (int round = 0; round < 100; ++round) {
        Book book;
        book.take(book.tracker.close(at_s(0)));
        UtcTime now = at_s(0);
        for (int i = 0; i < 200; ++i) {
            now += Microseconds{static_cast<std::int64_t>(random() % 3'000'000)};
            const GapCause cause = causes.at(random() % causes.size());
            const UtcTime early = now - Microseconds{static_cast<std::int64_t>(random() % 1'000'000)};
            switch (random() % 4) {
                case 0:
                    book.take(book.tracker.open(early, cause, {}));
                    break;
                case 1:
                    book.take(book.tracker.close(now));
                    break;
                case 2:
                    book.take(book.tracker.note({early, now}, cause, {}));
                    break;
                default:
                    book.take(book.tracker.retract({early, now}, cause, {}));
                    break;
            }
        }
        book.take(book.tracker.close(now + Microseconds{1}));
        REQUIRE(book.opened.size() == book.closed.size());
        std::vector<TimeRange> gaps;
        for (const auto& [id, gap] : book.opened)
            gaps.push_back({gap.from, book.closed.at(id)});
        std::sort(gaps.begin(), gaps.end(), [](const TimeRange& a, const TimeRange& b) {
            return a.from < b.from;
        });
        for (std::size_t i = 0; i < gaps.size(); ++i) {
            CHECK_FALSE(gaps[i].is_empty());
            if (i > 0) CHECK(gaps[i - 1].to <= gaps[i].from);
        }
    }
}
