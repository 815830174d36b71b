#include "tests/support/fault_table.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iostream>

#include <fmt/format.h>

namespace sluice::test {

void note_fault(const FaultLine& line) {
    const std::string text =
        fmt::format("{} | {} | {} | {}\n", line.fault, line.times, line.lost, line.promise);
    const char* const file = std::getenv("SLUICE_FAULT_TABLE");
    if (file == nullptr || *file == '\0') {
        std::cout << text;
        return;
    }
    std::ofstream{file, std::ios::app} << text << std::flush;
}

void WorstLoss::add(const std::vector<SentPicture>& missing) {
    for (std::size_t begin = 0; begin < missing.size();) {
        std::size_t end = begin + 1;
        while (end < missing.size() && missing[end].number == missing[end - 1].number + 1)
            ++end;
        pictures_ = std::max(pictures_, end - begin);
        length_us_ = std::max(length_us_, missing[end - 1].sent_us - missing[begin].sent_us);
        begin = end;
    }
}

void WorstLoss::add(const catalogue::Coverage& coverage) {
    for (const catalogue::GapRow& gap : coverage.gaps)
        if (gap.to && gap.cause != GapCause::shutdown)
            gap_ = std::max(gap_.value_or(Microseconds{0}), *gap.to - gap.from);
}

std::string WorstLoss::text() const {
    if (is_nothing()) return "nothing";
    std::string text = "no picture";
    if (pictures_ > 0)
        text = fmt::format(
            "{} picture{} sent in {:.2f} s",
            pictures_,
            pictures_ == 1 ? "" : "s",
            static_cast<double>(length_us_) / 1e6
        );
    return gap_ ? fmt::format("{}, gap of {:.1f} s", text, static_cast<double>(gap_->count()) / 1e6) : text;
}

}  // namespace sluice::test
