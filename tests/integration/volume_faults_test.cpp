// A volume that goes away, is exchanged, becomes read-only or breaks while cameras record: nothing is written
// where it should not be, the next volume takes over, the gap says why, and the volume is used again when it
// is back.
#include "storage/volume/volume.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/farm.hpp"
#include "tests/support/fault_table.hpp"
#include "tests/support/judge.hpp"
#include "tests/support/mounts.hpp"
#include "tests/support/site.hpp"
#include "tests/support/skip.hpp"

#include <algorithm>
#include <csignal>
#include <map>

#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using namespace sluice;
using namespace sluice::test;
namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20U;

/// All below a folder with its size: equal before and after means that nobody wrote there.
std::map<std::string, std::uintmax_t> contents(const fs::path& root) {
    std::map<std::string, std::uintmax_t> all;
    for (const auto& entry : fs::recursive_directory_iterator{root})
        all.emplace(entry.path().string(), entry.is_regular_file() ? entry.file_size() : 0);
    return all;
}

bool sync_all(const fs::path& root) {
    const UniqueFd fd{::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    return ::syncfs(fd.get()) == 0;
}

/// Two volumes: `first` is a mount point for a disk, `second` a plain folder.
class TwoVolumes {
public:
    TwoVolumes() : farm{site.folder() / "farm", {{"cam1", make_clip({})}, {"cam2", make_clip({.gop = 50})}}} {
        site.write_config(
            {{.slug = "cam1", .url = farm.url("cam1")}, {.slug = "cam2", .url = farm.url("cam2")}}
        );
        detach(first());
    }
    ~TwoVolumes() {
        for (const fs::path& place : {first(), first(), staging()})
            log_and_drop(try_detach(place), "it may be unmounted already");
    }
    [[nodiscard]] fs::path first() const { return places_.path() / "first"; }
    [[nodiscard]] fs::path second() const { return places_.path() / "second"; }
    [[nodiscard]] fs::path staging() const { return places_.path() / "staging"; }

    /// Waits until the open segments of both cameras lie on that volume and grow there.
    [[nodiscard]] bool records_on(const fs::path& volume) const {
        return eventually(30s, [&] { return is_on("cam1", volume) && is_on("cam2", volume); }) && goes_on();
    }
    [[nodiscard]] bool goes_on() const {
        const std::uint64_t before = site.frames("cam1");
        return eventually(20s, [&] { return site.frames("cam1") > before + 25; });
    }
    /// Waits until the recorder says of the first volume what is wrong with it.
    [[nodiscard]] bool says(const std::string& problem) const {
        return eventually(20s, [&] {
            const auto status = site.status();
            return status && status->volumes.front().problem.find(problem) != std::string::npos;
        });
    }

private:
    static Status try_detach(const fs::path& place) {
        try {
            detach(place);
        } catch (const std::runtime_error& error) {
            return failure(Remedy::retry, error.what());
        }
        return {};
    }
    [[nodiscard]] bool is_on(const std::string& slug, const fs::path& volume) const {
        const auto stream = site.stream_status(slug);
        if (!stream || !stream->segment_id || !fs::exists(volume / "live")) return false;
        const std::string id = to_string(*stream->segment_id);
        for (const auto& entry : fs::recursive_directory_iterator{volume / "live"})
            if (entry.path().string().find(id) != std::string::npos) return true;
        return false;
    }
    SiteOptions options() const {
        bind_mount(disk.root(), first());
        SiteOptions options;
        options.volumes = {first(), second()};
        return options;
    }

    TempFolder places_;

public:
    LoopDisk disk{128 * kMiB};
    Site site{options()};
    Farm farm;
};

}  // namespace

TEST_CASE(
    "A volume that is missing, read-only, a stranger's or broken gets no byte, and the next one records "
    "(I10, I15, I16)",
    "[volume][recorder][rtsp][fault]"
) {
    if (::geteuid() != 0) SLUICE_SKIP("needs root, which mounts file systems");
    TwoVolumes place;
    Site& site = place.site;
    const fs::path first = place.first();

    // Missing at the start.
    site.start_recorder();
    CHECK(place.records_on(place.second()));
    CHECK(fs::is_empty(first));

    // There, but read-only. Then as it should be.
    bind_mount(place.disk.root(), place.staging());
    set_read_only(place.staging(), true);
    auto before = contents(place.disk.root());
    bind_mount(place.staging(), first);
    CHECK(place.says("read-only"));
    CHECK(place.goes_on());
    CHECK(contents(place.disk.root()) == before);
    set_read_only(first, false);
    CHECK(place.records_on(first));

    // Unmounted while it records, and mounted again.
    detach(first);
    CHECK(place.records_on(place.second()));
    CHECK(fs::is_empty(first));
    bind_mount(place.disk.root(), first);
    CHECK(place.records_on(first));

    // Exchanged for a disk of another installation.
    const LoopDisk strange{64 * kMiB};
    volume::RealFiles files;
    const UtcTime now = RealClock{}.now();
    REQUIRE(volume::create_identity(files, strange.root(), make_uuid_v7(now), now));
    before = contents(strange.root());
    bind_mount(strange.root(), first);
    CHECK(place.records_on(place.second()));
    CHECK(contents(strange.root()) == before);
    detach(first);
    CHECK(place.records_on(first));

    // The kernel meets an error on it and lets nobody write any more. What it held of the files that the
    // recorder had to leave is on the disk by then: a kernel takes half a minute at most.
    // The recorder stands still between the two, so that it writes nothing in between on however busy a
    // machine.
    site.recorder().send_signal(SIGSTOP);
    const bool is_synced = sync_all(place.disk.root());
    if (is_synced) place.disk.break_down();
    site.recorder().send_signal(SIGCONT);
    REQUIRE(is_synced);
    CHECK(place.records_on(place.second()));

    // Repaired while the recorder stands still; what lay open on it is adopted.
    CHECK(site.stop_recorder(10s) < 3s);
    detach(first);
    detach(place.staging());
    place.disk.repair();
    bind_mount(place.disk.root(), first);
    site.start_recorder();
    CHECK(place.records_on(first));
    CHECK(site.await_catalogue(30s));
    const std::int64_t stopped_us = to_epoch_us(RealClock{}.now());
    CHECK(site.stop_recorder(5s) < 2s);

    WorstLoss worst;
    for (const std::string name : {"cam1", "cam2"}) {
        const auto gaps = site.gap_causes(name);
        std::string all;
        for (const std::string& gap : gaps)
            all += gap + "; ";
        INFO(name << ": " << all);
        const Footage footage = load_footage(site.volumes(), name);
        const catalogue::Coverage coverage = site.coverage(name);
        const auto is_missing = in_gap_of(coverage, GapCause::volume_missing, 50ms);
        const auto is_shutdown = in_gap_of(coverage, GapCause::shutdown, 200ms);
        const Allowance allowance{
            .until_us = stopped_us - 500'000,
            .may_miss = [&](const SentPicture& picture
                        ) { return is_missing(picture) || is_shutdown(picture); }
        };
        CHECK(first_of(check_structure(footage, true)) == "");
        const auto sent = load_sent(place.farm.log(name));
        CHECK(first_of(check_complete(footage, sent, allowance)) == "");
        auto missing = find_missing(footage, sent, allowance.until_us);
        std::erase_if(missing, is_shutdown);
        worst.add(missing);
        worst.add(coverage);
        CHECK(first_of(check_decodable(footage, 5)) == "");
        CHECK(first_of(check_no_hole(coverage, from_epoch_us(stopped_us) - 3s, 50ms)) == "");
        // Three times it was taken away from open files. That is two gaps where a segment had just ended and
        // was not finished yet, and none where the next one had not begun: what was lost is judged above,
        // picture by picture. A stop in between, and the one at the end.
        const auto count = [&](std::string_view cause) {
            return std::ranges::count_if(gaps, [&](const std::string& gap) {
                return gap.starts_with(cause);
            });
        };
        CHECK(count("volume_missing ") >= 1);
        CHECK(count("volume_missing ") <= 6);
        CHECK(count("shutdown ") == 2);
        for (const std::string& gap : gaps)
            if (gap.starts_with("volume_missing ")) CHECK(std::stod(gap.substr(gap.find(' '))) < 6.0);
    }
    note_fault(
        {"volume missing, read-only, unmounted, exchanged, broken",
         5,
         worst.text(),
         "2 s and a group of pictures"}
    );
}
