#include "jobs/sequencer.hpp"

#include "config/base/log.hpp"
#include "config/base/wait.hpp"
#include "jobs/rules.hpp"

#include <algorithm>

#include <pthread.h>

namespace sluice::jobs {
namespace {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;

constexpr auto kListen = 200ms;   // between two looks at the stop
constexpr auto kPollEvery = 1s;   // should a notice get lost
constexpr auto kTogether = 50ms;  // what comes within it shares a checkpoint
constexpr auto kNap = 50ms;
constexpr auto kTroubleDelay = 10s;  // until a person has mended it

ledger::Act program_act(const char* action) {
    return {
        .action = action,
        .actor = ledger::system_actor("sluice-worker"),
        .subject = {.kind = "program", .id = "sluice-worker"},
        .facts = std::string{R"({"version":")"} + SLUICE_VERSION + "\"}",
    };
}

}  // namespace

Sequencer::Sequencer(LogSettings settings, const Clock& clock)
    : settings_(std::move(settings)),
      clock_(clock) {}

Sequencer::~Sequencer() = default;

void Sequencer::start() {
    thread_ = std::jthread{[this](const std::stop_token& stop) { run(stop); }};
}

bool Sequencer::stop(std::chrono::milliseconds limit) {
    if (!thread_.joinable()) return true;
    thread_.request_stop();
    const auto until = SteadyClock::now() + limit;
    while (!has_ended_ && SteadyClock::now() < until)
        std::this_thread::sleep_for(kNap);
    if (!has_ended_) return false;
    thread_ = {};
    return true;
}

void Sequencer::run(const std::stop_token& stop) {
    ::pthread_setname_np(::pthread_self(), "ledger");
    unsigned failures = 0;
    do {  // also when the stop comes at once: what is committed shall be signed
        const auto begun = SteadyClock::now();
        const Status kept = keep_log(stop);
        if (kept) break;  // told to stop
        note(kept.error());
        failures = SteadyClock::now() - begun > 1min ? 1 : failures + 1;
        const bool is_trouble = kept.error().remedy() == Remedy::operator_acts;
        wait_unless_stopped(
            stop, is_trouble ? std::chrono::milliseconds{kTroubleDelay} : database_delay(failures)
        );
    } while (!stop.stop_requested());
    has_ended_ = true;
}

/// From the opening of the log until a stop is asked for or something fails.
Status Sequencer::keep_log(const std::stop_token& stop) {
    auto writer = LogWriter::open(settings_);
    if (!writer) return std::unexpected(writer.error());
    last_error_.clear();
    log::info("ledger_open", {{"records", writer->size()}, {"verifier_key", to_string(writer->verifier())}});
    if (!has_said_start_) {
        if (auto said = writer->append(program_act("program.started"), clock_.now()); !said) return said;
        has_said_start_ = true;
    }
    while (!stop.stop_requested()) {
        const auto placed = writer->step(clock_.now());
        if (!placed) return std::unexpected(placed.error());
        if (*placed > 0) {
            wait_unless_stopped(stop, kTogether);
            continue;
        }
        const auto look_at = SteadyClock::now() + kPollEvery;
        while (!stop.stop_requested() && SteadyClock::now() < look_at) {
            const auto heard = writer->wait_for_record(kListen);
            if (!heard) return std::unexpected(heard.error());
            if (*heard) break;
        }
    }
    return end_log(*writer);
}

/// Everything that is committed by now is signed.
Status Sequencer::end_log(LogWriter& writer) const {
    log_and_drop(
        writer.append(program_act("program.stopped"), clock_.now()), "the stop itself must not fail for it"
    );
    for (;;) {
        const auto placed = writer.step(clock_.now());
        if (!placed) {
            log_and_drop(std::unexpected(placed.error()), "the next worker places what is left");
            return {};
        }
        if (*placed == 0) return {};
    }
}

/// Once for each reason, not at each attempt.
void Sequencer::note(const Error& error) {
    if (error.describe() == last_error_) return;
    last_error_ = error.describe();
    if (error.remedy() != Remedy::operator_acts)
        log::warn("ledger_waits", {{"error", last_error_}});
    else
        log::error(
            "ledger_stopped",
            {{"error", last_error_},
             {"remedy", "nothing is signed until this is mended: see \"Audit log\" in operations.md"}}
        );
}

}  // namespace sluice::jobs
