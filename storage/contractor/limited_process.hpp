#pragma once

#include "config/base/error.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

/// A program that may loop, grow or crash, and is ended when it does.
namespace sluice::contractor {

struct ProcessLimits {
    std::chrono::milliseconds cpu{0};  ///< that it may compute
    std::chrono::milliseconds stall{300'000
    };  ///< that may pass without any computing: it waits for something
    std::uint64_t resident_bytes = 1ULL << 30U;
    std::size_t output_bytes = 64UL << 10U;
};

enum class ProcessEnd {
    exited,
    signalled,  ///< it crashed, or somebody else ended it
    over_cpu,   ///< and so on: ended by us
    over_memory,
    over_output,
    stalled,
};
struct ProcessOutcome {
    ProcessEnd end = ProcessEnd::exited;
    int code = 0;  ///< of the exit, or the signal
    std::string output;
};

/// Runs `program` (`arguments` begin with its name) with nothing of ours: no environment (it may hold words
/// for the database), no descriptor but a pipe for its output and our stderr, no signal blocked or ignored.
/// `go_on` is asked several times a second; false ends it. What it has started itself is not looked after.
/// The limits are watched from here, so that they hold whatever a sandbox lets it do for itself; within a
/// tenth of a second it may be over one. Returns with the process gone. Any thread. Error: cancelled;
/// operator_acts, when it can't be started; retry.
[[nodiscard]] Result<ProcessOutcome> run_limited(
    const std::filesystem::path& program,
    std::vector<std::string> arguments,
    const ProcessLimits& limits,
    const std::function<bool()>& go_on
);

/// What a program does to itself first, in case whoever watches it dies: it ends with its parent, computes no
/// longer than `cpu`, takes no more than 2 GiB of addresses (but for sanitizers, which need more), and leaves
/// no memory image behind, which would have footage in it.
void limit_this_process(std::chrono::seconds cpu) noexcept;

}  // namespace sluice::contractor
