#pragma once

#include "cli/account_commands.hpp"
#include "cli/commands.hpp"
#include "cli/ledger_commands.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

namespace CLI {
class App;
class Option;
}  // namespace CLI

/// The command line: what each command takes, and which function of commands.hpp it becomes. The only files
/// that see CLI11.
namespace sluice::line {

namespace fs = std::filesystem;

/// What the command line said, and the command to run.
struct Line {
    std::string config;
    std::string log_level = "info";
    std::string path;
    std::string profile;
    cli::TokenOptions token;
    cli::PolicyOptions policy;
    cli::AccountOptions account;
    bool is_removing = false;
    bool is_dry_run = false;
    bool is_strict = false;
    bool is_unverified = false;
    bool is_replacing = false;
    cli::CheckOptions check;
    cli::WorkOptions work;
    cli::PurgeOptions purge;
    cli::PlanOptions plan;
    cli::ConfirmOptions confirm;
    bool is_json = false;
    cli::KeygenOptions keygen;
    cli::VerifyOptions verify;
    cli::WitnessOptions witness;
    std::string state;
    std::string key_file;
    std::string token_file;
    std::string authorities;
    std::string since;
    std::string log_key;
    std::string keys_file;
    std::string reason;
    std::uint32_t lease_seconds = 30;
    std::uint32_t cpu_seconds = 0;
    std::function<Status()> command;

    [[nodiscard]] fs::path config_path() const { return fs::absolute(config); }
};

/// A command with the options that all have.
CLI::App* add_command(CLI::App& parent, Line& line, const std::string& name, const std::string& text);
CLI::Option* add_config(CLI::App* command, Line& line);
/// A time of the command line; a wrong one is wrong usage.
CLI::Option*
add_time(CLI::App* command, const std::string& name, std::optional<UtcTime>& time, const std::string& text);

void add_program_commands(CLI::App& app, Line& line);  ///< up, database, migrate, work, config, status
void add_footage_commands(CLI::App& app, Line& line);  ///< volume, check, purge, plan, retention
void add_house_commands(CLI::App& app, Line& line);    ///< token, policy, calendar, backup, restore
void add_account_commands(CLI::App& app, Line& line);  ///< account
void add_huimin_commands(CLI::App& app, Line& line);   ///< huimin
void add_door_commands(CLI::App& app, Line& line);     ///< doors, access
void add_ledger_commands(CLI::App& app, Line& line);   ///< ledger, verify

}  // namespace sluice::line
