#include "cli/line.hpp"

#include <CLI/CLI.hpp>

namespace sluice::line {
namespace {

void add_volume(CLI::App& app, Line& line) {
    CLI::App* volume = app.add_subcommand("volume", "The disks that hold footage")->require_subcommand(1);
    CLI::App* add = add_command(*volume, line, "add", "Make a volume's identity in an empty folder");
    add->add_option("PATH", line.path, "The volume's root: a mount point or a folder")->required();
    add_config(add, line)->required();
    add->callback([&line] {
        line.command = [&line] {
            const fs::path root =
                (fs::absolute(line.path) / "").lexically_normal().parent_path();  // no final slash
            return cli::add_volume(root, line.config_path());
        };
    });
    CLI::App* list =
        add_command(*volume, line, "list", "Show the configured volumes, their ids and free space");
    add_config(list, line)->required();
    list->callback([&line] { line.command = [&line] { return cli::list_volumes(line.config_path()); }; });
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
        line.command = [&line] { return cli::check_footage(line.config_path(), line.check); };
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
    purge->callback([&line] { line.command = [&line] { return cli::purge(line.config_path(), line.purge); }; }
    );
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
                            ->transform(CLI::AsSizeValue(true))
                            ->check(CLI::PositiveNumber);
    CLI::Option* bytes = plan->add_option("--bytes", line.plan.bytes, "Of a disk that is there: 4TB")
                             ->type_name("BYTES")
                             ->transform(CLI::AsSizeValue(true))
                             ->check(CLI::PositiveNumber);
    rate->excludes(bytes);
    plan->callback([&line, rate, bytes] {
        if (rate->empty() && bytes->empty()) throw CLI::RequiredError("--rate or --bytes");
        line.command = [&line] { return cli::plan_disk(line.plan); };
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
    confirm
        ->add_option(
            "--evidence",
            line.path,
            "Folder of a `sluice ledger export`, or the ledger/ of a backup; verified first"
        )
        ->required()
        ->type_name("DIR");
    confirm->add_option(
        "--reason", line.confirm.reason, "Confirm although something is missing; goes into the audit log"
    );
    confirm->callback([&line] {
        line.confirm.evidence = fs::absolute(line.path);
        line.command = [&line] { return cli::confirm_retention(line.config_path(), line.confirm); };
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
        line.command = [&line] { return cli::report_coverage(line.config_path(), line.is_json); };
    });
}

}  // namespace

void add_footage_commands(CLI::App& app, Line& line) {
    add_volume(app, line);
    add_check(app, line);
    add_purge(app, line);
    add_retention(app, line);
}

}  // namespace sluice::line
