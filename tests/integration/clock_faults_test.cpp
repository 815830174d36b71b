// The host's clock is stepped under the real recorder process, and cameras' clocks are wrong.
#include "config/base/unique_fd.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/farm.hpp"
#include "tests/support/fault_table.hpp"
#include "tests/support/judge.hpp"
#include "tests/support/site.hpp"

#include <algorithm>
#include <atomic>
#include <map>
#include <set>
#include <stdexcept>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using namespace sluice;
using namespace sluice::test;

namespace {

/// The other end of stepped-recorder's clock.
class ClockOffset {
public:
    explicit ClockOffset(const std::filesystem::path& file) : file_(file) {
        const UniqueFd fd{::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)};
        if (!fd.is_open() || ::ftruncate(fd.get(), sizeof(std::int64_t)) != 0)
            throw std::runtime_error("no clock file");
        void* const memory =
            ::mmap(nullptr, sizeof(std::int64_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
        if (memory == MAP_FAILED) throw std::runtime_error("the clock file can't be mapped");
        offset_us_ = static_cast<std::atomic<std::int64_t>*>(memory);
    }
    ~ClockOffset() { ::munmap(offset_us_, sizeof(std::int64_t)); }
    ClockOffset(const ClockOffset&) = delete;
    ClockOffset& operator=(const ClockOffset&) = delete;

    void set(Microseconds offset) { offset_us_->store(offset.count()); }
    [[nodiscard]] std::string environment() const { return "SLUICE_TEST_CLOCK=" + file_.string(); }

private:
    std::filesystem::path file_;
    std::atomic<std::int64_t>* offset_us_ = nullptr;
};

/// Names sort by a clock that was set back and forth; the file system's times are the machine's own.
Footage in_order_of_writing(Footage footage) {
    std::ranges::sort(footage.segments, {}, [](const RecordedSegment& segment) {
        return std::filesystem::last_write_time(segment.path);
    });
    return footage;
}

/// What each run's clock was off by, from its pictures and when they were sent; problems when it changes
/// inside a run.
std::map<Uuid, Microseconds> offsets_of_runs(
    const Footage& footage,
    const std::vector<SentPicture>& sent,
    std::vector<std::string>& problems
) {
    std::map<std::string, std::int64_t> sent_at;
    for (const SentPicture& picture : sent)
        sent_at[picture.sha256] = picture.sent_us;
    std::map<Uuid, Microseconds> offsets;
    for (const RecordedSegment& segment : footage.segments) {
        for (const mp4::Fragment& fragment : segment.file.index.fragments) {
            const auto found = sent_at.find(segment.pictures[fragment.first_sample]);
            if (found == sent_at.end()) continue;
            const Microseconds error{to_epoch_us(fragment.wall) - found->second};
            const auto [known, is_new] = offsets.emplace(segment.file.info.run_id, error);
            if (!is_new && std::chrono::abs(error - known->second) > 90ms)
                problems.push_back("time changes inside a run: " + segment.path.string());
        }
    }
    return offsets;
}

struct Stage {
    explicit Stage(const std::vector<std::string>& names)
        : site(SiteOptions{.recorder = "stepped-recorder"}),
          clock(site.folder() / "clock"),
          farm(site.folder() / "farm", cameras(names)),
          names(names) {
        std::vector<SiteCamera> configured;
        for (const std::string& name : names)
            configured.push_back({.slug = name, .url = farm.url(name)});
        site.write_config(configured);
    }
    static std::vector<FarmCamera> cameras(const std::vector<std::string>& names) {
        std::vector<FarmCamera> made;
        for (const std::string& name : names)
            made.push_back({name, make_clip({})});
        return made;
    }
    /// Every camera has recorded so many pictures more.
    void record(std::uint64_t frames) {
        std::map<std::string, std::uint64_t> before;
        for (const std::string& name : names)
            before[name] = site.frames(name);
        REQUIRE(eventually(20s, [&] {
            return std::ranges::all_of(names, [&](const std::string& name) {
                return site.frames(name) >= before[name] + frames;
            });
        }));
    }
    /// Sets the clock and waits until every camera has begun a run for it.
    void step(Microseconds offset) {
        std::map<std::string, std::optional<Uuid>> before;
        for (const std::string& name : names)
            before[name] = site.stream_status(name)->run_id;
        clock.set(offset);
        REQUIRE(eventually(20s, [&] {
            return std::ranges::all_of(names, [&](const std::string& name) {
                const auto now = site.stream_status(name);
                return now && now->run_id && now->run_id != before[name];
            });
        }));
        record(40);
    }

    Site site;
    ClockOffset clock;
    Farm farm;
    std::vector<std::string> names;
};

}  // namespace

TEST_CASE(
    "A host clock set forward and back, over midnight and by forty days, loses no picture (I13, I14, I15)",
    "[recorder][rtsp][fault][clock]"
) {
    Stage stage{{"cam1", "cam2"}};
    Site& site = stage.site;
    site.start_recorder({stage.clock.environment()});
    stage.record(60);
    const UtcTime now = RealClock{}.now();
    const Microseconds to_midnight =
        UtcTime{std::chrono::ceil<std::chrono::days>(now)} - now - Microseconds{3s};
    const std::vector<Microseconds> offsets{
        1h, Microseconds{0}, -3s, -2800ms, -3s, to_midnight, Microseconds{0}, 40 * 24h
    };
    for (const Microseconds offset : offsets)
        stage.step(offset);
    const auto run = site.stream_status("cam1")->run_id;
    stage.clock.set(offsets.back() + 60ms);  // no step: what a clock is slewed by
    stage.record(60);
    CHECK(site.stream_status("cam1")->run_id == run);
    CHECK(site.await_catalogue(20s));
    const std::int64_t stopped_us = to_epoch_us(RealClock{}.now());
    CHECK(site.stop_recorder(5s) < 2s);

    WorstLoss worst;
    for (const std::string& name : stage.names) {
        CAPTURE(name);
        const Footage footage = in_order_of_writing(load_footage(site.volume(), name));
        const auto sent = load_sent(stage.farm.log(name));
        CHECK(first_of(check_structure(footage)) == "");
        CHECK(first_of(check_complete(footage, sent, {.until_us = stopped_us - 500'000})) == "");
        worst.add(find_missing(footage, sent, stopped_us - 500'000));
        std::vector<std::string> problems;
        const auto found = offsets_of_runs(footage, sent, problems);
        CHECK(first_of(problems) == "");
        CHECK(found.size() == offsets.size() + 1);
        for (const Microseconds offset : offsets) {
            CAPTURE(offset.count());
            CHECK(std::ranges::any_of(found, [&](const auto& one) {
                return std::chrono::abs(one.second - offset) < 90ms;
            }));
        }
        // A step forward is a gap of its length; one back is an overlap and no gap.
        std::multiset<std::string> causes;
        for (const std::string& gap : site.gap_causes(name))
            causes.insert(gap.substr(0, gap.find(' ')));
        CHECK(causes.count("clock_step") == 4);
        CHECK(causes.count("shutdown") == 1);
        CHECK(causes.size() == 5);
    }
    note_fault({"host's clock set, by 200 ms to 40 days, both ways", offsets.size(), worst.text(), "nothing"}
    );
    CHECK(std::stoi(site.database().query("SELECT count(*) FROM runs WHERE is_overlapping")) >= 4);
    CHECK(site.recorder_log().find("segment_refused_by_catalogue") == std::string::npos);
    CHECK(site.recorder_log().find("journal_lines_unplaced") == std::string::npos);

    // The next start, with the clock right again: nothing is adopted twice, the days of the step stay
    // catalogued.
    const std::string rows = site.database().query("SELECT count(*) FROM segments");
    stage.clock.set(Microseconds{0});
    site.start_recorder({stage.clock.environment()});
    stage.record(60);
    CHECK(site.await_catalogue(20s));
    CHECK(
        std::stoul(site.database().query("SELECT count(*) FROM segments WHERE state = 'finished'")) >=
        std::stoul(rows)
    );
    CHECK(site.database().query("SELECT count(*) FROM segments WHERE state = 'suspect'") == "0");
    CHECK(site.stop_recorder(5s) < 2s);
}

TEST_CASE(
    "Cameras whose clocks are wrong by years are recorded in our time (I14)",
    "[recorder][rtsp][clock]"
) {
    Stage stage{{"past", "future", "jumps"}};
    Site& site = stage.site;
    stage.farm.command("ntp past -946080000");
    stage.farm.command("ntp future 315360000");
    stage.farm.command("ntp jumps 0");
    site.start_recorder({stage.clock.environment()});
    REQUIRE(eventually(30s, [&] {
        return std::ranges::all_of(stage.names, [&](const std::string& name) {
            return site.stream_status(name) && site.stream_status(name)->clock_offset_us;
        });
    }));
    stage.farm.command("ntp jumps 63072000");
    stage.record(150);
    // Kept as evidence, never believed.
    CHECK(std::abs(*site.stream_status("past")->clock_offset_us + 946'080'000'000'000) < 2'000'000);
    CHECK(std::abs(*site.stream_status("future")->clock_offset_us - 315'360'000'000'000) < 2'000'000);
    const std::int64_t stopped_us = to_epoch_us(RealClock{}.now());
    CHECK(site.stop_recorder(5s) < 2s);
    WorstLoss worst;
    for (const std::string& name : stage.names) {
        CAPTURE(name);
        const Footage footage = load_footage(site.volume(), name);
        const auto sent = load_sent(stage.farm.log(name));
        CHECK(footage.runs() == 1);
        CHECK(first_of(check_structure(footage)) == "");
        CHECK(first_of(check_complete(footage, sent, {.until_us = stopped_us - 500'000})) == "");
        CHECK(first_of(check_times(footage, sent, 500ms)) == "");  // years are what it is about
        worst.add(find_missing(footage, sent, stopped_us - 500'000));
    }
    note_fault({"camera's clock wrong by years", stage.names.size(), worst.text(), "nothing"});
}
