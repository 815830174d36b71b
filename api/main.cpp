#include "api/http/wire.hpp"
#include "api/service/service.hpp"
#include "config/base/lock_file.hpp"
#include "config/base/log.hpp"
#include "config/base/notify.hpp"
#include "config/load.hpp"
#include "storage/catalogue/conninfo.hpp"
#include "storage/catalogue/record_repository.hpp"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <sys/resource.h>

namespace {

using sluice::Status;

constexpr int kFailed = 1;
constexpr int kUsageError = 2;
constexpr const char* kUsage =
    "Usage: sluice-api --config FILE [--log-level debug|info|warn|error]\n"
    "\n"
    "Answers HTTP requests about recorded footage. Its routes are in /v1/openapi.yaml.\n"
    "\n"
    "  --config FILE     the configuration (TOML); conf.d/*.toml beside it belongs to it\n"
    "  --log-level WORD  lowest level that is logged (default info)\n"
    "  --help            this text\n"
    "  --version         the version\n"
    "\n"
    "SIGTERM and SIGINT stop it, SIGHUP reads the certificate again.\n"
    "Exit codes: 0 stopped, 1 error, 2 wrong usage.\n";

struct Line {
    std::string config;
    sluice::log::Level level = sluice::log::Level::info;
};

const std::map<std::string_view, sluice::log::Level> kLevels{
    {"debug", sluice::log::Level::debug},
    {"info", sluice::log::Level::info},
    {"warn", sluice::log::Level::warn},
    {"error", sluice::log::Level::error},
};

/// nullopt: the line is answered or wrong, and `exit_code` says which.
std::optional<Line> parse_line(int count, char** arguments, int& exit_code) {
    Line line;
    exit_code = kUsageError;
    const auto complain = [](const std::string& text) {
        // Without stderr nobody is left to be told; the exit code says it too.
        static_cast<void>(std::fprintf(stderr, "sluice-api: %s\n%s", text.c_str(), kUsage));
        return std::nullopt;
    };
    for (int i = 1; i < count; ++i) {
        std::string word = arguments[i];
        if (word == "--help" || word == "--version") {
            // Whoever closed stdout did not want the text.
            static_cast<void>(
                std::fputs(word == "--help" ? kUsage : "sluice-api " SLUICE_VERSION "\n", stdout)
            );
            exit_code = 0;
            return std::nullopt;
        }
        std::optional<std::string> value;
        if (const auto equals = word.find('='); equals != std::string::npos) {
            value = word.substr(equals + 1);
            word.resize(equals);
        } else if (i + 1 < count) {
            value = arguments[++i];
        }
        if (word != "--config" && word != "--log-level") return complain("unknown argument " + word);
        if (!value) return complain(word + " needs a value");
        if (word == "--config") {
            line.config = *value;
            continue;
        }
        const auto level = kLevels.find(*value);
        if (level == kLevels.end()) return complain("--log-level is debug, info, warn or error");
        line.level = level->second;
    }
    if (line.config.empty()) return complain("--config is missing");
    return line;
}

sigset_t block_signals() {
    sigset_t set;
    sigemptyset(&set);
    for (const int number : {SIGTERM, SIGINT, SIGHUP})
        sigaddset(&set, number);
    pthread_sigmask(SIG_BLOCK, &set, nullptr);  // before any thread starts, so that they all inherit it
    static_cast<void>(std::signal(SIGPIPE, SIG_IGN));  // sendfile(2) has no MSG_NOSIGNAL
    return set;
}

/// Until SIGTERM or SIGINT; says in between that it lives.
void wait_for_stop(sluice::api::Service& service, const sigset_t& signals) {
    const auto watchdog = sluice::watchdog_interval();
    const auto pause = watchdog ? *watchdog / 2 : sluice::Microseconds{std::chrono::seconds{10}};
    const auto seconds = std::chrono::floor<std::chrono::seconds>(pause);
    const timespec limit{seconds.count(), std::chrono::nanoseconds{pause - seconds}.count()};
    for (;;) {
        const int number = sigtimedwait(&signals, nullptr, &limit);
        if (number == SIGTERM || number == SIGINT) return;
        if (number == SIGHUP) service.reload();
        if (watchdog) sluice::notify("WATCHDOG=1");
    }
}

/// A connection and the files of its clip each take a descriptor: the usual soft limit is too low for our own
/// limits.
void raise_descriptor_limit() {
    rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return;
    files.rlim_cur = files.rlim_max;
    static_cast<void>(::setrlimit(RLIMIT_NOFILE, &files));
}

/// For the audit log. Without a database there is nothing to tell it to, and nothing is given out either.
void record_program(const sluice::config::Config& config, const char* action, sluice::UtcTime now) {
    sluice::catalogue::Pool pool{sluice::catalogue::conninfo_of(config, "sluice_api"), 1};
    const auto recorded = sluice::catalogue::append_record(
        pool,
        {.action = action,
         .actor = sluice::ledger::system_actor("sluice-api"),
         .subject = {.kind = "program", .id = "sluice-api"},
         .facts = R"({"version":")" SLUICE_VERSION R"("})"},
        now
    );
    if (!recorded) sluice::log_and_drop(std::unexpected(recorded.error()), "the service's own log says it");
}

Status run(const Line& line, const sigset_t& signals) {
    raise_descriptor_limit();
    const auto config = sluice::config::load_or_explain(line.config, sluice::config::Secrets::database_only);
    if (!config) return std::unexpected(config.error());
    const auto lock =
        sluice::take_lock(config->data / "locks" / "api.lock", "sluice-api", config->data, 0640);
    if (!lock) return std::unexpected(lock.error());
    const sluice::RealClock clock;
    sluice::api::Service service{
        *config, sluice::catalogue::conninfo_of(*config, "sluice_api"), clock, sluice::http::Limits{}
    };
    if (auto started = service.start(); !started) return started;
    sluice::notify("READY=1");
    record_program(*config, "program.started", clock.now());
    wait_for_stop(service, signals);
    sluice::notify("STOPPING=1");
    sluice::log::info("stopping");
    service.stop();
    record_program(*config, "program.stopped", clock.now());
    sluice::log::info("stopped");
    return {};
}

}  // namespace

int main(int count, char** arguments) {
    int exit_code = 0;
    const auto line = parse_line(count, arguments, exit_code);
    if (!line) return exit_code;
    sluice::log::configure("sluice-api", line->level);
    const sigset_t signals = block_signals();
    try {
        const Status status = run(*line, signals);
        if (status) return 0;
        sluice::log::error("cannot_run", {{"detail", status.error().describe()}});
    } catch (const std::exception& error) {
        sluice::log::error("failed", {{"detail", error.what()}});
    }
    return kFailed;
}
