// I1: kill -9 at random moments. What lay in the recorder's socket for more than a second and a frame is on
// disk and, once recorder and database run again, catalogued.
#include "tests/support/eventually.hpp"
#include "tests/support/farm.hpp"
#include "tests/support/fault_table.hpp"
#include "tests/support/judge.hpp"
#include "tests/support/long_run.hpp"
#include "tests/support/site.hpp"

#include <algorithm>
#include <random>

#include <catch2/catch.hpp>
#include <fmt/format.h>

using namespace std::chrono_literals;
using namespace sluice;
using namespace sluice::test;

namespace {

constexpr std::int64_t kPromise_us = 1'000'000 + 40'000;  // one second and one frame at 25 a second
constexpr std::int64_t kReorderDelay_us = 500'000;        // of UDP

int repetitions() {
    return is_long_run() ? 50 : 3;
}

struct Kill {
    std::int64_t at_us = 0;
    std::int64_t back_us = 0;  ///< when the recorder was started again
};

const std::vector<std::string> kNames{"tcp", "tcp-h265", "udp", "b-frames"};

Farm start_farm(const std::filesystem::path& folder) {
    return Farm{
        folder,
        {{"tcp", make_clip({})},
         {"tcp-h265", make_clip({.codec = Codec::h265, .gop = 100})},
         {"udp", make_clip({})},
         {"b-frames", make_clip({.gop = 50, .b_frames = 3})}}
    };
}

/// A picture may be missing that the promise does not cover, or that was sent while nobody could listen.
std::function<bool(const SentPicture&)> beyond_the_promise(const std::vector<Kill>& kills, bool is_udp) {
    return [&kills, is_udp](const SentPicture& picture) {
        const std::int64_t grace = kPromise_us + (is_udp ? kReorderDelay_us : 0);
        return std::ranges::any_of(kills, [&](const Kill& kill) {
            return picture.sent_us > kill.at_us - grace && picture.sent_us < kill.back_us;
        });
    };
}

/// While no recorder was there; that time is none of the promise's.
bool was_sent_to_nobody(const std::vector<Kill>& kills, const SentPicture& picture) {
    return std::ranges::any_of(kills, [&](const Kill& kill) {
        return picture.sent_us > kill.at_us && picture.sent_us < kill.back_us;
    });
}

Kill kill_and_restart(Site& site, std::mt19937& random) {
    // Some moment between two and four seconds after everybody records again.
    const auto moment = std::chrono::milliseconds{std::uniform_int_distribution<int>{2000, 4000}(random)};
    const std::uint64_t frames = site.frames(kNames[0]);
    const auto begin = std::chrono::steady_clock::now();
    REQUIRE(eventually(20s, [&] {
        return site.frames(kNames[0]) > frames && std::chrono::steady_clock::now() - begin > moment;
    }));
    // What the promise presumes; on a machine that was busy a moment ago the kill waits until it holds again.
    REQUIRE(eventually(90s, [&] { return site.status() && site.status()->write_lag_us < 100'000; }));
    Kill kill;
    kill.at_us = to_epoch_us(RealClock{}.now());
    site.recorder().kill_now();
    site.start_recorder();
    kill.back_us = to_epoch_us(RealClock{}.now());
    REQUIRE(eventually(20s, [&] {
        return std::ranges::all_of(kNames, [&](const std::string& name) { return site.frames(name) > 0; });
    }));
    return kill;
}

std::size_t files_with(const std::filesystem::path& root, const std::string& extension) {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator{root})
        if (entry.path().extension() == extension) ++count;
    return count;
}

}  // namespace

TEST_CASE(
    "Killed at any moment the recorder has lost at most a second and a frame (I1, I12, I15)",
    "[recorder][rtsp]"
) {
    const unsigned seed = std::random_device{}();
    INFO("seed " << seed);
    std::mt19937 random{seed};
    Site site;
    const Farm farm = start_farm(site.folder() / "farm");
    std::vector<SiteCamera> cameras;
    for (const std::string& name : kNames)
        cameras.push_back({.slug = name, .url = farm.url(name), .is_udp = name == "udp"});
    site.write_config(cameras);
    site.start_recorder();
    REQUIRE(eventually(20s, [&] {
        return std::ranges::all_of(kNames, [&](const std::string& name) { return site.frames(name) > 0; });
    }));
    std::vector<Kill> kills;
    for (int i = 0; i < repetitions(); ++i)
        kills.push_back(kill_and_restart(site, random));
    CHECK(site.await_catalogue(30s));
    const std::int64_t stopped_us = to_epoch_us(RealClock{}.now());
    CHECK(site.stop_recorder(5s) < 2s);

    CHECK(files_with(site.volume() / "live", ".part") == 0);
    CHECK(files_with(site.volume() / "live", ".suspect") == 0);
    WorstLoss worst;
    for (const std::string& name : kNames) {
        INFO(name);
        const Footage footage = load_footage(site.volume(), name);
        const Allowance allowance{
            .until_us = stopped_us - 500'000, .may_miss = beyond_the_promise(kills, name == "udp")
        };
        const auto sent = load_sent(farm.log(name));
        CHECK(first_of(check_structure(footage)) == "");
        CHECK(first_of(check_complete(footage, sent, allowance)) == "");
        auto missing = find_missing(footage, sent, allowance.until_us);
        std::erase_if(missing, [&](const SentPicture& picture) {
            return was_sent_to_nobody(kills, picture);
        });
        worst.add(missing);
        CHECK(first_of(check_decodable(footage)) == "");
        const auto gaps = site.gap_causes(name);
        std::string all;
        for (const std::string& gap : gaps)
            all += gap + "; ";
        INFO("gaps: " << all);
        CHECK(std::ranges::count_if(gaps, [](const std::string& gap) {
                  return gap.starts_with("recorder_crash ");
              }) == repetitions());
        const UtcTime until = from_epoch_us(stopped_us) - 3s;
        CHECK(first_of(check_no_hole(site.coverage(name), until, 50ms)) == "");
    }
    note_fault({"recorder killed", kills.size(), worst.text(), "1.04 s (UDP 1.54 s)"});
}
