#include "cli/commands.hpp"
#include "config/base/time.hpp"
#include "config/load.hpp"
#include "storage/catalogue/check_repository.hpp"
#include "storage/catalogue/conninfo.hpp"
#include "storage/status/recorder_status.hpp"

#include <chrono>

#include <fmt/core.h>

namespace sluice::cli {
namespace {

using namespace std::chrono_literals;

constexpr auto kOldAge = 5s;  // it is replaced every second

void print_stream(const status::StreamStatus& stream) {
    fmt::print(
        "  {:<24} {:<5} {:<18} {:>7.2f} Mbit/s {:>6.2f} fps  {}\n",
        stream.camera_slug,
        to_string(stream.stream),
        status::to_string(stream.state),
        stream.bitrate_bps / 1e6,
        stream.frame_rate,
        stream.detail
    );
}

void print_ups(const status::UpsStatus& ups) {
    fmt::print("ups {}  {} since {}", ups.slug, to_string(ups.state), to_rfc3339(ups.since));
    if (ups.charge_percent) fmt::print(", {:.0f} %", *ups.charge_percent);
    if (!ups.problem.empty()) fmt::print("  {}", ups.problem);
    fmt::print("\n");
}

/// After a rebuild from files; a catalogue in order is not worth a line.
void print_catalogue(const config::Config& config) {
    catalogue::Pool pool{catalogue::conninfo_of(config, "sluice_worker"), 1};
    const auto state = catalogue::load_catalogue_state(pool);
    if (!state) {
        fmt::print("catalogue not reachable: {}\n", state.error().describe());
        return;
    }
    if (state->is_confirmed) return;
    fmt::print(
        "catalogue unconfirmed: rebuilt from files at {}{}; nothing is deleted until holds and tombstones "
        "are compared\n",
        to_rfc3339(state->rebuild_began.value_or(UtcTime{})),
        state->rebuild_ended ? "" : ", and not to its end (run the rebuild again)"
    );
}

}  // namespace

Status show_status(const fs::path& config) {
    const auto loaded = config::load_or_explain(config, config::Secrets::database_only);
    if (!loaded) return std::unexpected(loaded.error());
    print_catalogue(*loaded);
    const auto found = status::load(status::status_path(loaded->data));
    if (!found) return failure(Remedy::retry, "the recorder does not run: " + found.error().describe());
    const UtcTime now = RealClock{}.now();
    fmt::print(
        "recorder {} pid {} since {}\ndatabase {}, {} waiting for it; write lag {} ms\n",
        found->version,
        found->pid,
        to_rfc3339(found->started),
        found->database_connected ? "connected" : "not connected",
        found->catalogue_backlog,
        found->write_lag_us / 1000
    );
    for (const status::VolumeStatus& volume : found->volumes)
        fmt::print("volume {}  {}\n", volume.path.string(), volume.is_writable ? "writable" : volume.problem);
    for (const status::UpsStatus& ups : found->ups)
        print_ups(ups);
    for (const status::StreamStatus& stream : found->streams)
        print_stream(stream);
    if (now - found->written > kOldAge)
        return failure(
            Remedy::retry, "the recorder does not run: its last word is of " + to_rfc3339(found->written)
        );
    return {};
}

}  // namespace sluice::cli
