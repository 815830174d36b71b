#include "tests/support/cable.hpp"

#include <stdexcept>

#include <unistd.h>

#include <fmt/format.h>

namespace sluice::test {

using namespace std::chrono_literals;

Cable::Cable() {
    ProcessOptions options;
    options.log = folder_.path() / "cable.log";
    options.has_input_pipe = true;
    auto started = Process::start({SLUICE_BIN_DIR "/bad-cable"}, options);
    if (!started) throw std::runtime_error(started.error().describe());
    process_ = std::move(*started);
    const auto ready = process_.wait_for_line("ready ", 20s);
    if (!ready) throw std::runtime_error(ready.error().message());
    there_ = ready->substr(ready->rfind(' ') + 1);
}

bool Cable::can_be_laid() {
    return ::geteuid() == 0 && ::access("/dev/net/tun", R_OK | W_OK) == 0;
}

std::vector<std::string> Cable::inside() const {
    return {"nsenter", fmt::format("--net=/proc/{}/ns/net", process_.pid()), "--"};
}

void Cable::set_delay(std::chrono::milliseconds delay, std::chrono::milliseconds jitter) {
    say(fmt::format("delay {} {}", delay.count(), jitter.count()));
}

void Cable::set_late(double percent, std::chrono::milliseconds late) {
    say(fmt::format("late {} {}", percent, late.count()));
}

void Cable::say(const std::string& command) {
    const std::size_t from = process_.output().size();
    const std::string line = command + "\n";
    if (::write(process_.input().get(), line.data(), line.size()) != static_cast<ssize_t>(line.size()))
        throw std::runtime_error("the cable takes no command");
    const auto done = process_.wait_for_line(command, 20s, from);
    if (!done || !done->starts_with("done "))
        throw std::runtime_error("cable: " + (done ? *done : done.error().message()));
}

}  // namespace sluice::test
