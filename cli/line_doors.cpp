#include "cli/door_commands.hpp"
#include "cli/line.hpp"

#include <CLI/CLI.hpp>

namespace sluice::line {

void add_door_commands(CLI::App& app, Line& line) {
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
