#pragma once

#include "storage/catalogue/footage_repository.hpp"
#include "tests/support/judge.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace sluice::test {

/// A line of the table that `scripts/test` prints at its end: what was done, how often, and what it cost.
struct FaultLine {
    std::string fault;
    std::size_t times = 1;
    std::string lost;     ///< at worst, of one camera
    std::string promise;  ///< what may be lost
};
/// Appends the line to the file that SLUICE_FAULT_TABLE names; says it on stdout without one.
void note_fault(const FaultLine& line);

/// What the cameras of a scenario lost at worst.
class WorstLoss {
public:
    /// `missing`: of one camera, in the order of sending. What counts is the longest stretch of pictures that
    /// follow each other.
    void add(const std::vector<SentPicture>& missing);
    /// The camera's gaps, but for those of an orderly stop.
    void add(const catalogue::Coverage& coverage);
    [[nodiscard]] bool is_nothing() const noexcept { return pictures_ == 0 && !gap_; }
    /// "nothing", or what of "38 pictures sent in 1.50 s" and "gap of 2.0 s" there is.
    [[nodiscard]] std::string text() const;

private:
    std::size_t pictures_ = 0;
    std::int64_t length_us_ = 0;
    std::optional<Microseconds> gap_;
};

}  // namespace sluice::test
