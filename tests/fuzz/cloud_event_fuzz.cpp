#include "storage/access/cloud_event.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

using namespace sluice;
using namespace sluice::access;

/// Whatever a controller posts: a refusal, or faults and events that keep their limits. The first byte says
/// the form.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    static const CardKey key{CardKey::Secret{1}};
    const std::string_view body{reinterpret_cast<const char*>(data + 1), size - 1};
    const auto form = data[0] % 2 == 0 ? EventForm::structured : EventForm::batch;
    const auto events = parse_cloud_events(body, form, key, UtcTime{std::chrono::hours{500'000}});
    if (!events) return 0;
    if (events->empty() || events->size() > kMostEvents) std::abort();
    for (const ParsedEvent& event : *events) {
        if (!event && (event.error().code.empty() || event.error().cure.empty())) std::abort();
        if (!event) continue;
        if (event->source.empty() || event->id.empty() || event->id.size() > kLongestName) std::abort();
        if (!is_code(event->code) || event->data.size() > kMostDataBytes) std::abort();
        if (event->clip && event->clip->range.is_empty()) std::abort();
    }
    return 0;
}
