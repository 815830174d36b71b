#include "tests/support/commanded.hpp"

#include "tests/support/eventually.hpp"

#include <stdexcept>

#include <unistd.h>

namespace sluice::test {

using namespace std::chrono_literals;

Commanded::Commanded(const std::vector<std::string>& command) {
    auto started = Process::start(command, {.log = folder_.path() / "simulator.log", .has_input_pipe = true});
    if (!started) throw std::runtime_error(started.error().describe());
    process_ = std::move(*started);
    const auto line = process_.wait_for_line("port=", 30s);
    if (!line) throw std::runtime_error(line.error().describe());
    port_ = static_cast<std::uint16_t>(std::stoul(line->substr(line->find('=') + 1)));
    answered_ = process_.output().size();
}

std::string Commanded::command(const std::string& line) {
    const std::string text = line + "\n";
    if (::write(process_.input().get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
        throw std::runtime_error("the simulator takes no command");
    std::string answer;
    const bool is_answered = eventually(
        30s,
        [&] {
            const std::string output = process_.output().substr(answered_);
            answer = output.substr(0, output.find('\n'));
            return output.find('\n') != std::string::npos;
        },
        1ms
    );
    if (!is_answered || answer.starts_with("error"))
        throw std::runtime_error("the simulator: " + line + ": " + answer);
    answered_ += answer.size() + 1;
    return answer;
}

}  // namespace sluice::test
