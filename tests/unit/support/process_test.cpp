#include "tests/support/process.hpp"

#include <csignal>

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using sluice::test::ExitStatus;
using sluice::test::Process;
using sluice::test::run_to_end;

namespace {

struct TemporaryFile {
    std::filesystem::path path =
        std::filesystem::temp_directory_path() / ("sluice-process-test-" + std::to_string(::getpid()));
    ~TemporaryFile() { std::filesystem::remove(path); }
};

}  // namespace

TEST_CASE("A program that runs to its end gives its code and both outputs") {
    const auto finished = run_to_end({"sh", "-c", "echo out; echo \"$WORD\" >&2; exit 3"}, 5s, {"WORD=err"});
    REQUIRE(finished);
    CHECK(finished->status == ExitStatus{3, 0});
    CHECK(finished->output == "out\n");
    CHECK(finished->errors == "err\n");
}

TEST_CASE("A program that can't be executed is an error and not an exit code") {
    CHECK_FALSE(run_to_end({"/nowhere/at/all"}, 5s));
    CHECK_FALSE(Process::start({"/nowhere/at/all"}, {}));
}

TEST_CASE("A program that does not end in time is killed") {
    CHECK_FALSE(run_to_end({"sleep", "60"}, 50ms));
}

TEST_CASE("A line of a running program's log is awaited, and its end is told apart from silence") {
    const TemporaryFile log;
    auto process = Process::start({"sh", "-c", "echo ready to go; exec sleep 60"}, {.log = log.path});
    REQUIRE(process);
    const auto line = process->wait_for_line("ready", 5s);
    REQUIRE(line);
    CHECK(*line == "ready to go");
    CHECK_FALSE(process->wait_for_line("never", 50ms));
    CHECK(process->is_running());
    CHECK(process->stop(5s) == ExitStatus{-1, SIGTERM});
    const auto ended = process->wait_for_line("never", 5s);
    REQUIRE_FALSE(ended);
    CHECK(ended.error().message().starts_with("process ended"));
}
