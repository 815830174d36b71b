#include "daemon/program.hpp"

#include "config/base/lock_file.hpp"
#include "config/base/log.hpp"
#include "config/base/notify.hpp"
#include "config/base/unique_fd.hpp"
#include "config/load.hpp"
#include "daemon/libav_source.hpp"
#include "daemon/recorder.hpp"

#include <array>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <string>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <fmt/core.h>
#include <getopt.h>

namespace sluice::daemon {
namespace {

constexpr int kFailed = 1;
constexpr int kUsage = 2;

constexpr const char* kHelp =
    "sluice-recorder: records cameras into segment files and tells the catalogue\n"
    "\n"
    "usage: sluice-recorder --config FILE [--log-level LEVEL]\n"
    "\n"
    "  --config FILE      configuration (TOML); conf.d/*.toml beside it belongs to it\n"
    "  --log-level LEVEL  debug, info, warn or error (info)\n"
    "  --help, --version\n"
    "\n"
    "SIGTERM finishes open segments and stops, SIGHUP reads the cameras again.\n"
    "Exit code: 0 stopped, 1 error, 2 wrong usage.\n";

struct Arguments {
    std::string config;
    log::Level level = log::Level::info;
};

std::optional<log::Level> level_from(std::string_view word) {
    if (word == "debug") return log::Level::debug;
    if (word == "info") return log::Level::info;
    if (word == "warn") return log::Level::warn;
    if (word == "error") return log::Level::error;
    return std::nullopt;
}

int complain(const std::string& what) {
    fmt::print(stderr, "sluice-recorder: {}\nTry sluice-recorder --help.\n", what);
    return kUsage;
}

/// The exit code when there is nothing left to do; nullopt: go on.
std::optional<int> parse(int count, char** words, Arguments& arguments) {
    const std::array<option, 5> options{{
        {"config", required_argument, nullptr, 'c'},
        {"log-level", required_argument, nullptr, 'l'},
        {"help", no_argument, nullptr, 'h'},
        {"version", no_argument, nullptr, 'v'},
        {nullptr, 0, nullptr, 0},
    }};
    opterr = 0;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): one thread, at start
    for (int found = 0; (found = getopt_long(count, words, "", options.data(), nullptr)) != -1;) {
        switch (found) {
            case 'c':
                arguments.config = optarg;
                break;
            case 'l': {
                const auto level = level_from(optarg);
                if (!level) return complain(fmt::format("--log-level: {} is no level", optarg));
                arguments.level = *level;
                break;
            }
            case 'h':
                fmt::print("{}", kHelp);
                return 0;
            case 'v':
                fmt::print("sluice-recorder {}\n", SLUICE_VERSION);
                return 0;
            default:
                return complain(fmt::format("unknown or incomplete option {}", words[optind - 1]));
        }
    }
    if (optind < count) return complain(fmt::format("what is {}?", words[optind]));
    if (arguments.config.empty()) return complain("--config FILE is missing");
    return std::nullopt;
}

sigset_t watched_signals() {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP})
        sigaddset(&set, signal);
    return set;
}

/// Until told to stop: once a second the status file and the watchdog.
void watch(Recorder& recorder, const sigset_t& signals) {
    while (true) {
        recorder.publish_status();
        notify("WATCHDOG=1");
        const timespec second{1, 0};
        const int signal = sigtimedwait(&signals, nullptr, &second);
        if (signal == SIGTERM || signal == SIGINT) return;
        if (signal == SIGHUP) recorder.reload();
    }
}

int fail(const Error& error) {
    log::error("recorder_failed", {{"error", error.describe()}});
    return kFailed;
}

int run(const Arguments& arguments, const Clock& clock, volume::DurableFiles& files) {
    auto config = config::load_or_explain(arguments.config, config::Secrets::all);
    if (!config) {
        fmt::print(stderr, "{}\n", config.error().message());
        return kFailed;
    }
    ::umask(0027);
    const sigset_t signals = watched_signals();
    pthread_sigmask(
        SIG_BLOCK, &signals, nullptr
    );  // inherited by every thread: signals come to watch() alone
    static_cast<void>(std::signal(SIGPIPE, SIG_IGN));
    const auto lock =
        take_lock(config->data / "locks" / "recorder.lock", "sluice-recorder", config->data, 0640);
    if (!lock) return fail(lock.error());
    if (!config->database.password.is_empty())
        // In the environment, and not in a connection string that gets logged.
        // NOLINTNEXTLINE(concurrency-mt-unsafe): one thread, at start
        ::setenv("PGPASSWORD", config->database.password.reveal().c_str(), 1);

    prepare_libav();
    RecorderOptions options;
    options.config_file = arguments.config;
    options.make_source = [&clock](const StreamSettings& stream) {
        return make_libav_source({stream.url, stream.username, stream.password, stream.transport}, clock);
    };
    Recorder recorder{std::move(options), std::move(*config), files, clock};
    if (auto started = recorder.start(); !started) return fail(started.error());
    notify("READY=1");
    watch(recorder, signals);
    notify("STOPPING=1");
    if (recorder.stop()) return 0;
    std::_Exit(0
    );  // a stream hangs in a name server; its segments are finished, nothing of it is worth waiting for
}

}  // namespace

int run_program(int count, char** words, const Clock& clock, volume::DurableFiles& files) {
    Arguments arguments;
    if (const auto code = parse(count, words, arguments)) return *code;
    log::configure("sluice-recorder", arguments.level);
    try {
        return run(arguments, clock, files);
    } catch (const std::exception& fault) {
        log::error("recorder_failed", {{"error", fault.what()}});
        return kFailed;
    }
}

}  // namespace sluice::daemon
