// Random histories: recordings, holds, purges and years that pass. What the law says holds in each of them.
#include "storage/retention/plan.hpp"

#include <algorithm>
#include <map>
#include <random>

#include <catch2/catch.hpp>

namespace sluice::retention {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;
using std::chrono::hours;

constexpr int kHistories = 300;

/// A site in time: what lies on which disk, and who holds what.
class History {
public:
    explicit History(unsigned seed) : random_(seed) {
        for (int i = 0; i < 3; ++i) {
            cameras_.push_back(new_id());
            volumes_.push_back(new_id());
        }
        history_ = {version(now_ - days{900})};
        if (chance(50)) history_.push_back(version(now_ - days{pick(0, 400)}));
    }

    void live(int steps) {
        for (int i = 0; i < steps; ++i) {
            record();
            if (chance(20)) place_hold();
            if (chance(10)) release_hold();
            now_ += hours{pick(1, 24 * 30)};
            if (chance(10)) now_ -= hours{pick(1, 24 * 10)};  // somebody set the clock back
            if (chance(60)) purge();
        }
    }

    void purge() {
        const std::set<Uuid> present = verified();
        const Holds index{holds_};
        const auto plan = make_plan(segments_, index, history_, present, now_);
        REQUIRE(plan.size() == segments_.size());
        std::vector<SegmentFacts> left;
        for (std::size_t i = 0; i < plan.size(); ++i) {
            judge(segments_[i], plan[i], present);
            if (!plan[i].is_destroyed) left.push_back(segments_[i]);
        }
        segments_ = std::move(left);
        // Twice changes nothing the second time.
        for (const Decision& decision : make_plan(segments_, index, history_, present, now_))
            CHECK_FALSE(decision.is_destroyed);
    }

    void make_room() {
        const Uuid volume = volumes_[at_random(volumes_)];
        std::vector<SegmentFacts> on_it;
        std::ranges::copy_if(segments_, std::back_inserter(on_it), [&](const SegmentFacts& s) {
            return s.volume_id == volume;
        });
        std::ranges::sort(on_it, {}, [](const SegmentFacts& s) { return s.range.from; });
        const bool may_breach = chance(30);
        const auto needed = static_cast<std::uint64_t>(pick(0, 2000));
        const SpacePlan plan = make_space_plan(on_it, Holds{holds_}, history_, needed, may_breach, now_);
        bool has_breached = false;
        for (std::size_t i = 0; i < on_it.size(); ++i) {
            const Decision& decision = plan.decisions[i];
            if (!decision.is_destroyed) continue;
            const bool is_young = now_ - on_it[i].range.to < floor_by_hand(on_it[i]);
            CHECK((decision.rule == Rule::breach_floor) == is_young);
            has_breached |= is_young;
            if (decision.rule != Rule::ceiling) CHECK_FALSE(is_held(on_it[i], false));
            std::erase_if(segments_, [&](const SegmentFacts& s) { return s.id == on_it[i].id; });
        }
        CHECK(plan.has_breached == has_breached);
        CHECK((may_breach || !has_breached));
        CHECK(plan.is_enough == (plan.freed_bytes >= needed));
    }

private:
    policy::Version version(UtcTime valid_from) {
        policy::Version made{.number = 1, .valid_from = valid_from, .policy = {}};
        made.policy.floor_days = static_cast<unsigned>(pick(1, 90));
        made.policy.ceiling_years = 1;
        made.policy.keep_days = chance(70) ? static_cast<unsigned>(pick(1, 120)) : 0;
        return made;
    }
    int pick(int low, int high) { return std::uniform_int_distribution<int>{low, high}(random_); }
    bool chance(int percent) { return pick(1, 100) <= percent; }
    template <class List>
    std::size_t at_random(const List& list) {
        return static_cast<std::size_t>(pick(0, static_cast<int>(list.size()) - 1));
    }
    Uuid new_id() {
        Uuid id;
        for (auto& byte : id.bytes)
            byte = static_cast<std::uint8_t>(pick(0, 255));
        return id;
    }

    void record() {
        for (int i = pick(1, 5); i > 0; --i) {
            const UtcTime from = now_ - Microseconds{std::int64_t{pick(0, 86'400)} * 1'000'000};
            segments_.push_back({
                .id = new_id(),
                .camera_id = cameras_[at_random(cameras_)],
                .volume_id = volumes_[at_random(volumes_)],
                .range = {from, from + std::chrono::seconds{pick(1, 86'400)}},
                .bytes = static_cast<std::uint64_t>(pick(1, 100)),
            });
        }
    }
    void place_hold() {
        const UtcTime from = now_ - days{pick(0, 400)};
        HoldFacts hold{
            .id = new_id(),
            .camera_ids = {cameras_[at_random(cameras_)]},
            .interval = {from, from + hours{pick(0, 24 * 60)}},
            .outlives_ceiling = chance(30),
        };
        if (chance(30)) hold.camera_ids.push_back(cameras_[at_random(cameras_)]);
        holds_.push_back(std::move(hold));
    }
    void release_hold() {
        if (!holds_.empty()) holds_.erase(holds_.begin() + static_cast<std::ptrdiff_t>(at_random(holds_)));
    }
    /// Volumes that are there and are what they should be.
    std::set<Uuid> verified() {
        std::set<Uuid> present;
        for (const Uuid& volume : volumes_)
            if (chance(80)) present.insert(volume);
        return present;
    }

    // The law once more, in other words than the code's.
    [[nodiscard]] bool is_held(const SegmentFacts& segment, bool by_law) const {
        return std::ranges::any_of(holds_, [&](const HoldFacts& hold) {
            return std::ranges::count(hold.camera_ids, segment.camera_id) > 0 &&
                   std::max(hold.interval.from, segment.range.from) <
                       std::min(hold.interval.to, segment.range.to) &&
                   (!by_law || hold.outlives_ceiling);
        });
    }
    [[nodiscard]] days floor_by_hand(const SegmentFacts& segment) const {
        // The one in force when it began, and every one since.
        unsigned highest = history_.front().policy.floor_days;
        for (const policy::Version& one : history_)
            if (one.valid_from <= segment.range.from) highest = one.policy.floor_days;
        for (const policy::Version& one : history_)
            if (segment.range.from <= one.valid_from && one.valid_from <= now_)
                highest = std::max(highest, one.policy.floor_days);
        return days{highest};
    }
    void judge(const SegmentFacts& segment, const Decision& decision, const std::set<Uuid>& present) {
        const bool is_young = now_ - segment.range.to < floor_by_hand(segment);
        const bool is_over = now_ >= destroy_by(segment.range.from, 1);
        if (decision.is_destroyed) {
            CHECK_FALSE(is_young);
            CHECK(present.contains(segment.volume_id));
            CHECK_FALSE(is_held(segment, is_over));
            CHECK(segment.range.from <= latest_start_that_may_go(history_, now_));
        }
        if (is_over && !is_young && !is_held(segment, true) && present.contains(segment.volume_id))
            CHECK(decision.is_destroyed);
        CHECK(decision.holds.empty() == !is_held(segment, false));
    }

    std::mt19937 random_;
    UtcTime now_ = from_rfc3339("2026-11-23T10:00:00Z").value();
    policy::History history_;
    std::vector<Uuid> cameras_;
    std::vector<Uuid> volumes_;
    std::vector<SegmentFacts> segments_;
    std::vector<HoldFacts> holds_;
};

TEST_CASE(
    "art. 7(3), 7(5), 7(4): in random histories no purge removes what is young, held or elsewhere, none "
    "leaves "
    "what is over a year old, and a second one finds nothing",
    "[retention][rule]"
) {
    for (unsigned seed = 1; seed <= kHistories; ++seed) {
        INFO("history " << seed);
        History{seed}.live(40);
    }
}

TEST_CASE(
    "art. 7(3): in random histories room is never made of held footage, nor below the floor without leave",
    "[retention][rule]"
) {
    for (unsigned seed = 1; seed <= kHistories; ++seed) {
        INFO("history " << seed);
        History history{seed + kHistories};
        history.live(10);
        for (int i = 0; i < 10; ++i)
            history.make_room();
    }
}

}  // namespace
}  // namespace sluice::retention
