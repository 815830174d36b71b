#include "jobs/controllers/uhppote_meaning.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>

#include <nlohmann/json.hpp>

using namespace sluice;
using namespace sluice::controllers;

/// Anybody's datagram: it is the answer to what was asked, or none; an event of it is one that can be stored,
/// and shows no card.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const Sender sender{
        .source = "/controllers/1f", .serial = "405419896", .key = access::CardKey{access::CardKey::Secret{}}
    };
    Bytes bytes(data, data + size);
    static_cast<void>(uhppote::serial_of_push(bytes));
    // The start is hard to find by chance, and of no interest.
    const Bytes start = *from_hex("17b0000078372a18");
    if (bytes.size() >= start.size()) std::copy(start.begin(), start.end(), bytes.begin());
    for (const std::uint32_t index : {1U, uhppote::kFirst, uhppote::kNewest}) {
        const auto record = uhppote::read_event(bytes, 405'419'896, index);
        if (!record) continue;
        if (size != uhppote::kMessageBytes) std::abort();
        if (record->state != uhppote::RecordState::there) continue;
        if (record->index == 0 || (index == 1 && record->index != 1)) std::abort();
        const access::Event event = uhppote::to_event(*record, sender, UtcTime{});
        if (!access::is_code(event.code) || event.id.empty() || event.data.size() > access::kMostDataBytes)
            std::abort();
        const auto raw = nlohmann::json::parse(event.data).at("raw").get<std::string>();
        if (raw.size() != 2 * uhppote::kRecordBytes || raw.substr(32, 8) != "********") std::abort();
    }
    return 0;
}
