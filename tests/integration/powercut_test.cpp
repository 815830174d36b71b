// The power goes at random moments while eight cameras record: what the recorder promised is on the disk when
// it comes back, and nothing that the catalogue said is untrue. With syncs that do nothing the same judge
// must report a loss.
#include "tests/support/catalogued.hpp"
#include "tests/support/cut_disk.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/farm.hpp"
#include "tests/support/fault_table.hpp"
#include "tests/support/judge.hpp"
#include "tests/support/long_run.hpp"
#include "tests/support/site.hpp"
#include "tests/support/skip.hpp"

#include <algorithm>
#include <csignal>
#include <random>

#include <unistd.h>

#include <catch2/catch.hpp>
#include <fmt/format.h>

using namespace std::chrono_literals;
using namespace sluice;
using namespace sluice::test;
namespace fs = std::filesystem;

namespace {

constexpr std::int64_t kWindow_us = 1'000'000;
constexpr std::int64_t kFragment_us = 1'000'000 + 40'000;  // and a frame at 25 a second
constexpr std::int64_t kWriteLag_us = 100'000;             // what the promise presumes at most

struct Cut {
    std::int64_t at_us = 0;
    std::int64_t back_us = 0;          ///< when the recorder ran again
    std::int64_t longest_sync_us = 0;  ///< in the minute before
    std::string disk;                  ///< what the disk said
    [[nodiscard]] std::int64_t promise_us() const {
        return kWindow_us + kFragment_us + kWriteLag_us + longest_sync_us;
    }
};

std::string name_of(int camera) {
    return "cam" + std::to_string(camera);
}

std::vector<fs::path> files_with(const fs::path& root, const std::string& extension) {
    std::vector<fs::path> found;
    for (const auto& entry : fs::recursive_directory_iterator{root})
        if (entry.path().extension() == extension) found.push_back(entry.path());
    return found;
}

/// Eight cameras that record to a disk whose power can be cut; everything else is on a disk that stays.
class PowerSite {
public:
    static constexpr int kCameras = 8;

    PowerSite(FileSystem kind, std::mt19937& random)
        : random_(random),
          disk_(kind, std::uint64_t{is_long_run() ? 3072U : 320U} << 20U, random() % 2 == 0 ? 512 : 4096),
          site{{.segment = "5s", .durability_window = "1s", .volumes = {disk_.root()}}},
          farm_(site.folder() / "farm", make_cameras()) {
        std::vector<SiteCamera> cameras;
        for (int i = 0; i < kCameras; ++i)
            cameras.push_back({.slug = name_of(i), .url = farm_.url(name_of(i))});
        site.write_config(cameras);
    }

    void start(const std::vector<std::string>& environment = {}) {
        site.start_recorder(environment);
        REQUIRE(eventually(30s, [&] {
            for (int i = 0; i < kCameras; ++i)
                if (site.frames(name_of(i)) == 0) return false;
            return true;
        }));
    }

    /// Waits for the moment and cuts. The recorder stops in the same instant and learns nothing more.
    void cut_after(std::chrono::milliseconds moment) {
        const auto begin = std::chrono::steady_clock::now();
        REQUIRE(eventually(moment + 90s, [&] {
            const auto status = site.status();
            return std::chrono::steady_clock::now() - begin > moment && status &&
                   status->write_lag_us < kWriteLag_us;
        }));
        if (random_() % 2 == 0)
            for (const fs::path& part : files_with(site.volume() / "live", ".part"))
                CutDisk::write_back(part);
        Cut cut;
        cut.longest_sync_us = site.status()->volumes.front().longest_sync_us;
        cut.at_us = to_epoch_us(RealClock{}.now());
        site.recorder().send_signal(SIGSTOP);
        cut.disk = disk_.cut(static_cast<unsigned>(random_()));
        site.recorder().kill_now();
        std::ranges::move(load_catalogued(site.database()), std::back_inserter(before_));
        disk_.come_back();
        start();
        cut.back_us = to_epoch_us(RealClock{}.now());
        cuts.push_back(cut);
    }

    /// All that the promise says about the cuts so far, with the recorder running.
    [[nodiscard]] std::vector<std::string> judge_promises(std::chrono::seconds catalogue_limit) {
        std::vector<std::string> problems;
        const auto add = [&](std::vector<std::string> more) {
            std::ranges::move(more, std::back_inserter(problems));
        };
        if (!site.await_catalogue(catalogue_limit))
            problems.emplace_back("the catalogue does not learn of every file");
        stopped_us_ = to_epoch_us(RealClock{}.now());
        static_cast<void>(site.stop_recorder(10s));
        if (!files_with(site.volume() / "live", ".part").empty()) problems.emplace_back("a .part is left");
        if (!files_with(site.volume() / "live", ".suspect").empty())
            problems.emplace_back("a .suspect is there");
        add(check_catalogued(before_, site.database(), site.volume()));
        for (int i = 0; i < kCameras; ++i)
            for (const std::string& problem : judge_camera(name_of(i)))
                problems.push_back(name_of(i) + ": " + problem);
        return problems;
    }

    [[nodiscard]] FaultLine line(const std::string& fault) const {
        std::int64_t promise = 0;
        for (const Cut& cut : cuts)
            promise = std::max(promise, cut.promise_us());
        const auto seconds = [](std::int64_t us) { return static_cast<double>(us) / 1e6; };
        return {
            fault,
            cuts.size(),
            fmt::format("{} pictures, {:.2f} s before the cut", worst_pictures_, seconds(worst_us_)),
            fmt::format("{:.2f} s", seconds(promise))
        };
    }

private:
    static std::vector<FarmCamera> make_cameras() {
        std::vector<FarmCamera> cameras;
        for (int i = 0; i < kCameras; ++i) {
            Clip clip;
            if (i % 4 == 1) clip = {.codec = Codec::h265, .gop = 100};
            if (i % 4 == 2) clip = {.gop = 50, .b_frames = 3};
            cameras.push_back({name_of(i), make_clip(clip)});
        }
        return cameras;
    }

    std::vector<std::string> judge_camera(const std::string& name) {
        const Footage footage = load_footage(site.volume(), name);
        const std::vector<SentPicture> sent = load_sent(farm_.log(name));
        measure(find_missing(footage, sent));
        const Allowance
            allowance{.until_us = stopped_us_ - 500'000, .may_miss = [&](const SentPicture& picture) {
                          return std::ranges::any_of(cuts, [&](const Cut& cut) {
                              return picture.sent_us > cut.at_us - cut.promise_us() &&
                                     picture.sent_us < cut.back_us;
                          });
                      }};
        auto problems = check_complete(footage, sent, allowance);
        std::ranges::move(check_structure(footage), std::back_inserter(problems));
        std::ranges::move(
            check_decodable(footage, is_long_run() ? 20 : SIZE_MAX), std::back_inserter(problems)
        );
        const UtcTime until = from_epoch_us(stopped_us_) - 3s;
        std::ranges::move(check_no_hole(site.coverage(name), until, 50ms), std::back_inserter(problems));
        const auto gaps = site.gap_causes(name);
        const auto crashes = static_cast<std::size_t>(std::ranges::count_if(gaps, [](const auto& gap) {
            return gap.starts_with("recorder_crash ");
        }));
        // The stop before the judging opens the only other one.
        if (crashes != cuts.size() || gaps.size() != crashes + 1 || gaps.back() != "shutdown open")
            problems.push_back(fmt::format("{} gaps, {} of them by the crash", gaps.size(), crashes));
        return problems;
    }

    void measure(const std::vector<SentPicture>& missing) {
        for (std::size_t i = 0; i < cuts.size(); ++i) {
            const std::int64_t after = i == 0 ? 0 : cuts[i - 1].back_us;
            std::size_t count = 0;
            for (const SentPicture& picture : missing) {
                if (picture.sent_us <= after || picture.sent_us > cuts[i].at_us) continue;
                ++count;
                worst_us_ = std::max(worst_us_, cuts[i].at_us - picture.sent_us);
            }
            worst_pictures_ = std::max(worst_pictures_, count);
        }
    }

    std::mt19937& random_;
    CutDisk disk_;

public:
    Site site;
    std::vector<Cut> cuts;

private:
    Farm farm_;
    std::vector<CataloguedSegment> before_;  ///< as the catalogue was at each cut
    std::int64_t stopped_us_ = 0;
    std::size_t worst_pictures_ = 0;
    std::int64_t worst_us_ = 0;
};

std::chrono::milliseconds moment(std::mt19937& random, int from_ms, int to_ms) {
    return std::chrono::milliseconds{std::uniform_int_distribution<int>{from_ms, to_ms}(random)};
}

}  // namespace

TEST_CASE(
    "After a power cut all but a durability window, a fragment and a sync is there (I2, I3, I12, I15, I17)",
    "[powercut][recorder][rtsp]"
) {
    if (::geteuid() != 0) SLUICE_SKIP("needs root, which mounts file systems");
    const FileSystem kind = GENERATE(FileSystem::ext4, FileSystem::xfs);
    const unsigned seed = std::random_device{}();
    fmt::print("power cut on {}: seed {}\n", to_string(kind), seed);
    std::mt19937 random{seed};
    PowerSite place{kind, random};
    place.start();
    // Before the first one some segments have to be finished and told to the catalogue.
    place.cut_after(moment(random, 6000, 10000));
    for (int i = 1; i < (is_long_run() ? 50 : 1); ++i)
        place.cut_after(moment(random, 2000, 8000));
    for (const Cut& cut : place.cuts)
        UNSCOPED_INFO(cut.disk);
    INFO("seed " << seed);
    CHECK(first_of(place.judge_promises(60s)) == "");
    note_fault(place.line("power cut, " + to_string(kind)));
}

TEST_CASE(
    "The judge of the power cut finds the loss when the recorder's syncs do nothing (I2)",
    "[powercut][recorder][rtsp]"
) {
    if (::geteuid() != 0) SLUICE_SKIP("needs root, which mounts file systems");
    const FileSystem kind = is_long_run() ? GENERATE(FileSystem::ext4, FileSystem::xfs) : FileSystem::ext4;
    std::mt19937 random{std::random_device{}()};
    std::vector<std::string> problems;
    for (int tries = 0; tries < 3 && problems.empty(); ++tries) {
        PowerSite place{kind, random};
        place.start({"LD_PRELOAD=" SLUICE_BIN_DIR "/no-sync.so"});
        place.cut_after(moment(random, 7000, 9000));
        for (std::string& problem : place.judge_promises(3s))
            if (problem.find("is missing") != std::string::npos) problems.push_back(std::move(problem));
        FaultLine line = place.line("power cut without syncs, " + to_string(kind));
        line.promise = "none: the judge must report a loss";
        note_fault(line);
    }
    CHECK_FALSE(problems.empty());
}
