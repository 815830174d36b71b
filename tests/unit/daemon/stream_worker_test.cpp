#include "daemon/stream_worker.hpp"

#include "tests/support/eventually.hpp"
#include "tests/support/studio.hpp"

#include <latch>

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::daemon;

namespace {

constexpr std::chrono::seconds kLimit{10};

/// Does not come back when it is told to, as a name server may not.
class HangingSource final : public Source {
public:
    HangingSource(std::latch& entered, std::latch& released) : entered_(entered), released_(released) {}
    Status run(SourceSink& /*sink*/, const std::stop_token& /*stop*/) override {
        entered_.count_down();
        released_.wait();
        return failure(Remedy::cancelled, "stopped");
    }

private:
    std::latch& entered_;
    std::latch& released_;
};

class CollectedFacts final : public SegmentOutput {
public:
    explicit CollectedFacts(Guarded<std::vector<volume::JournalFact>>& facts) : facts_(facts) {}
    Status choose_volume() override { return {}; }
    bool reserve(std::size_t /*bytes*/, bool /*after_overflow*/) override { return true; }
    void release(std::size_t /*bytes*/) override {}
    void begin(BeginSegment /*segment*/) override {}
    void append(AppendFragment /*fragment*/) override {}
    void finish(FinishSegment /*segment*/) override {}
    void journal(volume::JournalFact fact) override {
        facts_.with([&](auto& facts) { facts.push_back(std::move(fact)); });
    }
    std::optional<SegmentFailure> take_failure() override { return std::nullopt; }

private:
    Guarded<std::vector<volume::JournalFact>>& facts_;
};

struct Stage {
    Stage() {
        StreamSurroundings surroundings;
        surroundings.make_source = [this](const StreamSettings&) {
            return std::make_unique<HangingSource>(entered, released);
        };
        surroundings.find_comeback = [](const StreamIdentity& identity) {
            return Comeback{
                {},
                volume::GapOpened{Uuid{{3}}, identity.stream_id, UtcTime{}, GapCause::camera_unreachable, {}}
            };
        };
        surroundings.output = std::make_unique<CollectedFacts>(facts);
        StreamSettings settings;
        settings.identity.stream_id = Uuid{{7}};
        settings.identity.camera_slug = "lobby-1";
        worker = std::make_unique<StreamWorker>(std::move(settings), std::move(surroundings), clock);
        worker->start();
        entered.wait();
        worker->request_stop(GapCause::maintenance);
    }
    [[nodiscard]] std::size_t count() const {
        return facts.with([](const auto& list) { return list.size(); });
    }

    std::latch entered{1};
    std::latch released{1};
    Guarded<std::vector<volume::JournalFact>> facts;
    RealClock clock;
    std::unique_ptr<StreamWorker> worker;
};

}  // namespace

TEST_CASE("I15: a stream that hangs says nothing more once another has taken over", "[daemon][stream]") {
    Stage stage;
    CHECK_FALSE(stage.worker->has_ended());
    const auto gap = stage.worker->abandon();
    stage.released.count_down();
    REQUIRE(gap);
    CHECK(gap->gap_id == Uuid{{3}});
    REQUIRE(test::eventually(kLimit, [&] { return stage.worker->has_ended(); }));
    stage.worker->join();
    CHECK(stage.count() == 0);
}

TEST_CASE("a stream that is told to stop closes its gap and opens the next", "[daemon][stream]") {
    Stage stage;
    stage.released.count_down();
    REQUIRE(test::eventually(kLimit, [&] { return stage.worker->has_ended(); }));
    stage.worker->join();
    CHECK(stage.count() == 2);
    REQUIRE(stage.worker->last_gap());
    CHECK(stage.worker->last_gap()->cause == GapCause::maintenance);
}
