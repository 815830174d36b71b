#include "storage/contractor/survey_apart.hpp"

#include "storage/contractor/survey_words.hpp"

#include <csignal>
#include <utility>

#include <fmt/format.h>

namespace sluice::contractor {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kBytesPerSecond = 4U << 20U;
constexpr auto kLeastCpu = 60s;
constexpr auto kOwnLimitLater = 30s;  // its own limit is for when nobody watches it

std::unexpected<Error> unreadable(std::string_view why) {
    return failure(Remedy::abandon_file, fmt::format("the video can't be read: {}", why), "MEDIA_BROKEN");
}

std::unexpected<Error> judge_signal(int signal) {
    if (signal == SIGXCPU) return unreadable("its end is not reached in the time that it may take");
    if (signal == SIGKILL || signal == SIGTERM || signal == SIGINT || signal == SIGHUP)
        return failure(Remedy::retry, fmt::format("the reading program was ended by signal {}", signal));
    return unreadable(fmt::format("libavformat ends with signal {}", signal));
}

Result<Survey> judge(const ProcessOutcome& outcome, const ProcessLimits& limits) {
    switch (outcome.end) {
        case ProcessEnd::exited:
            if (outcome.code == 0) return survey_from_words(outcome.output);
            return failure(
                Remedy::operator_acts, fmt::format("the reading program ended with {}", outcome.code)
            );
        case ProcessEnd::signalled:
            return judge_signal(outcome.code);
        case ProcessEnd::over_cpu:
            return unreadable(fmt::format(
                "after {} s of computing its end is not reached",
                std::chrono::duration_cast<std::chrono::seconds>(limits.cpu).count()
            ));
        case ProcessEnd::over_memory:
            return unreadable(fmt::format("it takes more than {} MiB of memory", limits.resident_bytes >> 20U)
            );
        case ProcessEnd::over_output:
            return unreadable("what is found in it is too long to be told");
        case ProcessEnd::stalled:
            return failure(Remedy::retry, "the reading program waits for the disk");
    }
    std::unreachable();
}

}  // namespace

ProcessLimits survey_limits(std::uint64_t bytes) noexcept {
    return {.cpu = kLeastCpu + std::chrono::seconds{static_cast<std::int64_t>(bytes / kBytesPerSecond)}};
}

Result<Survey> survey_apart(
    const std::filesystem::path& program,
    const std::filesystem::path& file,
    const ProcessLimits& limits,
    const GoOn& go_on
) {
    const auto own_limit = std::chrono::ceil<std::chrono::seconds>(limits.cpu) + kOwnLimitLater;
    const auto outcome = run_limited(
        program,
        {"sluice", "huimin", "survey", file.string(), "--cpu-seconds", std::to_string(own_limit.count())},
        limits,
        go_on
    );
    if (!outcome) return std::unexpected(outcome.error());
    return judge(*outcome, limits);
}

}  // namespace sluice::contractor
