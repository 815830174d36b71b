#include "cli/commands.hpp"
#include "cli/process/os_user.hpp"
#include "config/load.hpp"
#include "storage/catalogue/conninfo.hpp"
#include "storage/catalogue/inventory.hpp"
#include "storage/check/pace.hpp"
#include "storage/check/rebuild.hpp"
#include "storage/check/report.hpp"
#include "storage/volume/installation.hpp"

#include <chrono>
#include <thread>
#include <utility>
#include <vector>

#include <unistd.h>

#include <fmt/core.h>

namespace sluice::cli {
namespace {

using SteadyClock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr std::size_t kMostListed = 100'000;  // of a JSON report; all are counted
constexpr auto kEvery = 2s;
constexpr auto kEveryInLog = 30s;  // when stderr is no terminal

/// Prints findings as they come, says on stderr how far it is, and keeps the pace.
class Console final : public check::Observer {
public:
    Console(std::uint64_t pace, bool is_json)
        : pace_(pace),
          is_json_(is_json),
          every_(::isatty(STDERR_FILENO) == 1 ? kEvery : kEveryInLog) {}

    bool advance(const check::Progress& progress, std::uint64_t bytes_read) override {
        read_ += bytes_read;
        const auto elapsed = std::chrono::duration_cast<Microseconds>(SteadyClock::now() - started_);
        const auto wait = check::wait_for_pace(read_, pace_, elapsed);
        if (wait.count() > 0) std::this_thread::sleep_for(wait);
        const auto now = SteadyClock::now();
        if (now - said_ < every_) return true;
        said_ = now;
        const std::string of =
            progress.total_bytes > 0 ? fmt::format(" of about {}", progress.total_bytes) : std::string{};
        fmt::print(
            stderr, "{} files, {} bytes{} read; {}\n", progress.files, progress.bytes, of, progress.place
        );
        return true;
    }
    void found(const check::Finding& finding) override {
        if (!is_json_) {
            fmt::print("{}\n", check::to_line(finding));
            return;
        }
        if (findings_.size() < kMostListed)
            findings_.push_back(finding);
        else
            ++left_out_;
    }

    [[nodiscard]] const std::vector<check::Finding>& findings() const noexcept { return findings_; }
    [[nodiscard]] std::uint64_t left_out() const noexcept { return left_out_; }

private:
    std::uint64_t pace_;
    bool is_json_;
    std::chrono::seconds every_;
    SteadyClock::time_point started_ = SteadyClock::now();
    SteadyClock::time_point said_ = SteadyClock::now();
    std::uint64_t read_ = 0;
    std::vector<check::Finding> findings_;
    std::uint64_t left_out_ = 0;
};

Status count_findings(std::uint64_t count) {
    if (count == 0) return {};
    return failure(Remedy::operator_acts, fmt::format("{} findings", count));
}

Status rebuild(const config::Config& config, const CheckOptions& options) {
    const auto installation = volume::load_installation(config.data);
    if (!installation) return std::unexpected(installation.error());
    catalogue::Inventory present;
    if (*installation) present = catalogue::make_inventory(**installation, config);
    catalogue::Pool pool{catalogue::conninfo_of(config, "sluice_super"), 1};
    const auto volumes = check::find_volumes(pool, config.storage.volumes);
    if (!volumes) return std::unexpected(volumes.error());
    Console console{options.pace, false};
    for (const check::Finding& missing : volumes->missing)
        console.found(missing);
    const auto done = check::rebuild(pool, *volumes, present, RealClock{}, console, process::operator_here());
    if (!done) return std::unexpected(done.error());
    fmt::print(
        "{} segments, {} clips of the contractor, {} suspect files ({} with a copy), {} cameras, {} journal "
        "lines ({} torn); {} .part "
        "files are "
        "left to the recorder\nThe catalogue is unconfirmed: nothing is deleted until holds and tombstones "
        "were "
        "compared with a backup.\n",
        done->segments,
        done->clips,
        done->suspects,
        done->copies,
        done->cameras,
        done->journal_lines,
        done->torn_lines,
        done->parts_left
    );
    return count_findings(done->tally.total() + volumes->missing.size());
}

}  // namespace

Status check_footage(const fs::path& config, const CheckOptions& options) {
    const auto loaded = config::load_or_explain(config, config::Secrets::database_only);
    if (!loaded) return std::unexpected(loaded.error());
    if (options.is_rebuild) return rebuild(*loaded, options);
    catalogue::Pool pool{catalogue::conninfo_of(*loaded, "sluice_worker"), 1};
    const auto volumes = check::find_volumes(pool, loaded->storage.volumes);
    if (!volumes) return std::unexpected(volumes.error());
    const check::Settings settings{
        .depth = check::depth_from(options.depth).value_or(check::Depth::names),
        .from = options.from,
        .to = options.to,
        .camera_slug = options.camera,
    };
    Console console{options.pace, options.is_json};
    const auto summary = check::run_check(pool, *volumes, settings, RealClock{}, console);
    if (!summary) return std::unexpected(summary.error());
    if (options.is_json)
        fmt::print("{}\n", check::to_json(*summary, console.findings(), console.left_out()));
    else
        fmt::print("{}", check::to_text(*summary));
    return count_findings(summary->tally.total());
}

}  // namespace sluice::cli
