#include "cli/line.hpp"

#include <CLI/CLI.hpp>

namespace sluice::line {

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

CLI::Option*
add_time(CLI::App* command, const std::string& name, std::optional<UtcTime>& time, const std::string& text) {
    return command
        ->add_option_function<std::string>(
            name,
            [&time, name](const std::string& word) {
                const auto parsed = from_rfc3339(word);
                if (!parsed) throw CLI::ValidationError(name, parsed.error().message());
                time = *parsed;
            },
            text
        )
        ->type_name("TIME");
}

}  // namespace sluice::line
