#include "jobs/controllers/zkteco_http.hpp"
#include "jobs/controllers/zkteco_message.hpp"

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include <nlohmann/json.hpp>

using namespace sluice;
using namespace sluice::controllers;

/// Anybody's request: a head that is whole says where its body is, also when the bytes come one by one; lines
/// become events that can be stored.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const Sender sender{
        .source = "/controllers/3f", .serial = "CJZ72", .key = access::CardKey{access::CardKey::Secret{}}
    };
    const std::string_view bytes{reinterpret_cast<const char*>(data), size};
    const auto head = zkteco::parse_head(bytes);
    if (head && *head) {
        if ((*head)->head_bytes > size || (*head)->body_bytes > zkteco::kMostBodyBytes) std::abort();
        const auto before = zkteco::parse_head(bytes.substr(0, (*head)->head_bytes - 1));
        if (!before || *before) std::abort();
    }
    const zkteco::Rows rows = zkteco::read_rows(bytes, sender, UtcTime{});
    if (rows.unreadable > rows.events.size() || rows.events.size() > zkteco::kMostRows) std::abort();
    for (const access::Event& event : rows.events) {
        if (!access::is_code(event.code) || event.id.empty() || event.id.size() > access::kLongestName)
            std::abort();
        if (event.door.size() > access::kLongestName || event.data.size() > access::kMostDataBytes)
            std::abort();
        if (!nlohmann::json::parse(event.data).is_object()) std::abort();
    }
    return 0;
}
