#include "cli/commands.hpp"
#include "cli/ledger_commands.hpp"
#include "cli/up/up.hpp"
#include "config/base/log.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/core.h>

namespace {

namespace fs = std::filesystem;
using sluice::Status;

constexpr int kFailed = 1;
constexpr int kUsage = 2;

/// What the command line said, and the command to run.
struct Line {
    std::string config;
    std::string log_level = "info";
    std::string path;
    sluice::cli::TokenOptions token;
    sluice::cli::PolicyOptions policy;
    bool is_dry_run = false;
    bool is_strict = false;
    bool is_unverified = false;
    bool is_replacing = false;
    sluice::cli::CheckOptions check;
    sluice::cli::WorkOptions work;
    sluice::cli::PurgeOptions purge;
    sluice::cli::PlanOptions plan;
    sluice::cli::ConfirmOptions confirm;
    bool is_json = false;
    sluice::cli::KeygenOptions keygen;
    sluice::cli::VerifyOptions verify;
    sluice::cli::WitnessOptions witness;
    std::string state;
    std::string key_file;
    std::string token_file;
    std::string authorities;
    std::string since;
    std::string reason;
    std::uint32_t lease_seconds = 30;
    std::function<Status()> command;

    [[nodiscard]] fs::path config_path() const { return fs::absolute(config); }
};

CLI::App* add_command(CLI::App& parent, Line& line, const std::string& name, const std::string& text) {
    CLI::App* command = parent.add_subcommand(name, text);
    command->add_option("--log-level", line.log_level, "debug, info, warn or error (default info)")
        ->check(CLI::IsMember({"debug", "info", "warn", "error"}));
    return command;
}

CLI::Option* add_config(CLI::App* command, Line& line) {
    return command
        ->add_option(
            "--config", line.config, "The configuration file (TOML); conf.d/*.toml beside it belongs to it"
        )
        ->type_name("FILE");
}

void add_up(CLI::App& app, Line& line) {
    CLI::App* command = add_command(
        app,
        line,
        "up",
        "Run everything on this machine: database, API, recorder; without --config a demo site"
    );
    add_config(command, line);
    command->add_flag("--dry-run", line.is_dry_run, "Say what would run; change nothing");
    command->callback([&line] {
        line.command = [&line] {
            sluice::up::Options options{
                .config = {}, .is_dry_run = line.is_dry_run, .log_level = line.log_level
            };
            if (!line.config.empty()) options.config = line.config_path();
            return sluice::up::up(options);
        };
    });
}

void add_database(CLI::App& app, Line& line) {
    CLI::App* migrate = add_command(app, line, "migrate", "Bring the database's schema up to this program's");
    add_config(migrate, line)->required();
    migrate->add_flag("--dry-run", line.is_dry_run, "Say what would be applied; change nothing");
    migrate->callback([&line] {
        line.command = [&line] { return sluice::cli::migrate(line.config_path(), line.is_dry_run); };
    });

    CLI::App* database = app.add_subcommand("database", "The embedded database")->require_subcommand(1);
    CLI::App* run =
        add_command(*database, line, "run", "Run it in the foreground (what sluice-database.service does)");
    add_config(run, line)->required();
    run->callback([&line] {
        line.command = [&line] { return sluice::cli::run_database(line.config_path()); };
    });
}

void add_volume(CLI::App& app, Line& line) {
    CLI::App* volume = app.add_subcommand("volume", "The disks that hold footage")->require_subcommand(1);
    CLI::App* add = add_command(*volume, line, "add", "Make a volume's identity in an empty folder");
    add->add_option("PATH", line.path, "The volume's root: a mount point or a folder")->required();
    add_config(add, line)->required();
    add->callback([&line] {
        line.command = [&line] {
            const fs::path root =
                (fs::absolute(line.path) / "").lexically_normal().parent_path();  // no final slash
            return sluice::cli::add_volume(root, line.config_path());
        };
    });
    CLI::App* list =
        add_command(*volume, line, "list", "Show the configured volumes, their ids and free space");
    add_config(list, line)->required();
    list->callback([&line] {
        line.command = [&line] { return sluice::cli::list_volumes(line.config_path()); };
    });
}

constexpr std::array kMachineRoles{"operator", "viewer", "metrics"};
constexpr std::array kPersonRoles{
    "secretariat",
    "ethics",
    "level1",
    "director",
    "unit_head",
    "applicant",
    "guard",
    "auditor",
    "reviewer",
    "admin"
};

template <class Roles>
void require_roles(const Roles& known, const std::vector<std::string>& roles, const std::string& whose) {
    for (const std::string& role : roles)
        if (std::ranges::find(known, role) == known.end())
            throw CLI::ValidationError("--role", role + " is no role of " + whose);
}

void add_token(CLI::App& app, Line& line) {
    CLI::App* token = app.add_subcommand("token", "Access tokens")->require_subcommand(1);
    CLI::App* create =
        add_command(*token, line, "create", "Make a token; it stands alone on the last line of the output");
    add_config(create, line)->required();
    create
        ->add_option(
            "--role",
            line.token.roles,
            "Of a machine operator, viewer or metrics; of a person secretariat, ethics, level1, director, "
            "unit_head, "
            "applicant, guard, auditor, reviewer or admin, several times for several"
        )
        ->required();
    CLI::Option* name = create->add_option("--name", line.token.name, "Of the machine (default: the role)");
    create->add_option("--principal", line.token.principal, "Makes it the token of the person of this name")
        ->excludes(name);
    create->callback([&line] {
        const bool is_person = !line.token.principal.empty();
        if (is_person)
            require_roles(kPersonRoles, line.token.roles, "a person");
        else
            require_roles(kMachineRoles, line.token.roles, "a machine; a person is named with --principal");
        if (!is_person && line.token.roles.size() > 1)
            throw CLI::ValidationError("--role", "a machine has one role");
        line.command = [&line] { return sluice::cli::create_token(line.config_path(), line.token); };
    });
}

/// A time of the command line; a wrong one is wrong usage.
CLI::Option* add_time(
    CLI::App* command,
    const std::string& name,
    std::optional<sluice::UtcTime>& time,
    const std::string& text
) {
    return command
        ->add_option_function<std::string>(
            name,
            [&time, name](const std::string& word) {
                const auto parsed = sluice::from_rfc3339(word);
                if (!parsed) throw CLI::ValidationError(name, parsed.error().message());
                time = *parsed;
            },
            text
        )
        ->type_name("TIME");
}

CLI::Option* add_token_file(CLI::App* command, Line& line) {
    return command
        ->add_option("--token-file", line.policy.token_file, "File with the token of the person who acts")
        ->required()
        ->type_name("FILE");
}

void add_policy(CLI::App& app, Line& line) {
    CLI::App* policy = app.add_subcommand("policy", "The rules as data")->require_subcommand(1);
    CLI::App* show = add_command(*policy, line, "show", "All versions, and the rules in force");
    add_config(show, line)->required();
    show->callback([&line] {
        line.command = [&line] { return sluice::cli::show_policy(line.config_path()); };
    });
    CLI::App* check =
        add_command(*policy, line, "check", "Report everything that is wrong with a policy file");
    check->add_option("FILE", line.policy.file, "A policy such as config/policy.toml")->required();
    check->callback([&line] {
        line.command = [&line] { return sluice::cli::check_policy(line.policy.file); };
    });
    CLI::App* diff = add_command(*policy, line, "diff", "What a policy file would change");
    add_config(diff, line)->required();
    diff->add_option("FILE", line.policy.file, "A policy such as config/policy.toml")->required();
    diff->callback([&line] {
        line.command = [&line] { return sluice::cli::compare_policy(line.config_path(), line.policy.file); };
    });
    CLI::App* propose =
        add_command(*policy, line, "propose", "Put a policy file before the director (role secretariat)");
    add_config(propose, line)->required();
    propose->add_option("FILE", line.policy.file, "A policy such as config/policy.toml")->required();
    propose->add_option("--note", line.policy.note, "Why")->required();
    add_token_file(propose, line);
    propose->callback([&line] {
        line.command = [&line] { return sluice::cli::propose_policy(line.config_path(), line.policy); };
    });
    CLI::App* adopt = add_command(
        *policy, line, "adopt", "Put a proposed version in force (role director, not its proposer)"
    );
    add_config(adopt, line)->required();
    adopt->add_option("NUMBER", line.policy.number, "Of the version")->required()->check(CLI::PositiveNumber);
    adopt->add_option("--document", line.policy.document, "Number of the paper on which it was decided")
        ->required();
    add_time(adopt, "--valid-from", line.policy.valid_from, "Not in the past (default: now)");
    add_token_file(adopt, line);
    adopt->callback([&line] {
        line.command = [&line] { return sluice::cli::adopt_policy(line.config_path(), line.policy); };
    });
}

void add_check(CLI::App& app, Line& line) {
    CLI::App* check = add_command(
        app,
        line,
        "check",
        "Compare files, journal and catalogue; nothing is deleted. Exit code 1 when anything was found.\n"
        "Bytes that changed are marked in the catalogue, so that a clip over them says so"
    );
    add_config(check, line)->required();
    CLI::Option* depth =
        check
            ->add_option(
                "--depth",
                line.check.depth,
                "names: files and rows; sizes: and their lengths; hashes: and every byte (default names)"
            )
            ->check(CLI::IsMember({"names", "sizes", "hashes"}));
    CLI::Option* from = add_time(
        check, "--from", line.check.from, "Only segments that began at or after (2026-11-23T10:00:00Z)"
    );
    CLI::Option* to = add_time(check, "--to", line.check.to, "Only segments that began before");
    CLI::Option* camera =
        check->add_option("--camera", line.check.camera, "Only this camera (slug); the journals are left out")
            ->type_name("SLUG");
    CLI::Option* json =
        check->add_flag("--json", line.check.is_json, "One JSON object on stdout instead of lines");
    check
        ->add_option(
            "--pace",
            line.check.pace,
            "Read so many bytes a second at most (default 64MiB; 0: as fast as it goes)"
        )
        ->type_name("BYTES_PER_S")
        ->transform(CLI::AsSizeValue(false));
    check
        ->add_flag(
            "--rebuild",
            line.check.is_rebuild,
            "Fill an empty catalogue from files and journals; it is unconfirmed afterwards: nothing is "
            "deleted"
        )
        ->excludes(depth)
        ->excludes(from)
        ->excludes(to)
        ->excludes(camera)
        ->excludes(json);
    check->callback([&line] {
        if (line.check.from && line.check.to && *line.check.to <= *line.check.from)
            throw CLI::ValidationError("--to", "must be after --from");
        line.command = [&line] { return sluice::cli::check_footage(line.config_path(), line.check); };
    });
}

void add_work(CLI::App& app, Line& line) {
    CLI::App* work = add_command(
        app,
        line,
        "work",
        "The worker: runs jobs (check, scrub, copies of suspect files) until SIGTERM, which hands back what "
        "runs"
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
            return sluice::cli::work(line.config_path(), line.work);
        };
    });
}

void add_purge(CLI::App& app, Line& line) {
    CLI::App* purge = add_command(
        app,
        line,
        "purge",
        "Destroy what is due by the policy, never what is younger than the floor or held; for cron and "
        "timers.\n"
        "Exit code 1 when something stands against it. Runs on after a kill: what was begun is finished"
    );
    add_config(purge, line)->required();
    purge->add_flag("--dry-run", line.purge.is_dry_run, "Say what would go and what stays; change nothing");
    purge->add_flag("--json", line.purge.is_json, "One JSON object on stdout instead of lines");
    purge->add_flag(
        "--confirm",
        line.purge.confirms_plan,
        "The plan is right although it is larger than the policy's guard"
    );
    purge->add_flag(
        "--confirm-clock",
        line.purge.confirms_clock,
        "The clock is right although the footage or NTP does not say so; goes into the audit log"
    );
    purge->callback([&line] {
        line.command = [&line] { return sluice::cli::purge(line.config_path(), line.purge); };
    });
    CLI::App* plan = add_command(
        app,
        line,
        "plan",
        "How big a disk for so many cameras, bits a second and days; or with --bytes what each camera may "
        "send"
    );
    plan->add_option("--cameras", line.plan.cameras, "How many")->required()->check(CLI::PositiveNumber);
    plan->add_option("--days", line.plan.days, "How long footage is kept")
        ->required()
        ->check(CLI::PositiveNumber);
    CLI::Option* rate = plan->add_option("--rate", line.plan.bits_per_second, "Of each camera: 2000000, 2M")
                            ->type_name("BIT_PER_S")
                            ->transform(CLI::AsSizeValue(true));
    CLI::Option* bytes = plan->add_option("--bytes", line.plan.bytes, "Of a disk that is there: 4TB")
                             ->type_name("BYTES")
                             ->transform(CLI::AsSizeValue(true));
    rate->excludes(bytes);
    plan->callback([&line, rate, bytes] {
        if (rate->empty() && bytes->empty()) throw CLI::RequiredError("--rate or --bytes");
        line.command = [&line] { return sluice::cli::plan_disk(line.plan); };
    });
}

void add_retention(CLI::App& app, Line& line) {
    CLI::App* retention =
        app.add_subcommand("retention", "What is kept, and for how long")->require_subcommand(1);
    CLI::App* confirm = add_command(
        *retention,
        line,
        "confirm",
        "After a rebuild or a restore: compare holds and purges with an export of the audit log, and allow "
        "the purge again"
    );
    add_config(confirm, line)->required();
    confirm->add_option("--evidence", line.path, "Folder of a `sluice ledger export`, made before")
        ->required()
        ->type_name("DIR");
    confirm->add_option(
        "--reason", line.confirm.reason, "Confirm although something is missing; goes into the audit log"
    );
    confirm->callback([&line] {
        line.confirm.evidence = fs::absolute(line.path);
        line.command = [&line] { return sluice::cli::confirm_retention(line.config_path(), line.confirm); };
    });
    CLI::App* coverage = add_command(
        *retention,
        line,
        "coverage",
        "Promised against kept over the last 30 days, a line a camera; missing time with its cause"
    );
    add_config(coverage, line)->required();
    coverage->add_flag("--json", line.is_json, "One JSON object on stdout instead of lines");
    coverage->callback([&line] {
        line.command = [&line] { return sluice::cli::report_coverage(line.config_path(), line.is_json); };
    });
}

void add_verify_options(CLI::App* command, Line& line) {
    command
        ->add_option(
            "--since",
            line.since,
            "A checkpoint that was kept elsewhere: records that were cut off or rewritten since are found"
        )
        ->type_name("FILE");
    command
        ->add_option(
            "--witness",
            line.verify.witness,
            "A witness's verifier key: its newest co-signed checkpoint counts like --since"
        )
        ->type_name("KEY");
    command
        ->add_option(
            "--key", line.verify.key, "The log's verifier key (default: the one that lies beside it)"
        )
        ->type_name("KEY");
    command->add_flag("--json", line.verify.is_json, "One JSON object on stdout instead of lines");
}

Status verify(Line& line) {
    if (!line.since.empty()) line.verify.since = fs::absolute(line.since);
    return sluice::cli::verify_ledger(line.verify);
}

void add_ledger_key(CLI::App& ledger, Line& line) {
    CLI::App* keygen = add_command(
        ledger,
        line,
        "keygen",
        "Make a signing key (0600, never over another); the verifier key stands alone on the last line of "
        "the "
        "output"
    );
    keygen->add_option("FILE", line.path, "The key file")->required();
    keygen->add_option("--name", line.keygen.name, "Its name in checkpoints, such as cctv.example/log");
    keygen->add_flag("--witness", line.keygen.is_witness, "A key that co-signs instead of signing");
    keygen->callback([&line] {
        line.command = [&line] {
            line.keygen.file = fs::absolute(line.path);
            return sluice::cli::make_ledger_key(line.keygen);
        };
    });
}

void add_ledger_witness(CLI::App& ledger, Line& line) {
    CLI::App* witness = add_command(
        ledger,
        line,
        "witness",
        "One round of a witness: fetch the newest checkpoint, check that it continues the one seen before, "
        "co-sign "
        "it, post that back. Exit code 1 when the log is inconsistent; for cron, on another machine than the "
        "log"
    );
    witness->add_option("URL", line.witness.url, "The service, such as https://cctv.example:8443")
        ->required();
    witness->add_option("--state", line.state, "What was seen last; made at the first round")
        ->required()
        ->type_name("FILE");
    witness->add_option("--key", line.key_file, "The witness's key, from `sluice ledger keygen --witness`")
        ->required()
        ->type_name("FILE");
    witness
        ->add_option(
            "--log-key", line.witness.log_key, "The log's verifier key, as its operator gave it to you"
        )
        ->required()
        ->type_name("KEY");
    witness->add_option("--token-file", line.token_file, "A token that may read the log and co-sign")
        ->type_name("FILE");
    witness
        ->add_option("--ca", line.authorities, "PEM file of the authorities to trust instead of the system's")
        ->type_name("FILE");
    witness->callback([&line] {
        line.command = [&line] {
            line.witness.state = fs::absolute(line.state);
            line.witness.key = fs::absolute(line.key_file);
            line.witness.token = line.token_file.empty() ? fs::path{} : fs::absolute(line.token_file);
            line.witness.authorities = line.authorities;
            return sluice::cli::witness_ledger(line.witness);
        };
    });
}

void add_ledger(CLI::App& app, Line& line) {
    CLI::App* ledger = app.add_subcommand("ledger", "The audit log")->require_subcommand(1);
    add_ledger_key(*ledger, line);
    add_ledger_witness(*ledger, line);
    CLI::App* check = add_command(
        *ledger,
        line,
        "verify",
        "Compare the whole log in the database with its checkpoint; exit code 1 when anything was found"
    );
    add_config(check, line)->required();
    add_verify_options(check, line);
    check->callback([&line] {
        line.command = [&line] {
            line.verify.config = line.config_path();
            return verify(line);
        };
    });
    CLI::App* copy = add_command(
        *ledger, line, "export", "Write the log into a new folder that `sluice verify` and others can check"
    );
    add_config(copy, line)->required();
    copy->add_option("DIR", line.path, "A folder that is missing or empty")->required();
    copy->callback([&line] {
        line.command = [&line] {
            return sluice::cli::export_ledger(line.config_path(), fs::absolute(line.path));
        };
    });
    CLI::App* erase = add_command(
        *ledger,
        line,
        "erase",
        "Take a record's text away; its place in the tree stays, and the reason becomes a record"
    );
    add_config(erase, line)->required();
    erase->add_option("RECORD", line.path, "The record's id")->required();
    erase->add_option("--reason", line.reason, "Why, and on what basis")->required();
    erase->callback([&line] {
        if (line.reason.empty()) throw CLI::ValidationError("--reason", "must say something");
        line.command = [&line] {
            return sluice::cli::erase_record(line.config_path(), line.path, line.reason);
        };
    });
    CLI::App* offline = add_command(
        app,
        line,
        "verify",
        "Check an export of the audit log: without database or service; exit code 1 when anything was found"
    );
    offline->add_option("DIR", line.path, "The export")->required();
    add_verify_options(offline, line);
    offline->callback([&line] {
        line.command = [&line] {
            line.verify.folder = fs::absolute(line.path);
            return verify(line);
        };
    });
}

void add_backup(CLI::App& app, Line& line) {
    CLI::App* backup = add_command(
        app,
        line,
        "backup",
        "Copy everything but the footage into a new folder below DIR: catalogue, signed audit log, "
        "state.json; no "
        "keys"
    );
    add_config(backup, line)->required();
    backup->add_option("DIR", line.path, "Where backups are kept")->required();
    backup->add_flag(
        "--no-verify",
        line.is_unverified,
        "Don't restore it into a database of its own to count what comes back"
    );
    backup->callback([&line] {
        line.command = [&line] {
            return sluice::cli::make_backup(line.config_path(), fs::absolute(line.path), !line.is_unverified);
        };
    });
    CLI::App* restore = add_command(
        app, line, "restore", "Put a backup in place of the database; stop recorder, worker and API before"
    );
    add_config(restore, line)->required();
    restore->add_option("DIR", line.path, "One backup: the folder with its manifest.json")->required();
    restore->add_flag(
        "--replace", line.is_replacing, "Also a database with content; it is kept under another name"
    );
    restore->callback([&line] {
        line.command = [&line] {
            return sluice::cli::restore_backup(
                line.config_path(), fs::absolute(line.path), line.is_replacing
            );
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
            return sluice::cli::check_config(
                fs::absolute(line.path.empty() ? line.config : line.path), line.is_strict
            );
        };
    });
    CLI::App* status =
        add_command(app, line, "status", "What the recorder does now; exit code 1 when it does not run");
    add_config(status, line)->required();
    status->callback([&line] {
        line.command = [&line] { return sluice::cli::show_status(line.config_path()); };
    });
}

int run(int count, char** arguments) {
    Line line;
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
    add_up(app, line);
    add_database(app, line);
    add_volume(app, line);
    add_token(app, line);
    add_policy(app, line);
    add_check(app, line);
    add_work(app, line);
    add_purge(app, line);
    add_retention(app, line);
    add_backup(app, line);
    add_ledger(app, line);
    add_rest(app, line);
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
    const Status done = line.command();
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
