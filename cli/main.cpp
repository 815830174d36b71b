#include "cli/line.hpp"
#include "config/base/log.hpp"

#include <csignal>
#include <cstdio>
#include <exception>
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/core.h>

namespace {

constexpr int kFailed = 1;
constexpr int kUsage = 2;

int run(int count, char** arguments) {
    sluice::line::Line line;
    CLI::App app{
        "Sluice records network cameras and releases footage by rule. `sluice up` runs everything on one "
        "machine;\n"
        "under systemd the parts are sluice-database, sluice-recorder, sluice-worker and sluice-api.",
        "sluice"
    };
    app.set_version_flag("--version", std::string{"sluice "} + SLUICE_VERSION);
    app.require_subcommand(1);
    app.footer(
        "Exit codes: 0 done, 1 error, 2 wrong usage. SIGTERM stops cleanly. `sluice COMMAND --help` says "
        "more."
    );
    add_program_commands(app, line);
    add_footage_commands(app, line);
    add_house_commands(app, line);
    add_account_commands(app, line);
    add_door_commands(app, line);
    add_huimin_commands(app, line);
    add_ledger_commands(app, line);
    try {
        app.parse(count, arguments);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : kUsage;
    }
    using sluice::log::Level;
    const Level level = line.log_level == "debug"   ? Level::debug
                        : line.log_level == "warn"  ? Level::warn
                        : line.log_level == "error" ? Level::error
                                                    : Level::info;
    sluice::log::configure("sluice", level);
    const sluice::Status done = line.command();
    if (done) return 0;
    fmt::print(stderr, "sluice: {}\n", done.error().describe());
    return kFailed;
}

}  // namespace

int main(int count, char** arguments) {
    static_cast<void>(std::signal(SIGPIPE, SIG_IGN));  // a closed pipe is a failed write
    try {
        return run(count, arguments);
    } catch (const std::exception& error) {
        // Without stderr nobody is left to be told; the exit code says it too.
        static_cast<void>(std::fprintf(stderr, "sluice: internal error: %s\n", error.what()));
        return kFailed;
    }
}
