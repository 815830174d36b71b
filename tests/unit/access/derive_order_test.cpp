#include "storage/access/alarm_book.hpp"
#include "tests/unit/access/derive_stage.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <random>

#include <catch2/catch.hpp>

namespace sluice::access::test {
namespace {

constexpr auto kCodes = std::to_array<const char*>({
    "door.opened",
    "door.closed",
    "door.opened",
    "door.closed",
    "access.granted",
    "door.rex",
    "door.lock_state",
    "door.forced_open",
    "acs.controller_online",
    "acs.controller_offline",
});

/// A month as it may be: bursts, holes, numbers that are missing, a clock that is off at times.
std::vector<Event> make_month(std::mt19937& random) {
    const auto pick = [&](unsigned below) {
        return std::uniform_int_distribution<unsigned>{0, below - 1}(random);
    };
    const auto doors = house().doors;
    std::vector<Event> events;
    std::uint64_t index = 100;
    for (UtcTime time = at(1, 0h); time < at(30, 0h);) {
        time += std::chrono::seconds{pick(40) == 0 ? pick(200'000) : pick(4'000) + 1};
        Event made = event(kCodes.at(pick(kCodes.size())), doors.at(pick(5)).door.slug, time);
        made.id = "e" + std::to_string(events.size());
        made.direction = pick(2) == 0 ? Direction::in : Direction::out;
        if (made.code == "door.lock_state")
            made.data = pick(2) == 0 ? R"({"State":"Unlocked"})" : R"({"State":"Locked"})";
        if (pick(2) == 0) made.index = index;
        index += pick(12) == 0 ? 3 : 1;
        made.received = time + std::chrono::seconds{pick(3) == 0 ? pick(100'000) : pick(5)};
        if (pick(60) == 0) made.received = time - 5min;
        events.push_back(std::move(made));
    }
    return events;
}

/// The evidence as the keeper asks the catalogue for it: all of the context, and beyond it what stood there
/// last before and first behind.
Evidence evidence_for(std::vector<Event> known, const TimeRange& context) {
    std::ranges::sort(known, {}, [](const Event& one) {
        return std::tuple{time_of(one), one.source, one.index.value_or(0), one.id};
    });
    std::map<std::string, Event> chosen;
    const auto choose = [&](const Event& one) { chosen.emplace(one.id, one); };
    std::size_t before = 0;
    std::vector<const Event*> behind;
    for (const Event& one : known) {
        if (context.contains(time_of(one))) choose(one);
        if (time_of(one) < context.from) ++before;
        if (time_of(one) >= context.to) behind.push_back(&one);
    }
    for (std::size_t i = before > kNeighbours ? before - kNeighbours : 0; i < before; ++i)
        choose(known[i]);
    for (std::size_t i = 0; i < std::min(kNeighbours, behind.size()); ++i)
        choose(*behind[i]);
    for (const auto& facts : house().doors) {
        const auto of_door = [&](const Event& one, const char* code) {
            return one.door == facts.door.slug && one.code == code;
        };
        const Event* closed = nullptr;
        const Event* opened = nullptr;
        const Event* locked = nullptr;
        const Event* unlocked = nullptr;
        for (std::size_t i = 0; i < before; ++i) {
            const Event& one = known[i];
            if (of_door(one, "door.closed")) closed = &one, opened = nullptr;
            if ((of_door(one, "door.opened") || of_door(one, "door.forced_open")) && opened == nullptr)
                opened = &one;
            if (one.door != facts.door.slug || !is_unlocked(one)) continue;
            if (!*is_unlocked(one)) locked = &one, unlocked = nullptr;
            if (*is_unlocked(one) && unlocked == nullptr) unlocked = &one;
        }
        for (const Event* one : {closed, opened, locked, unlocked})
            if (one != nullptr) choose(*one);
        for (const auto& ends :
             {std::function<bool(const Event&)>{[&](const Event& one) { return of_door(one, "door.closed"); }
              },
              std::function<bool(const Event&)>{[&](const Event& one) {
                  return one.door == facts.door.slug && is_unlocked(one) && !*is_unlocked(one);
              }}}) {
            const auto found = std::ranges::find_if(behind, [&](const Event* one) { return ends(*one); });
            if (found != behind.end()) choose(**found);
        }
    }
    Evidence evidence{.events = {}, .covers = context};
    for (auto& [id, one] : chosen)
        evidence.events.push_back(std::move(one));
    return evidence;
}

/// What the keeper would have written after each batch.
class Book {
public:
    void take(const std::vector<Event>& batch, UtcTime now) {
        UtcTime from = time_of(batch.front());
        UtcTime last = from;
        for (const Event& one : batch) {
            known_.push_back(one);
            from = std::min(from, time_of(one));
            last = std::max(last, time_of(one));
        }
        std::optional<UtcTime> next;
        for (const Event& one : known_)
            if (time_of(one) > last && (!next || time_of(one) < *next)) next = time_of(one);
        look(window_of(from, last, settled(batch, last, now)), now);
        if (next) look(window_behind(*next), now);
    }
    void look(const TimeRange& window, UtcTime now) {
        const auto derived = derive(house(), evidence_for(known_, context_of(window)), window, now);
        std::vector<KnownAlarm> stored;
        for (const auto& [id, one] : alarms_)
            stored.push_back(one);
        const BookChanges changes = reconcile(stored, derived, window);
        for (const auto* list : {&changes.raised, &changes.changed, &changes.restored})
            for (const Alarm& alarm : *list)
                alarms_[alarm.id] = {alarm, false};
        for (const Uuid& id : changes.refuted)
            alarms_[id].is_refuted = true;
    }
    [[nodiscard]] std::vector<Alarm> standing() const {
        std::vector<Alarm> alarms;
        for (const auto& [id, one] : alarms_)
            if (!one.is_refuted) alarms.push_back(one.alarm);
        std::ranges::sort(alarms, {}, [](const Alarm& alarm) { return std::tuple{alarm.at, alarm.id}; });
        return alarms;
    }

private:
    /// When the last of the doors of the batch moved next.
    [[nodiscard]] std::optional<UtcTime> settled(const std::vector<Event>& batch, UtcTime last, UtcTime now)
        const {
        std::optional<UtcTime> latest;
        for (const Event& one : batch) {
            const bool is_lock = is_unlocked(one).has_value();
            if (!is_lock && !is_move(one)) continue;
            UtcTime moved = now;
            for (const Event& other : known_)
                if (other.door == one.door && time_of(other) > last &&
                    (is_lock ? is_unlocked(other).has_value() : is_move(other)))
                    moved = std::min(moved, time_of(other));
            latest = std::max(latest.value_or(moved), moved);
        }
        return latest;
    }
    static bool is_move(const Event& one) {
        return one.code == "door.opened" || one.code == "door.forced_open" || one.code == "door.closed";
    }

    std::vector<Event> known_;
    std::map<Uuid, KnownAlarm> alarms_;
};

/// Lines of the one that the other does not have: what a failure shows.
std::vector<std::string> less(const std::vector<std::string>& left, const std::vector<std::string>& right) {
    std::vector<std::string> rest;
    std::ranges::copy_if(left, std::back_inserter(rest), [&](const std::string& line) {
        return std::ranges::find(right, line) == right.end();
    });
    return rest;
}

std::vector<std::string> describe(const std::vector<Alarm>& alarms) {
    std::vector<std::string> lines;
    for (const Alarm& alarm : alarms)
        lines.push_back(
            std::string{to_string(alarm.kind)} + ' ' + alarm.door + ' ' + to_rfc3339(alarm.at) + ' ' +
            (alarm.until ? to_rfc3339(*alarm.until) : "-") + ' ' + alarm.cause
        );
    return lines;
}

TEST_CASE(
    "the order in which a month's events come, and in what batches, does not matter",
    "[access][rule]"
) {
    const UtcTime now = at(30, 12h);
    for (unsigned seed = 1; seed <= 2; ++seed) {
        CAPTURE(seed);
        std::mt19937 random{seed};
        auto events = make_month(random);
        const auto whole = alarms_of(events, house(), now);
        REQUIRE(whole.size() > 50);
        std::ranges::shuffle(events, random);
        CHECK((describe(alarms_of(events, house(), now)) == describe(whole)));
        // Mostly in order, as from a controller that was away now and then.
        std::ranges::sort(events, {}, &Event::received);
        for (std::size_t i = 0; i < events.size() / 20; ++i)
            std::swap(events[random() % events.size()], events[random() % events.size()]);
        Book book;
        for (std::size_t i = 0; i < events.size();) {
            const std::size_t count = std::min<std::size_t>(1 + random() % 40, events.size() - i);
            book.take(
                {events.begin() + static_cast<std::ptrdiff_t>(i),
                 events.begin() + static_cast<std::ptrdiff_t>(i + count)},
                now
            );
            i += count;
        }
        CHECK(less(describe(book.standing()), describe(whole)) == std::vector<std::string>{});
        CHECK(less(describe(whole), describe(book.standing())) == std::vector<std::string>{});
        // Once more changes nothing.
        book.look({at(1, 0h), at(30, 0h)}, now);
        CHECK((describe(book.standing()) == describe(whole)));
    }
}

TEST_CASE(
    "a door that was locked long ago, and told it late, was not open each evening since",
    "[access][rule]"
) {
    Book book;
    const UtcTime now = at(27, 12h);  // a Friday
    const auto evenings = [&] {
        return std::ranges::count(book.standing(), AlarmKind::after_hours_unlocked, &Alarm::kind);
    };
    auto lock = event("door.lock_state", "room", at(23, 9h));
    lock.data = R"({"State":"Unlocked"})";
    book.take({lock}, now);
    CHECK(evenings() == 4);  // Monday to Thursday
    // The other doors are busy meanwhile.
    book.take(
        {event("door.opened", "1f-main", at(23, 11h)), event("door.closed", "1f-main", at(23, 11h) + 5s)}, now
    );
    lock = event("door.lock_state", "room", at(24, 10h));
    lock.data = R"({"State":"Locked"})";
    book.take({lock}, now);
    CHECK(evenings() == 1);
    book.look({at(20, 0h), now}, now);
    CHECK(evenings() == 1);
}

TEST_CASE("an alarm that a late event explains is refuted, and true again when it is", "[access][rule]") {
    Book book;
    const UtcTime now = at(23, 21h);
    book.take({event("door.opened", "room", at(23, 20h))}, now);
    REQUIRE(book.standing().size() >= 1);
    book.take(
        {event("door.rex", "room", at(23, 20h) - 3s), event("door.closed", "room", at(23, 20h) + 9s)}, now
    );
    for (const Alarm& alarm : book.standing()) {
        CHECK(alarm.kind != AlarmKind::held_open);
        CHECK(alarm.kind != AlarmKind::forced_open);
    }
}

}  // namespace
}  // namespace sluice::access::test
