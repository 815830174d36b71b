// rtsp-farm: replays encoded files as RTSP cameras, logs every picture it has sent, and injects faults.
#include "tests/support/farm/server.hpp"

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <iostream>

#include <arpa/inet.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>

namespace {

using namespace sluice;

struct Options {
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;
    std::string log_folder = ".";
    std::string control;
    std::vector<std::string> cameras;   ///< NAME=FILE
    std::vector<std::string> commands;  ///< carried out before the first client
};

Result<farm::Cameras> make_cameras(const Options& options) {
    farm::Cameras cameras;
    std::map<std::string, std::shared_ptr<const farm::Media>> files;
    for (const std::string& camera : options.cameras) {
        const std::size_t sign = camera.find('=');
        if (sign == std::string::npos) return failure(Remedy::refuse, "--camera NAME=FILE, not " + camera);
        const std::string name = camera.substr(0, sign);
        const std::string file = camera.substr(sign + 1);
        if (!files.contains(file)) {
            auto media = farm::load_media(file);
            if (!media) return std::unexpected{media.error()};
            files[file] = std::move(*media);
        }
        auto made = farm::Camera::make(
            name, static_cast<unsigned>(cameras.size() + 1), files[file], options.log_folder
        );
        if (!made) return std::unexpected{made.error()};
        cameras[name] = std::move(*made);
    }
    return cameras;
}

Status run(const Options& options) {
    auto cameras = make_cameras(options);
    if (!cameras) return std::unexpected{cameras.error()};
    farm::Server server{std::move(*cameras)};
    in_addr address{};
    if (::inet_pton(AF_INET, options.address.c_str(), &address) != 1)
        return failure(Remedy::refuse, "--listen ADDRESS (IPv4), not " + options.address);
    if (auto listening = server.listen(address.s_addr, options.port); !listening) return listening;
    if (!options.control.empty())
        if (auto listening = server.listen_for_commands(options.control); !listening) return listening;
    for (const std::string& command : options.commands) {
        const std::string answer = server.execute(command);
        if (answer.find("\"ok\":true") == std::string::npos) return failure(Remedy::refuse, answer);
    }
    std::cout << "ready rtsp://" << options.address << ":" << server.port() << std::endl;
    server.run();
    return {};
}

void block_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigprocmask(SIG_BLOCK, &signals, nullptr);
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
}

}  // namespace

int main(int count, char** arguments) {
    Options options;
    CLI::App app{"RTSP cameras out of encoded files, with a log of what was sent and faults on demand"};
    app.add_option("--listen", options.address, "IPv4 address; loopback unless told otherwise");
    app.add_option("--port", options.port, "TCP port; 0 takes a free one");
    app.add_option("--log", options.log_folder, "folder for NAME.jsonl of each camera")
        ->check(CLI::ExistingDirectory);
    app.add_option("--control", options.control, "unix socket for commands");
    app.add_option("--camera", options.cameras, "NAME=FILE: rtsp://…/NAME plays FILE in a loop")->required();
    app.add_option("--command", options.commands, "a command to begin with");
    app.footer(farm::kCommandHelp);
    try {
        app.parse(count, arguments);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;
    }
    block_signals();
    const Status ended = run(options);
    if (ended) return 0;
    std::fprintf(stderr, "rtsp-farm: %s\n", ended.error().describe().c_str());
    return 1;
}
