#include "cli/up/services.hpp"

#include "cli/up/demo.hpp"

#include <chrono>
#include <optional>
#include <utility>

namespace sluice::up {
namespace {

using namespace std::chrono_literals;

std::optional<process::OsUser> become(const Users& users, const process::OsUser& user) {
    return users.is_separated ? std::optional{user} : std::nullopt;
}

Service demo_cameras(const Site& site, const Users& users, const std::filesystem::path& programs) {
    const config::Recorder& recorder = site.config.recorders.front();
    Service service{
        .name = kDemoService,
        .command =
            {
                .binary = programs / kDemoService,
                .arguments =
                    {"--port",
                     std::to_string(recorder.port),
                     "--username",
                     recorder.username,
                     "--password-file",
                     demo_password_file(site.config.data).string()},
                .user = become(users, users.recorder),
                .environment =
                    {"HOME=" + (site.config.data / "run").string()},  // GStreamer keeps a cache there
            },
        .stop_limit = 5s,
    };
    for (const config::Camera& camera : recorder.cameras) {
        service.command.arguments.emplace_back("--channel");
        service.command.arguments.push_back(std::to_string(camera.channel));
    }
    return service;
}

/// Reads volumes, writes copies beside the footage and destroys what is due, so it runs as the recorder's
/// user.
Service worker(
    const Users& users,
    const std::filesystem::path& programs,
    const std::vector<std::string>& arguments,
    bool inherits_environment
) {
    Service service{
        .name = kWorkerService,
        .command =
            {
                .binary = programs / "sluice",
                .arguments = {"work"},
                .user = become(users, users.recorder),
                .environment = {},
                .inherits_environment = inherits_environment,
            },
        .stop_limit = 15s,
    };
    service.command.arguments.insert(service.command.arguments.end(), arguments.begin(), arguments.end());
    return service;
}

}  // namespace

std::vector<Service> services(const Site& site, const Users& users, const std::filesystem::path& programs) {
    const std::vector<std::string> arguments{
        "--config", site.config_file.string(), "--log-level", site.log_level
    };
    const bool is_embedded = site.config.database.url.empty();
    std::vector<Service> result;
    if (is_embedded) {
        Service database{
            .name = kDatabaseService,
            .command =
                {
                    .binary = programs / "sluice",
                    .arguments = {"database", "run"},
                    .user = become(users, users.database),
                    .environment = {},
                },
            .stop_limit = 60s,
        };
        database.command.arguments.insert(
            database.command.arguments.end(), arguments.begin(), arguments.end()
        );
        result.push_back(std::move(database));
    }
    if (site.is_demo) result.push_back(demo_cameras(site, users, programs));
    result.push_back({
        .name = kApiService,
        .command =
            {
                .binary = programs / kApiService,
                .arguments = arguments,
                .user = become(users, users.api),
                .environment = {},
                .inherits_environment =
                    !is_embedded,  // the server's password may stand there; the cameras' are not its business
            },
        .stop_limit = 15s,
    });
    result.push_back(worker(users, programs, arguments, !is_embedded));
    result.push_back({
        .name = kRecorderService,
        .command =
            {
                .binary = programs / kRecorderService,
                .arguments = arguments,
                .user = become(users, users.recorder),
                .environment = {},
                .inherits_environment = true,  // password_env
            },
        .stop_limit = 15s,
    });
    return result;
}

}  // namespace sluice::up
