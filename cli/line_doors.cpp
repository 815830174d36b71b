#include "cli/door_commands.hpp"
#include "cli/line.hpp"

#include <CLI/CLI.hpp>

namespace sluice::line {
namespace {

void add_access(CLI::App& app, Line& line) {
    CLI::App* access = app.add_subcommand("access", "Events at the doors")->require_subcommand(1);
    CLI::App* import = add_command(
        *access,
        line,
        "import",
        "Store the events of a CSV file that a controller's program has exported; what is known already is "
        "not stored twice"
    );
    add_config(import, line)->required();
    import->add_option("FILE", line.path, "UTF-8 or Big5, with a header such as 日期,時間,卡號,門名稱,事件")
        ->required();
    import->add_option("--profile", line.profile, "Slug of the controller that the file is of")->required();
    import->add_flag("--dry-run", line.is_dry_run, "Only say what can't be read");
    import->add_flag("--json", line.is_json, "The report as JSON, as POST /v1/access/imports answers");
    import->callback([&line] {
        line.command = [&line] {
            return cli::import_access(
                line.config_path(),
                fs::absolute(line.path),
                {.profile = line.profile, .is_dry_run = line.is_dry_run, .is_json = line.is_json}
            );
        };
    });
}

}  // namespace

void add_door_commands(CLI::App& app, Line& line) {
    add_access(app, line);
    CLI::App* doors =
        app.add_subcommand("doors", "Doors, their controllers and readers")->require_subcommand(1);
    CLI::App* import = add_command(
        *doors,
        line,
        "import",
        "Make and change doors, controllers, readers and categories of persons as a file says; what it does "
        "not name stays"
    );
    add_config(import, line)->required();
    import->add_option("FILE", line.path, "JSON such as config/doors-anping.json")->required();
    import->add_flag("--dry-run", line.is_dry_run, "Only say what would be new or changed");
    import->callback([&line] {
        line.command = [&line] {
            return cli::import_doors(line.config_path(), fs::absolute(line.path), line.is_dry_run);
        };
    });
}

}  // namespace sluice::line
