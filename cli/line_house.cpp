#include "cli/line.hpp"
#include "storage/account/roles.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace sluice::line {
namespace {

constexpr std::array kMachineRoles{"operator", "viewer", "metrics"};

template <class Roles>
void require_roles(const Roles& known, const std::vector<std::string>& roles, const std::string& whose) {
    for (const std::string& role : roles) {
        if (std::ranges::find(account::kMachineRoles, role) != account::kMachineRoles.end())
            throw CLI::ValidationError(
                "--role", role + " needs an account: sluice account create --machine --role " + role
            );
        if (std::ranges::find(known, role) == known.end())
            throw CLI::ValidationError("--role", role + " is no role of " + whose);
    }
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
            require_roles(account::kPersonRoles, line.token.roles, "a person");
        else
            require_roles(kMachineRoles, line.token.roles, "a machine; a person is named with --principal");
        if (!is_person && line.token.roles.size() > 1)
            throw CLI::ValidationError("--role", "a machine has one role");
        line.command = [&line] { return cli::create_token(line.config_path(), line.token); };
    });
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
    show->callback([&line] { line.command = [&line] { return cli::show_policy(line.config_path()); }; });
    CLI::App* check =
        add_command(*policy, line, "check", "Report everything that is wrong with a policy file");
    check->add_option("FILE", line.policy.file, "A policy such as config/policy.toml")->required();
    check->callback([&line] { line.command = [&line] { return cli::check_policy(line.policy.file); }; });
    CLI::App* diff = add_command(*policy, line, "diff", "What a policy file would change");
    add_config(diff, line)->required();
    diff->add_option("FILE", line.policy.file, "A policy such as config/policy.toml")->required();
    diff->callback([&line] {
        line.command = [&line] { return cli::compare_policy(line.config_path(), line.policy.file); };
    });
    CLI::App* propose =
        add_command(*policy, line, "propose", "Put a policy file before the director (role secretariat)");
    add_config(propose, line)->required();
    propose->add_option("FILE", line.policy.file, "A policy such as config/policy.toml")->required();
    propose->add_option("--note", line.policy.note, "Why")->required();
    add_token_file(propose, line);
    propose->callback([&line] {
        line.command = [&line] { return cli::propose_policy(line.config_path(), line.policy); };
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
        line.command = [&line] { return cli::adopt_policy(line.config_path(), line.policy); };
    });
}

void add_calendar(CLI::App& app, Line& line) {
    CLI::App* calendar =
        app.add_subcommand("calendar", "The office calendar that deadlines run on")->require_subcommand(1);
    CLI::App* import = add_command(
        *calendar,
        line,
        "import",
        "Take the government's calendar of a year (CSV in UTF-8 or Big5); each December"
    );
    add_config(import, line)->required();
    import->add_option("FILE", line.path, "The published CSV of one year")->required();
    import->add_flag("--dry-run", line.is_dry_run, "Only say what it holds, or what is wrong with it");
    import->callback([&line] {
        line.command = [&line] {
            return cli::import_calendar(line.config_path(), fs::absolute(line.path), line.is_dry_run);
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
            return cli::make_backup(line.config_path(), fs::absolute(line.path), !line.is_unverified);
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
            return cli::restore_backup(line.config_path(), fs::absolute(line.path), line.is_replacing);
        };
    });
}

}  // namespace

void add_house_commands(CLI::App& app, Line& line) {
    add_token(app, line);
    add_policy(app, line);
    add_calendar(app, line);
    add_backup(app, line);
}

}  // namespace sluice::line
