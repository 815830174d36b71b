// A foreign file read in a process of its own: what it says, and what becomes of one that never ends.
#include "storage/contractor/survey_apart.hpp"

#include "storage/contractor/survey_words.hpp"
#include "tests/support/contractor_files.hpp"
#include "tests/support/temp_folder.hpp"

#include <cstdlib>
#include <fstream>
#include <iterator>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>

namespace sluice::contractor {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

const fs::path kTool = SLUICE_BIN_DIR "/sluice";
const GoOn kAlways = [] { return true; };
constexpr ProcessLimits kAmple{.cpu = 60s};

/// A program that does something else instead.
class Impostor {
public:
    explicit Impostor(const std::string& what) {
        std::ofstream{path()} << "#!/bin/sh\n" << what << "\n";
        REQUIRE(::chmod(path().c_str(), 0755) == 0);
    }
    [[nodiscard]] fs::path path() const { return folder_.path() / "program"; }
    [[nodiscard]] Result<Survey> survey(const ProcessLimits& limits = kAmple, const GoOn& go_on = kAlways)
        const {
        return survey_apart(path(), "/dev/null", limits, go_on);
    }
    [[nodiscard]] ProcessOutcome run(const ProcessLimits& limits = kAmple) const {
        const auto outcome = run_limited(path(), {"program"}, limits, kAlways);
        if (!outcome) FAIL(outcome.error().describe());
        return *outcome;
    }

private:
    test::TempFolder folder_;
};

std::string label_of(const Result<Survey>& found) {
    return found ? "" : found.error().label();
}
Remedy remedy_of(const Result<Survey>& found) {
    REQUIRE_FALSE(found);
    return found.error().remedy();
}

}  // namespace

TEST_CASE("A file read apart is what it is when it is read here", "[contractor]") {
    for (const char* kind : {"mp4", "hevc.mp4", "mjpeg.avi"}) {
        INFO(kind);
        const auto file = test::foreign_clip(kind);
        const auto here = survey(file, kAlways);
        const auto apart = survey_apart(kTool, file, kAmple, kAlways);
        REQUIRE(here);
        if (!apart) FAIL(apart.error().describe());
        CHECK(to_words(*apart) == to_words(*here));
    }
}

TEST_CASE("A fault of the file is told as one, any other as another", "[contractor]") {
    const test::TempFolder folder;
    const fs::path text = folder.path() / "text";
    std::ofstream{text} << std::string(50'000, 'x');
    const auto refused = survey_apart(kTool, text, kAmple, kAlways);
    CHECK(remedy_of(refused) == Remedy::abandon_file);
    CHECK(label_of(refused) == "NOT_MEDIA");
    CHECK(
        remedy_of(survey_apart(kTool, folder.path() / "nothing", kAmple, kAlways)) == Remedy::operator_acts
    );
    CHECK(remedy_of(survey_apart(folder.path() / "nothing", text, kAmple, kAlways)) == Remedy::operator_acts);
}

TEST_CASE("A reading that never ends is ended, and is the file's fault", "[contractor]") {
    for (const char* loop : {"while :; do :; done", "exec >&-; while :; do :; done"}) {
        INFO(loop);
        const auto ended = Impostor{loop}.survey({.cpu = 1s});
        CHECK(remedy_of(ended) == Remedy::abandon_file);
        CHECK(label_of(ended) == "MEDIA_BROKEN");
        CHECK(ended.error().message().find("after 1 s of computing") != std::string::npos);
    }
    const auto grown = Impostor{"exec tail /dev/zero"}.survey({.cpu = 60s, .resident_bytes = 32U << 20U});
    CHECK(label_of(grown) == "MEDIA_BROKEN");
    CHECK(grown.error().message().find("32 MiB of memory") != std::string::npos);
    const auto endless = Impostor{"exec yes"}.survey();
    CHECK(label_of(endless) == "MEDIA_BROKEN");
    CHECK(endless.error().message().find("too long") != std::string::npos);
}

TEST_CASE("A reading that is stopped, waits, crashes or is killed ends as what it is", "[contractor]") {
    int calls = 0;
    const auto stopped = Impostor{"exec sleep 600"}.survey(kAmple, [&] { return ++calls < 3; });
    CHECK(remedy_of(stopped) == Remedy::cancelled);
    const auto waiting = Impostor{"exec sleep 600"}.survey({.cpu = 60s, .stall = 1s});
    CHECK(remedy_of(waiting) == Remedy::retry);
    for (const char* crash : {"kill -SEGV $$", "kill -ABRT $$", "kill -XCPU $$"}) {
        INFO(crash);
        CHECK(label_of(Impostor{crash}.survey()) == "MEDIA_BROKEN");
    }
    CHECK(remedy_of(Impostor{"kill -KILL $$"}.survey()) == Remedy::retry);
    for (const char* nonsense :
         {"echo hello", "echo '{}'", "exit 3", "exit 0", "head -c 5000 /dev/urandom"}) {
        INFO(nonsense);
        CHECK(remedy_of(Impostor{nonsense}.survey()) == Remedy::operator_acts);
    }
}

TEST_CASE("A limited process has no environment and no descriptor of ours", "[contractor]") {
    REQUIRE(::setenv("SLUICE_TEST_SECRET", "words for the database", 1) == 0);
    const int fd = ::open("/dev/null", O_RDONLY);  // without O_CLOEXEC, as a library may do
    REQUIRE(fd >= 3);
    const ProcessOutcome outcome = Impostor{"env; ls /proc/self/fd"}.run();
    ::close(fd);
    ::unsetenv("SLUICE_TEST_SECRET");
    CHECK(outcome.end == ProcessEnd::exited);
    CHECK(outcome.output.find("SECRET") == std::string::npos);
    // 0, 1, 2, and the folder that is listed
    CHECK(outcome.output.ends_with("0\n1\n2\n3\n"));
}

TEST_CASE("The reading program limits itself, in case nobody watches it", "[contractor]") {
    const test::TempFolder folder;
    const fs::path fifo = folder.path() / "clip";  // nobody writes into it: whoever opens it waits
    REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
    const std::string children = "/proc/self/task/" + std::to_string(::gettid()) + "/children";
    std::string limits;
    const GoOn until_limited = [&] {
        // Other tests have children as well; the last of them may still run.
        std::ifstream all{children};
        for (std::string pid; all >> pid;) {
            std::ifstream file{"/proc/" + pid + "/limits"};
            limits.assign(std::istreambuf_iterator<char>{file}, {});
            // The last one that it sets, but for that of addresses, which sanitizers have not.
            if (limits.find("Max open files            64 ") != std::string::npos) return false;
        }
        return true;
    };
    CHECK(remedy_of(survey_apart(kTool, fifo, kAmple, until_limited)) == Remedy::cancelled);
    CHECK(limits.find("Max cpu time              90 ") != std::string::npos);
    CHECK(limits.find("Max core file size        0 ") != std::string::npos);
    CHECK(remedy_of(survey_apart(kTool, fifo, {.cpu = 60s, .stall = 1s}, kAlways)) == Remedy::retry);
}

}  // namespace sluice::contractor
