#include "cli/huimin_commands.hpp"
#include "cli/line.hpp"

#include <CLI/CLI.hpp>

namespace sluice::line {
namespace {

CLI::App* add_on_camera(CLI::App& app, Line& line, const std::string& name, const std::string& text) {
    CLI::App* command = add_command(app, line, name, text);
    add_config(command, line)->required();
    command->add_option("SLUG", line.path, "Of the announced camera")->required();
    return command;
}

}  // namespace

void add_huimin_commands(CLI::App& app, Line& line) {
    CLI::App* huimin =
        app.add_subcommand("huimin", "Cameras and clips of the contractor")->require_subcommand(1);
    CLI::App* list = add_command(*huimin, line, "list", "A line for each camera that was announced");
    add_config(list, line)->required();
    list->add_flag("--json", line.is_json, "As JSON");
    list->callback([&line] {
        line.command = [&line] { return cli::list_huimin(line.config_path(), line.is_json); };
    });
    CLI::App* findings = add_command(
        *huimin,
        line,
        "findings",
        "What is open: slots to verify, cameras without stream or clips; exit code 1 then"
    );
    add_config(findings, line)->required();
    findings->callback([&line] {
        line.command = [&line] { return cli::list_huimin_findings(line.config_path()); };
    });
    CLI::App* accept = add_on_camera(
        *huimin,
        line,
        "accept",
        "Accept an announced camera: its host is checked against huimin.allow_hosts, conf.d/huimin.toml is "
        "written, and the recorder reads it"
    );
    accept->callback([&line] {
        line.command = [&line] { return cli::accept_huimin(line.config_path(), line.path); };
    });
    CLI::App* refuse =
        add_on_camera(*huimin, line, "refuse", "Refuse a camera, or take out one that was accepted");
    refuse->add_option("--reason", line.reason, "Why; the contractor reads it")->required();
    refuse->callback([&line] {
        line.command = [&line] { return cli::refuse_huimin(line.config_path(), line.path, line.reason); };
    });
    CLI::App* survey =
        huimin->add_subcommand("survey", "Read a received file; the worker starts it, and limits it");
    survey->group("");  // not listed: it is of no use to anybody else
    survey->add_option("FILE", line.path, "A video")->required();
    survey->add_option("--cpu-seconds", line.cpu_seconds, "That it may compute")->required();
    survey->callback([&line] {
        line.command = [&line] { return cli::survey_clip(line.path, line.cpu_seconds); };
    });
}

}  // namespace sluice::line
