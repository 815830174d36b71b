#pragma once

#include "storage/contractor/limited_process.hpp"
#include "storage/contractor/survey.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>

/// A foreign file read in a process of its own, which is limited: a demuxer that loops, grows or crashes
/// there is a fault of the file, and of nothing else. What came through is read again by the worker: the same
/// bytes take the same way.
namespace sluice::contractor {

/// For reading so many bytes: far more than any sound file needs, on the slowest machine.
[[nodiscard]] ProcessLimits survey_limits(std::uint64_t bytes) noexcept;

/// Runs `program huimin survey FILE --cpu-seconds N` (the tool itself). Error: as of ForeignFile;
/// abandon_file with label "MEDIA_BROKEN" also when it crashed or was over a limit; retry, when it was ended
/// from outside or waited too long for the disk; operator_acts, when it can't be run or says what nobody
/// understands.
[[nodiscard]] Result<Survey> survey_apart(
    const std::filesystem::path& program,
    const std::filesystem::path& file,
    const ProcessLimits& limits,
    const GoOn& go_on
);

}  // namespace sluice::contractor
