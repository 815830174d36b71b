#include "cli/line.hpp"
#include "storage/account/roles.hpp"

#include <string>

#include <CLI/CLI.hpp>
#include <fmt/ranges.h>

namespace sluice::line {
namespace {

CLI::Option* add_name(CLI::App* command, Line& line) {
    return command->add_option("NAME", line.account.name, "Of the account")->required();
}

CLI::Option* add_roles(CLI::App* command, Line& line) {
    return command
        ->add_option(
            "--role",
            line.account.roles,
            fmt::format(
                "Of a person {}; of a machine {}; several times for several",
                fmt::join(account::kPersonRoles, ", "),
                fmt::join(account::kMachineRoles, ", ")
            )
        )
        ->required();
}

/// Article 7(2).
void add_paper(CLI::App* command, Line& line) {
    command
        ->add_option(
            "--document", line.account.paper.document, "Number of the signed confidentiality acknowledgement"
        )
        ->required();
    command->add_option("--date", line.account.paper.date, "Its day, as YYYY-MM-DD")->required();
}

void add_create(CLI::App& app, Line& line) {
    CLI::App* create = add_command(
        app,
        line,
        "create",
        "Make an account; its first password, or a machine's token, stands alone on the last line. The first "
        "person's account puts the articles in force"
    );
    add_config(create, line)->required();
    create->add_option("--name", line.account.name, "Of the person or machine")->required();
    add_roles(create, line);
    create->add_option("--unit", line.account.unit, "The unit it belongs to");
    create->add_flag("--machine", line.account.is_machine, "A machine's account");
    create->add_option(
        "--camera", line.account.cameras, "Slug of a camera of the contractor's machine; several times"
    );
    add_time(create, "--valid-to", line.account.valid_to, "End of the account (default: none)");
    add_paper(create, line);
    create->callback([&line] {
        line.command = [&line] { return cli::create_account(line.config_path(), line.account); };
    });
}

void add_changes(CLI::App& app, Line& line) {
    CLI::App* role = add_command(app, line, "role", "Give an account these roles instead of its own");
    add_config(role, line)->required();
    add_name(role, line);
    add_roles(role, line);
    role->callback([&line] {
        line.command = [&line] { return cli::set_account_roles(line.config_path(), line.account); };
    });
    CLI::App* disable = add_command(app, line, "disable", "Shut an account for good");
    add_config(disable, line)->required();
    add_name(disable, line);
    disable->add_option("--reason", line.account.reason, "Why")->required();
    disable->callback([&line] {
        line.command = [&line] { return cli::disable_account(line.config_path(), line.account); };
    });
    CLI::App* depart =
        add_command(app, line, "depart", "Record that its owner has left; what was done stays attributed");
    add_config(depart, line)->required();
    add_name(depart, line);
    add_paper(depart, line);
    depart->callback([&line] {
        line.command = [&line] { return cli::depart_account(line.config_path(), line.account); };
    });
}

void add_keys(CLI::App& app, Line& line) {
    CLI::App* password =
        add_command(app, line, "password", "Give a person a new first password, and unlock the account");
    add_config(password, line)->required();
    add_name(password, line);
    password->callback([&line] {
        line.command = [&line] { return cli::reset_account_password(line.config_path(), line.account.name); };
    });
    CLI::App* totp = add_command(
        app,
        line,
        "totp",
        "Give a person a second factor (RFC 6238); its secret stands alone on the last line"
    );
    add_config(totp, line)->required();
    add_name(totp, line);
    totp->add_flag("--remove", line.is_removing, "Take it away instead");
    totp->callback([&line] {
        line.command = [&line] {
            return cli::set_account_totp(line.config_path(), line.account.name, line.is_removing);
        };
    });
    CLI::App* token =
        add_command(app, line, "token", "Make a token of an account; it stands alone on the last line");
    add_config(token, line)->required();
    add_name(token, line);
    token->callback([&line] {
        line.command = [&line] { return cli::create_account_token(line.config_path(), line.account.name); };
    });
}

}  // namespace

void add_account_commands(CLI::App& app, Line& line) {
    CLI::App* account =
        app.add_subcommand("account", "Accounts of persons and machines")->require_subcommand(1);
    add_create(*account, line);
    CLI::App* list = add_command(*account, line, "list", "A line for each account");
    add_config(list, line)->required();
    list->add_flag("--json", line.is_json, "As JSON");
    list->callback([&line] {
        line.command = [&line] { return cli::list_accounts(line.config_path(), line.is_json); };
    });
    add_changes(*account, line);
    add_keys(*account, line);
}

}  // namespace sluice::line
