// A disk that is full, with the database on it, and one that hangs: recording goes on by itself, and what is
// missing is missing with its cause and to the second.
#include "cli/up/probe.hpp"
#include "config/base/files.hpp"
#include "storage/catalogue/conninfo.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/farm.hpp"
#include "tests/support/fault_table.hpp"
#include "tests/support/judge.hpp"
#include "tests/support/long_run.hpp"
#include "tests/support/mounts.hpp"
#include "tests/support/process.hpp"
#include "tests/support/site.hpp"
#include "tests/support/skip.hpp"

#include <algorithm>
#include <csignal>
#include <fstream>

#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fmt/format.h>

using namespace std::chrono_literals;
using namespace sluice;
using namespace sluice::test;
namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20U;
constexpr std::uint64_t kReserve = 128 * kMiB;

std::uint64_t free_bytes(const fs::path& root) {
    return fs::space(root).available;
}

/// `sluice up` with data, database and footage on one small disk.
class SmallSite {
public:
    SmallSite()
        : farm{
              folder_.path() / "farm",
              {{"cam1", make_clip({.bitrate_kbps = 3000})},
               {"cam2", make_clip({.gop = 50, .bitrate_kbps = 3000})}}
          } {
        const auto port = up::find_free_port(0);
        REQUIRE(port);
        std::string text = fmt::format(
            "data = \"{0}\"\n[api]\nlisten = \"127.0.0.1:{1}\"\n[storage]\nvolumes = [\"{2}\"]\nsegment = "
            "\"5s\"\n"
            "durability_window = \"500ms\"\nreserve = \"{3}MiB\"\nreserve_percent = 0\n",
            data().string(),
            *port,
            volume().string(),
            kReserve / kMiB
        );
        for (const std::string name : {"cam1", "cam2"})
            text += fmt::format(
                "[[recorders]]\nslug = \"r-{0}\"\n  [[recorders.cameras]]\n  slug = \"{0}\"\n  name = "
                "\"{0}\"\n  "
                "url = \"{1}\"\n",
                name,
                farm.url(name)
            );
        const fs::path config = folder_.path() / "sluice.toml";
        // The service users have to get at configuration and data.
        fs::permissions(folder_.path(), fs::perms{0755});
        fs::permissions(disk.root().parent_path(), fs::perms{0755});
        REQUIRE(replace_file(config, text, 0644));
        auto started = Process::start(
            {SLUICE_BIN_DIR "/sluice", "up", "--config", config.string()}, {.log = folder_.path() / "up.log"}
        );
        REQUIRE(started);
        up = std::move(*started);
        const auto line = up.wait_for_line("Recording. Ctrl-C", 120s);
        INFO(up.output());
        REQUIRE(line);
    }
    [[nodiscard]] fs::path data() const { return disk.root() / "data"; }
    [[nodiscard]] fs::path volume() const { return data() / "volume1"; }
    [[nodiscard]] std::optional<status::RecorderStatus> status() const {
        auto loaded = status::load(status::status_path(data()));
        return loaded ? std::optional{std::move(*loaded)} : std::nullopt;
    }
    [[nodiscard]] bool records(std::uint64_t pictures) const {
        const std::uint64_t before = frames();
        return eventually(30s, [&] { return frames() >= before + pictures; });
    }
    [[nodiscard]] bool awaits_problem(const std::string& words) const {
        return eventually(40s, [&] {
            const auto now = status();
            return now && now->volumes.front().problem.find(words) != std::string::npos;
        });
    }
    /// Takes so much of the disk that this is left for footage, or gives all of it back.
    void leave_above_reserve(std::uint64_t bytes) const {
        const UniqueFd fd{::open(ballast().c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600)};
        const auto size = static_cast<off_t>(free_bytes(disk.root()) - kReserve - bytes);
        REQUIRE(::fallocate(fd.get(), 0, 0, size) == 0);
    }
    void give_back() const { fs::remove(ballast()); }
    std::string sql(const std::string& role, const std::string& statement) const {
        const auto done = run_to_end(
            {"psql",
             "-XAtq",
             "-v",
             "ON_ERROR_STOP=1",
             "-d",
             catalogue::embedded_conninfo(data(), role),
             "-c",
             statement},
            60s
        );
        REQUIRE(done);
        INFO(statement << ": " << done->errors);
        CHECK(done->status == ExitStatus{});
        return done->output;
    }

private:
    [[nodiscard]] fs::path ballast() const { return disk.root() / "ballast"; }
    [[nodiscard]] std::uint64_t frames() const {
        const auto now = status();
        if (!now || now->streams.size() != 2) return 0;
        return std::min(now->streams[0].frames, now->streams[1].frames);
    }
    TempFolder folder_;

public:
    LoopDisk disk{512 * kMiB};
    Farm farm;
    Process up;
};

std::chrono::seconds hang_time() {
    return is_long_run() ? 30s : 8s;
}

}  // namespace

TEST_CASE(
    "On a full disk recording stops at the reserve, its database goes on, and it resumes by itself (I11, "
    "I15)",
    "[disk][up][fault]"
) {
    if (::geteuid() != 0) SLUICE_SKIP("needs root, which mounts file systems");
    SmallSite site;
    REQUIRE(site.records(100));
    site.leave_above_reserve(3 * kMiB);
    REQUIRE(site.awaits_problem("bytes are free"));
    const std::uint64_t free_at_stop = free_bytes(site.disk.root());
    CHECK(free_at_stop > kReserve - 16 * kMiB);  // two seconds between looks, and what was queued

    // Only the database may write now, and it can: the reserve is its own.
    site.sql(
        "sluice_super", "CREATE TABLE ballast AS SELECT repeat('x', 500) FROM generate_series(1, 40000)"
    );
    CHECK(site.sql("sluice_super", "SELECT count(*) FROM ballast") == "40000\n");
    site.sql("sluice_super", "DROP TABLE ballast");
    CHECK(eventually(
        20s,
        [&] {
            return site.sql(
                       "sluice_api", "SELECT count(*) FROM gaps WHERE cause = 'disk_full' AND to_at IS NULL"
                   ) == "2\n";
        },
        200ms
    ));
    CHECK(site.awaits_problem("bytes are free"));

    site.give_back();
    REQUIRE(site.records(120));
    const std::string conninfo = catalogue::embedded_conninfo(site.data(), "sluice_api");
    REQUIRE(eventually(
        20s,
        [&] { return site.sql("sluice_api", "SELECT count(*) FROM gaps WHERE to_at IS NULL") == "0\n"; },
        200ms
    ));
    const std::int64_t until_us = to_epoch_us(RealClock{}.now());
    const catalogue::Coverage first = coverage_of(conninfo, "cam1");
    const catalogue::Coverage second = coverage_of(conninfo, "cam2");
    CHECK(site.up.output().find("PANIC") == std::string::npos);
    CHECK(site.up.stop(40s).code == 0);

    WorstLoss worst;
    for (const std::string name : {"cam1", "cam2"}) {
        INFO(name);
        const catalogue::Coverage& coverage = name == "cam1" ? first : second;
        REQUIRE(coverage.gaps.size() == 1);
        CHECK(coverage.gaps.front().cause == GapCause::disk_full);
        const Footage footage = load_footage(site.volume(), name);
        const Allowance allowance{
            .until_us = until_us - 500'000, .may_miss = in_gap_of(coverage, GapCause::disk_full, 50ms)
        };
        CHECK(first_of(check_structure(footage, true)) == "");
        const auto sent = load_sent(site.farm.log(name));
        CHECK(first_of(check_complete(footage, sent, allowance)) == "");
        CHECK(first_of(check_decodable(footage, 4)) == "");
        CHECK(first_of(check_no_hole(coverage, from_epoch_us(until_us) - 3s, 50ms)) == "");
        worst.add(find_missing(footage, sent, allowance.until_us));
        worst.add(coverage);
    }
    note_fault({"disk full", 1, worst.text(), "the time without space"});
}

TEST_CASE(
    "While a disk hangs, cameras on another lose nothing; its own give up whole groups beyond the ring (I15, "
    "I16)",
    "[disk][recorder][rtsp][fault]"
) {
    const TempFolder places;
    const fs::path slow = places.path() / "slow";
    const fs::path fast = places.path() / "fast";
    const fs::path away = places.path() / "away";
    const fs::path hangs = places.path() / "hangs";
    Site site{{.segment = "600s", .durability_window = "1s", .ring = "1MiB", .volumes = {slow, fast}}};
    // Of three cameras the boundary of a segment, at which they would change to the first volume, can't come
    // to all.
    const std::vector<std::string> apart{"apart1", "apart2", "apart3"};
    const std::vector<std::string> stuck{"stuck1", "stuck2"};
    std::vector<FarmCamera> sources;
    for (const std::string& name : apart)
        sources.push_back({name, make_clip({})});
    for (const std::string& name : stuck)
        sources.push_back({name, make_clip({.bitrate_kbps = 3000})});
    const Farm farm{site.folder() / "farm", sources};
    std::vector<SiteCamera> cameras;
    for (const std::string& name : apart)
        cameras.push_back({.slug = name, .url = farm.url(name)});
    const auto all_record = [&](const std::vector<std::string>& names, std::uint64_t pictures) {
        return eventually(30s, [&] {
            return std::ranges::all_of(names, [&](const auto& name) {
                return site.frames(name) >= pictures;
            });
        });
    };
    const auto is_on = [&](const std::string& name, const fs::path& volume) {
        const auto stream = site.stream_status(name);
        REQUIRE((stream && stream->segment_id));
        const std::string id = to_string(*stream->segment_id);
        return std::ranges::any_of(fs::recursive_directory_iterator{volume / "live"}, [&](const auto& entry) {
            return entry.path().string().find(id) != std::string::npos;
        });
    };

    // A camera takes the first volume that can be written to: these find only the second, those that come
    // later both.
    fs::rename(slow, away);
    site.write_config(cameras);
    site.start_recorder(
        {"LD_PRELOAD=" SLUICE_BIN_DIR "/slow-disk.so",
         "SLUICE_SLOW_FOLDER=" + slow.string(),
         "SLUICE_SLOW_SWITCH=" + hangs.string()}
    );
    REQUIRE(all_record(apart, 25));
    fs::rename(away, slow);
    REQUIRE(eventually(20s, [&] { return site.status()->volumes.front().is_writable; }));
    for (const std::string& name : stuck)
        cameras.push_back({.slug = name, .url = farm.url(name)});
    site.write_config(cameras);
    site.recorder().send_signal(SIGHUP);
    REQUIRE(all_record(stuck, 75));
    for (const std::string& name : stuck)
        REQUIRE(is_on(name, slow));

    const std::int64_t hung_us = to_epoch_us(RealClock{}.now());
    std::ofstream{hangs}.flush();
    const std::uint64_t before = site.frames("apart1");
    const auto begin = std::chrono::steady_clock::now();
    REQUIRE(eventually(hang_time() + 60s, [&] {
        return std::chrono::steady_clock::now() - begin > hang_time() && site.frames("apart1") > before + 150;
    }));
    CHECK(site.stream_status("stuck1")->frames_dropped > 0);
    std::vector<std::string> untouched;
    for (const std::string& name : apart)
        if (is_on(name, fast)) untouched.push_back(name);
    REQUIRE_FALSE(untouched.empty());
    fs::remove(hangs);
    const std::int64_t free_us = to_epoch_us(RealClock{}.now());
    const std::uint64_t at_release = site.frames("stuck1");
    REQUIRE(all_record(stuck, at_release + 75));
    REQUIRE(eventually(20s, [&] { return site.status()->catalogue_backlog == 0; }));
    const std::int64_t stopped_us = to_epoch_us(RealClock{}.now());
    CHECK(site.stop_recorder(10s) < 3s);

    WorstLoss elsewhere;
    for (const std::string& name : untouched) {
        INFO(name);
        CHECK(site.gap_causes(name) == std::vector<std::string>{"shutdown open"});
        const auto sent = load_sent(farm.log(name));
        const Footage footage = load_footage(site.volumes(), name);
        CHECK(first_of(check_complete(footage, sent, {.until_us = stopped_us - 500'000})) == "");
        CHECK(first_of(check_structure(footage)) == "");
        elsewhere.add(find_missing(footage, sent, stopped_us - 500'000));
    }
    WorstLoss on_it;
    for (const std::string& name : stuck) {
        INFO(name);
        const catalogue::Coverage coverage = site.coverage(name);
        const Footage footage = load_footage(site.volumes(), name);
        const auto sent = load_sent(farm.log(name));
        const Allowance allowance{
            .until_us = stopped_us - 500'000, .may_miss = in_gap_of(coverage, GapCause::disk_slow, 50ms)
        };
        CHECK(first_of(check_complete(footage, sent, allowance)) == "");
        CHECK(first_of(check_structure(footage, true)) == "");
        CHECK(first_of(check_pictures_decode(footage)) == "");
        CHECK(first_of(check_no_hole(coverage, from_epoch_us(stopped_us) - 3s, 50ms)) == "");
        // The ring kept what fits into it; what follows the loss begins with a key picture.
        std::uint64_t kept = 0;
        for (const SentPicture& picture : sent) {
            if (picture.sent_us <= hung_us) continue;
            if (allowance.may_miss(picture)) break;
            kept += picture.bytes;
        }
        CHECK(kept > kMiB / 2);
        std::vector<SentPicture> missing = find_missing(footage, sent);
        std::erase_if(missing, [&](const SentPicture& picture) {
            return picture.sent_us > free_us + 3'000'000;
        });
        REQUIRE_FALSE(missing.empty());
        const auto after = std::ranges::find(sent, missing.back().number + 1, &SentPicture::number);
        REQUIRE(after != sent.end());
        CHECK(after->is_key);
        on_it.add(missing);
        on_it.add(coverage);
    }
    const std::string fault = fmt::format("disk hangs for {} s", hang_time().count());
    note_fault({fault + ", cameras on it", 1, on_it.text(), "what is beyond the ring, in whole groups"});
    note_fault({fault + ", cameras elsewhere", 1, elsewhere.text(), "nothing"});
}
