// Twenty-four cameras that flap: connections are broken, refused and stalled, cables pulled out, connections
// forgotten, at random, for an hour in the long run. Every missing second has one cause, and the recorder
// ends with the memory, descriptors and threads that it began with.
#include "tests/support/cable.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/farm.hpp"
#include "tests/support/fault_table.hpp"
#include "tests/support/judge.hpp"
#include "tests/support/long_run.hpp"
#include "tests/support/site.hpp"
#include "tests/support/skip.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <map>
#include <memory>
#include <random>

#include <catch2/catch.hpp>
#include <fmt/format.h>

using namespace std::chrono_literals;
using namespace sluice;
using namespace sluice::test;
namespace fs = std::filesystem;

namespace {

constexpr int kCables = 4;
constexpr int kCamerasEach = 6;

/// SLUICE_FLAP_SECONDS, or an hour in the long run and 12 s in the short one.
std::chrono::seconds flapping_time() {
    const char* const value = std::getenv("SLUICE_FLAP_SECONDS");
    if (value != nullptr && *value != '\0') return std::chrono::seconds{std::stol(value)};
    return is_long_run() ? 3600s : 12s;
}

/// What a process holds.
struct Holding {
    std::size_t pss_kib = 0;
    std::size_t descriptors = 0;
    std::size_t threads = 0;
};

std::size_t count_entries(const fs::path& folder) {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator{folder}, fs::directory_iterator{}));
}

Holding holding_of(pid_t pid) {
    const fs::path process = fs::path{"/proc"} / std::to_string(pid);
    Holding holding{.descriptors = count_entries(process / "fd"), .threads = count_entries(process / "task")};
    std::ifstream in{process / "smaps_rollup"};
    for (std::string line; std::getline(in, line);)
        if (line.starts_with("Pss:")) holding.pss_kib = std::stoul(line.substr(4));
    return holding;
}

std::size_t median(std::vector<std::size_t> values) {
    REQUIRE_FALSE(values.empty());
    std::ranges::sort(values);
    return values[values.size() / 2];
}

/// Over two seconds: between two segments a file less is open, while one is being finished a file more.
Holding usual_holding_of(pid_t pid) {
    std::vector<std::size_t> memory;
    std::vector<std::size_t> descriptors;
    std::vector<std::size_t> threads;
    const bool is_over = !eventually(
        2s,
        [&] {
            const Holding now = holding_of(pid);
            memory.push_back(now.pss_kib);
            descriptors.push_back(now.descriptors);
            threads.push_back(now.threads);
            return false;
        },
        20ms
    );
    REQUIRE(is_over);
    return {median(memory), median(descriptors), median(threads)};
}

/// Cameras behind a few cables, every third over UDP.
class FlappingSite {
public:
    FlappingSite() : site{SiteOptions{.segment = is_long_run() ? "60s" : "5s"}} {
        const auto clip = make_clip({.width = 160, .height = 90, .fps = 12, .gop = 12, .bitrate_kbps = 80});
        std::vector<SiteCamera> cameras;
        for (int i = 0; i < kCables; ++i) {
            std::vector<FarmCamera> sources;
            for (int j = 0; j < kCamerasEach; ++j)
                sources.push_back({fmt::format("cam{}-{}", i, j), clip});
            Cable& cable = cables_.emplace_back();
            farms_.push_back(std::make_unique<Farm>(
                site.folder() / fmt::format("farm{}", i),
                sources,
                std::vector<std::string>{"lossy * on", "timeout * 60"},
                FarmPlace{cable.address(), cable.inside()}
            ));
            for (int j = 0; j < kCamerasEach; ++j) {
                const std::string& name = sources[static_cast<std::size_t>(j)].name;
                cameras.push_back({.slug = name, .url = farms_.back()->url(name), .is_udp = j % 3 == 2});
            }
        }
        site.write_config(cameras);
        for (const SiteCamera& camera : cameras)
            names.push_back(camera.slug);
    }

    /// Some trouble for some camera, or for all behind a cable.
    void do_something(std::mt19937& random) {
        const auto draw = [&](int from, int to) {
            return std::uniform_int_distribution<int>{from, to}(random);
        };
        const auto cable = static_cast<std::size_t>(draw(0, kCables - 1));
        const std::string name = fmt::format("cam{}-{}", cable, draw(0, kCamerasEach - 1));
        ++acts;
        switch (draw(0, 9)) {
            case 0:
                pull_out(cable, std::chrono::milliseconds{draw(300, longest_ms_)});
                return;
            case 1:
                if (!comes_back_.contains(cable)) cables_[cable].forget_connections();
                return;
            case 2:
            case 3:
                farms_[cable]->command("close " + name);
                return;
            case 4:
            case 5:
                farms_[cable]->command("reset " + name);
                return;
            case 6:
            case 7:
                farms_[cable]->command(fmt::format("refuse {} {}", name, draw(1, is_long_run() ? 5 : 2)));
                return;
            default:
                farms_[cable]->command(fmt::format("stall {} {}", name, draw(1, longest_ms_ / 1000)));
        }
    }
    /// Plugs in what has been out for long enough, or everything.
    void plug_in(bool all = false) {
        std::erase_if(comes_back_, [&](const auto& cable_and_time) {
            const bool is_due = all || cable_and_time.second <= std::chrono::steady_clock::now();
            if (is_due) cables_[cable_and_time.first].plug_in();
            return is_due;
        });
    }
    [[nodiscard]] bool all_record(std::uint64_t pictures, std::chrono::seconds limit) const {
        std::map<std::string, std::uint64_t> before;
        for (const std::string& name : names)
            before[name] = site.frames(name);
        return eventually(
            limit,
            [&] {
                return std::ranges::all_of(names, [&](const std::string& name) {
                    return site.frames(name) >= before[name] + pictures;
                });
            },
            100ms
        );
    }
    [[nodiscard]] fs::path log(const std::string& name) const {
        return farms_[static_cast<std::size_t>(name[3] - '0')]->log(name);
    }

    Site site;
    std::vector<std::string> names;
    std::size_t acts = 0;

private:
    void pull_out(std::size_t cable, std::chrono::milliseconds time) {
        if (comes_back_.emplace(cable, std::chrono::steady_clock::now() + time).second)
            cables_[cable].pull_out();
    }

    /// Of a silence: the recorder gives up after ten seconds.
    int longest_ms_ = is_long_run() ? 14'000 : 3'000;
    std::deque<Cable> cables_;
    std::vector<std::unique_ptr<Farm>> farms_;
    std::map<std::size_t, std::chrono::steady_clock::time_point> comes_back_;
};

/// Flaps for that time; how much memory the recorder had, evenly over the time.
std::vector<std::size_t> flap(FlappingSite& place, std::chrono::seconds time, std::mt19937& random) {
    const pid_t recorder = place.site.recorder().pid();
    const auto begin = std::chrono::steady_clock::now();
    const auto sampling = std::max<std::chrono::milliseconds>(time / 240, 100ms);
    const auto every = std::clamp<std::chrono::milliseconds>(time / 240, 60ms, 700ms);
    auto next_act = begin;
    std::vector<std::size_t> memory;
    const bool is_over = eventually(
        time + 120s,
        [&] {
            const auto now = std::chrono::steady_clock::now();
            place.plug_in();
            if (now >= next_act) {
                place.do_something(random);
                next_act = now + every * std::uniform_int_distribution<int>{1, 200}(random) / 100;
            }
            if (now >= begin + sampling * static_cast<std::int64_t>(memory.size())) {
                const Holding holding = holding_of(recorder);
                memory.push_back(holding.pss_kib);
                if (is_long_run() && memory.size() % 20 == 1)
                    fmt::print(
                        "flapping: {} s, {} acts, {} KiB, {} descriptors, {} threads\n",
                        std::chrono::duration_cast<std::chrono::seconds>(now - begin).count(),
                        place.acts,
                        holding.pss_kib,
                        holding.descriptors,
                        holding.threads
                    );
            }
            return now >= begin + time || !place.site.recorder().is_running();
        },
        20ms
    );
    REQUIRE(is_over);
    REQUIRE(place.site.recorder().is_running());
    place.plug_in(true);
    return memory;
}

constexpr std::array kCauses{
    GapCause::camera_unreachable,
    GapCause::stream_stalled,
    GapCause::packet_loss,
    GapCause::waiting_key_frame
};

/// A silence of two seconds is no gap yet: what came so late, and what went down right behind it, was sent so
/// long before the time that the recorder knows. Half a second more for what UDP waits for.
constexpr auto kLate = 2500ms;

void check_camera(
    const FlappingSite& place,
    const std::string& name,
    std::int64_t stopped_us,
    WorstLoss& worst
) {
    INFO(name << ": " << joined(place.site.gap_causes(name)));
    const auto coverage = place.site.coverage(name);
    const Footage footage = load_footage(place.site.volume(), name);
    const auto sent = load_sent(place.log(name));
    std::vector<std::function<bool(const SentPicture&)>> reasons{sent_to_nobody(sent)};
    for (const GapCause cause : kCauses)
        reasons.push_back(in_gap_of(coverage, cause, kLate));
    const Allowance
        allowance{.until_us = stopped_us - 1'000'000, .may_miss = [&](const SentPicture& picture) {
                      return std::ranges::any_of(reasons, [&](const auto& is_reason) {
                          return is_reason(picture);
                      });
                  }};
    CHECK(first_of(check_structure(footage, true)) == "");
    CHECK(first_of(check_complete(footage, sent, allowance)) == "");
    CHECK(first_of(check_no_hole(coverage, from_epoch_us(stopped_us) - 3s, 50ms)) == "");
    for (const catalogue::GapRow& gap : coverage.gaps)
        CHECK((std::ranges::count(kCauses, gap.cause) > 0 || gap.cause == GapCause::shutdown));
    auto missing = find_missing(footage, sent, allowance.until_us);
    std::erase_if(missing, reasons.front());
    worst.add(missing);
    worst.add(coverage);
}

}  // namespace

TEST_CASE(
    "However cameras flap, each missing second has one cause, and memory, descriptors and threads stay "
    "(I15, I16)",
    "[flapping][recorder][rtsp][fault][beside]"
) {
    if (!Cable::can_be_laid()) SLUICE_SKIP("needs root and /dev/net/tun, for network namespaces");
    const unsigned seed = std::random_device{}();
    fmt::print("flapping: seed {}\n", seed);
    INFO("seed " << seed);
    std::mt19937 random{seed};
    FlappingSite place;
    Site& site = place.site;
    site.start_recorder();
    REQUIRE(place.all_record(12, 30s));
    const pid_t recorder = site.recorder().pid();
    const Holding early = usual_holding_of(recorder);

    const auto memory = flap(place, flapping_time(), random);
    // Who was refused again and again waits up to half a minute, and then connects.
    REQUIRE(place.all_record(12, 120s));
    Holding late;
    const bool holds_no_more = eventually(30s, [&] {
        late = usual_holding_of(recorder);
        return late.descriptors <= early.descriptors && late.threads <= early.threads;
    });
    INFO("descriptors " << early.descriptors << ", then " << late.descriptors);
    INFO("threads " << early.threads << ", then " << late.threads);
    CHECK(holds_no_more);
    // Buffers of the C library's arenas settle in the first part; after that nothing may grow.
    const auto part = static_cast<std::ptrdiff_t>(memory.size() / 4);
    const std::size_t before = median({memory.begin() + part, memory.begin() + 2 * part});
    const std::size_t after = median({memory.end() - part, memory.end()});
    INFO(before << " KiB early, " << after << " KiB late");
    CHECK(after <= before + before / 5 + 4096);

    CHECK(site.await_catalogue(60s));
    const std::int64_t stopped_us = to_epoch_us(RealClock{}.now());
    CHECK(site.stop_recorder(10s) < 3s);
    WorstLoss worst;
    for (const std::string& name : place.names)
        check_camera(place, name, stopped_us, worst);
    note_fault(
        {fmt::format("24 cameras flap for {} s", flapping_time().count()),
         place.acts,
         worst.text(),
         fmt::format(
             "one cause a second; memory {} → {} KiB, descriptors {} → {}, threads {} → {}",
             before,
             after,
             early.descriptors,
             late.descriptors,
             early.threads,
             late.threads
         )}
    );
}
