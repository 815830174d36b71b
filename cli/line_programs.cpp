#include "cli/line.hpp"
#include "cli/up/up.hpp"

#include <chrono>

#include <CLI/CLI.hpp>

namespace sluice::line {
namespace {

void add_up(CLI::App& app, Line& line) {
    CLI::App* command = add_command(
        app,
        line,
        "up",
        "Run everything on this machine: database, recorder, worker, API; without --config a demo site"
    );
    add_config(command, line);
    command->add_flag("--dry-run", line.is_dry_run, "Say what would run; change nothing");
    command->callback([&line] {
        line.command = [&line] {
            up::Options options{.config = {}, .is_dry_run = line.is_dry_run, .log_level = line.log_level};
            if (!line.config.empty()) options.config = line.config_path();
            return up::up(options);
        };
    });
}

void add_database(CLI::App& app, Line& line) {
    CLI::App* migrate = add_command(app, line, "migrate", "Bring the database's schema up to this program's");
    add_config(migrate, line)->required();
    migrate->add_flag("--dry-run", line.is_dry_run, "Say what would be applied; change nothing");
    migrate->callback([&line] {
        line.command = [&line] { return cli::migrate(line.config_path(), line.is_dry_run); };
    });

    CLI::App* database = app.add_subcommand("database", "The embedded database")->require_subcommand(1);
    CLI::App* run =
        add_command(*database, line, "run", "Run it in the foreground (what sluice-database.service does)");
    add_config(run, line)->required();
    run->callback([&line] { line.command = [&line] { return cli::run_database(line.config_path()); }; });
}

void add_work(CLI::App& app, Line& line) {
    CLI::App* work = add_command(
        app,
        line,
        "work",
        "The worker: signs the audit log, makes room, runs jobs (check, scrub, purge, copies), follows the "
        "recorders with events = true and the door controllers (SIGHUP reads both again), "
        "until SIGTERM, which hands back what runs"
    );
    add_config(work, line)->required();
    work->add_flag(
        "--once", line.work.is_once, "End when nothing is left to do; exit code 1 when a job failed"
    );
    work->add_option(
            "--lease",
            line.lease_seconds,
            "A job whose worker is silent for so long is taken by another (default 30)"
    )
        ->type_name("SECONDS")
        ->check(CLI::Range(2, 3600));
    work->callback([&line] {
        line.command = [&line] {
            line.work.lease = std::chrono::seconds{line.lease_seconds};
            return cli::work(line.config_path(), line.work);
        };
    });
}

void add_rest(CLI::App& app, Line& line) {
    CLI::App* config = app.add_subcommand("config", "The configuration")->require_subcommand(1);
    CLI::App* check = add_command(*config, line, "check", "Report every error with its place and cure");
    CLI::Option* named = add_config(check, line);
    check->add_option("FILE", line.path, "The configuration file")->excludes(named);
    check->add_flag("--strict", line.is_strict, "Warnings are errors too");
    check->callback([&line] {
        if (line.path.empty() && line.config.empty()) throw CLI::RequiredError("FILE");
        line.command = [&line] {
            return cli::check_config(
                fs::absolute(line.path.empty() ? line.config : line.path), line.is_strict
            );
        };
    });
    CLI::App* status =
        add_command(app, line, "status", "What the recorder does now; exit code 1 when it does not run");
    add_config(status, line)->required();
    status->callback([&line] { line.command = [&line] { return cli::show_status(line.config_path()); }; });
}

}  // namespace

void add_program_commands(CLI::App& app, Line& line) {
    add_up(app, line);
    add_database(app, line);
    add_work(app, line);
    add_rest(app, line);
}

}  // namespace sluice::line
