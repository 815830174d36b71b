#include "storage/calendar/office_csv.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

using namespace sluice::calendar;

/// Whatever somebody uploads as a calendar: it is refused with some faults, or it is every day of one year.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto table = parse_office_csv({reinterpret_cast<const char*>(data), size});
    if (!table) {
        if (table.error().empty() || table.error().size() > kMostRowFaults + 1) std::abort();
        return 0;
    }
    if (table->days.size() != 365 && table->days.size() != 366) std::abort();
    for (const Day& day : table->days)
        if (year_of(day.date) != table->year) std::abort();
    return 0;
}
