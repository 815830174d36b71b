#include "tests/support/nut_server.hpp"

#include "cli/up/probe.hpp"
#include "config/base/files.hpp"
#include "tests/support/eventually.hpp"

#include <chrono>
#include <stdexcept>

#include <pwd.h>

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

/// Both programs would give up root for a user that can't read the folder.
std::string user() {
    const passwd* entry = ::getpwuid(::geteuid());  // NOLINT(concurrency-mt-unsafe): the test's main thread
    if (entry == nullptr) throw std::runtime_error("this user has no name");
    return entry->pw_name;
}

}  // namespace

NutServer::NutServer() {
    const auto port = up::find_free_port(0);
    if (!port) throw std::runtime_error(port.error().describe());
    port_ = *port;
    std::filesystem::create_directory(folder_.path() / "state");
    write(
        "ups.conf",
        std::string{"maxretry = 1\npollinterval = 1\n["} + kUnit + "]\n  driver = dummy-ups\n  port = " +
            (folder_.path() / "ups1.dev").string() + "\n  mode = dummy-once\n"
    );
    write("upsd.conf", "LISTEN 127.0.0.1 " + std::to_string(port_) + "\nMAXAGE 5\n");
    write(
        "upsd.users", std::string{"["} + kUser + "]\n  password = \"" + kPassword + "\"\n  upsmon secondary\n"
    );
    say("OL", 100);
    start_driver();
    auto started = Process::start({"/lib/nut/upsd", "-F", "-u", user()}, options("upsd.log"));
    if (!started) throw std::runtime_error(started.error().describe());
    server_ = std::move(*started);
    if (auto ready = server_.wait_for_line("Connected to UPS", 30s); !ready)
        throw std::runtime_error(ready.error().describe());
}

void NutServer::say(const std::string& status, unsigned charge) const {
    write(
        "ups1.dev",
        "ups.status: " + status + "\nbattery.charge: " + std::to_string(charge) + "\nbattery.runtime: 14400\n"
    );
}

void NutServer::stop_driver() {
    driver_.stop(10s);
}

void NutServer::start_driver() {
    auto started =
        Process::start({"/lib/nut/dummy-ups", "-a", kUnit, "-u", user(), "-D"}, options("dummy-ups.log"));
    if (!started) throw std::runtime_error(started.error().describe());
    driver_ = std::move(*started);
    const auto socket = folder_.path() / "state" / (std::string{"dummy-ups-"} + kUnit);
    if (!eventually(30s, [&] { return std::filesystem::exists(socket) || !driver_.is_running(); }) ||
        !driver_.is_running())
        throw std::runtime_error("dummy-ups does not come up:\n" + driver_.output());
}

void NutServer::write(const std::string& name, const std::string& text) const {
    if (auto written = replace_file(folder_.path() / name, text, 0600); !written)
        throw std::runtime_error(written.error().describe());
}

ProcessOptions NutServer::options(const std::string& log) const {
    const std::string folder = folder_.path().string();
    return {
        .log = folder_.path() / log,
        .environment =
            {"NUT_CONFPATH=" + folder,
             "NUT_STATEPATH=" + folder + "/state",
             "NUT_ALTPIDPATH=" + folder + "/state",
             "NUT_PIDPATH=" + folder + "/state"}
    };
}

}  // namespace sluice::test
