#include "storage/access/event_csv.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <set>

using namespace sluice;
using namespace sluice::access;

/// Whatever is handed in as an export of events: refused as a whole, or rows that are each an event or a
/// fault.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const CardKey key{CardKey::Secret{1}};
    static const CsvSender sender{
        .source = "/c", .clock = ControllerClock::taipei, .doors = {}, .readers = {}
    };
    const auto rows = parse_event_csv(
        {reinterpret_cast<const char*>(data), size}, sender, key, UtcTime{std::chrono::hours{500'000}}
    );
    if (!rows) {
        if (rows.error().empty() || rows.error().front().text.empty()) std::abort();
        return 0;
    }
    if (rows->lines.size() != rows->events.size() || rows->faults.size() > kMostCsvFaults) std::abort();
    std::set<std::string> ids;
    for (const Event& event : rows->events)
        if (!is_code(event.code) || !ids.insert(event.id).second || event.id.size() > kLongestName)
            std::abort();
    return 0;
}
