#pragma once

#include "config/base/bytes.hpp"
#include "config/base/words.hpp"

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// RTSP 1.0 (RFC 2326) as texts: requests in, answers out.
namespace sluice::farm {

struct Request {
    std::string method;
    std::string url;
    std::map<std::string, std::string> fields;  ///< names in lower case
    std::size_t size = 0;                       ///< bytes of the whole request, body included

    [[nodiscard]] std::string field(const std::string& name) const;
};

/// nullopt: not yet complete. A request whose `method` is empty is no RTSP.
[[nodiscard]] std::optional<Request> parse_request(std::string_view input);

/// "cam1" for rtsp://host/cam1, rtsp://host/cam1/trackID=0 and /cam/realmonitor?channel=1&subtype=0;
/// "cam1sub" for subtype=1.
[[nodiscard]] std::string camera_name(std::string_view url);

struct TransportWish {
    bool is_interleaved = false;
    int first = 0;  ///< interleaved channel or client port of RTP
    int second = 1;
};
/// The first of the offered transports that we speak; nullopt: none (multicast, malformed).
[[nodiscard]] std::optional<TransportWish> parse_transport(std::string_view field);

[[nodiscard]] std::string make_answer(
    int code,
    std::string_view reason,
    const std::string& sequence,
    const std::vector<std::string>& fields = {},
    std::string_view body = {}
);

/// Session description with the parameter sets in base64.
[[nodiscard]] std::string make_sdp(Codec codec, const std::vector<Bytes>& sets, double fps);

}  // namespace sluice::farm
