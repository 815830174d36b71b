#include "daemon/ups/protocol.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

using namespace sluice;

/// A UPS server may answer anything: it is a reading or an error, and a reading's words are judged.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view rest{reinterpret_cast<const char*>(data), size};
    std::vector<std::string> lines;
    while (!rest.empty() && lines.size() < ups::kLinesLimit) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        lines.emplace_back(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    const auto reading = ups::read_list("ups1", lines);
    if (reading) {
        if (reading->words.empty() || (reading->charge_percent && !(*reading->charge_percent >= 0)))
            std::abort();
        static_cast<void>(ups::judge(reading->words));
    }
    for (const std::string& line : lines) {
        const auto words = ups::split_words(line);
        if (!words) continue;
        for (const std::string& word : *words) {
            const auto again = ups::split_words(ups::quote(word));
            // What fits into a line with its quotes comes back.
            if (again && *again != std::vector{word}) std::abort();
        }
    }
    return 0;
}
