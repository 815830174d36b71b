#include "tests/support/farm/rtsp.hpp"

#include "tests/support/farm/nal.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>

#include <fmt/format.h>
#include <openssl/evp.h>

namespace sluice::farm {
namespace {

std::string to_lower(std::string_view text) {
    std::string result{text};
    std::ranges::transform(result, result.begin(), [](unsigned char letter) {
        return static_cast<char>(std::tolower(letter));
    });
    return result;
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && text.front() == ' ')
        text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\r'))
        text.remove_suffix(1);
    return text;
}

std::optional<int> number_at(std::string_view text) {
    int value = 0;
    const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
    if (end.ec != std::errc{}) return std::nullopt;
    return value;
}

std::string_view after(std::string_view text, std::string_view mark) {
    const std::size_t at = text.find(mark);
    return at == std::string_view::npos ? std::string_view{} : text.substr(at + mark.size());
}

std::string base64(ByteView bytes) {
    std::string text(4 * ((bytes.size() + 2) / 3), '\0');
    EVP_EncodeBlock(
        reinterpret_cast<unsigned char*>(text.data()), bytes.data(), static_cast<int>(bytes.size())
    );
    return text;
}

std::string join(const std::vector<std::string>& texts) {
    std::string all;
    for (const std::string& text : texts)
        all += (all.empty() ? "" : ",") + text;
    return all;
}

/// Base64 of the sets of one NAL unit type.
std::string sets_of(Codec codec, const std::vector<Bytes>& sets, unsigned type) {
    std::vector<std::string> texts;
    for (const Bytes& set : sets) {
        const unsigned found = codec == Codec::h264 ? set[0] & 0x1fU : set[0] >> 1U & 0x3fU;
        if (found == type) texts.push_back(base64(set));
    }
    return join(texts);
}

}  // namespace

std::string Request::field(const std::string& name) const {
    const auto found = fields.find(name);
    return found == fields.end() ? std::string{} : found->second;
}

std::optional<Request> parse_request(std::string_view input) {
    const std::size_t end = input.find("\r\n\r\n");
    if (end == std::string_view::npos) return std::nullopt;
    Request request;
    request.size = end + 4;
    std::string_view head = input.substr(0, end);
    const std::string_view first = head.substr(0, head.find("\r\n"));
    const std::size_t space = first.find(' ');
    const std::size_t second = first.find(' ', space + 1);
    if (space == std::string_view::npos || second == std::string_view::npos) return request;
    request.method = first.substr(0, space);
    request.url = first.substr(space + 1, second - space - 1);
    while (true) {
        const std::size_t line = head.find("\r\n");
        if (line == std::string_view::npos) break;
        head.remove_prefix(line + 2);
        const std::string_view text = head.substr(0, head.find("\r\n"));
        const std::size_t colon = text.find(':');
        if (colon == std::string_view::npos) continue;
        request.fields[to_lower(text.substr(0, colon))] = trimmed(text.substr(colon + 1));
    }
    const std::size_t body =
        static_cast<std::size_t>(std::max(0, number_at(request.field("content-length")).value_or(0)));
    if (input.size() < request.size + body) return std::nullopt;
    request.size += body;
    return request;
}

std::string camera_name(std::string_view url) {
    if (const std::string_view rest = after(url, "://"); !rest.empty()) {
        const std::size_t slash = rest.find('/');
        url = slash == std::string_view::npos ? std::string_view{} : rest.substr(slash + 1);
    }
    if (url.starts_with("cam/realmonitor")) {
        const std::string_view channel = after(url, "channel=");
        const bool is_sub = after(url, "subtype=").starts_with('1');
        return "cam" + std::string{channel.substr(0, channel.find_first_of("&/"))} + (is_sub ? "sub" : "");
    }
    return std::string{url.substr(0, url.find_first_of("/?"))};
}

std::optional<TransportWish> parse_transport(std::string_view field) {
    while (!field.empty()) {
        const std::string_view offer = field.substr(0, field.find(','));
        field.remove_prefix(std::min(field.size(), offer.size() + 1));
        TransportWish wish;
        wish.is_interleaved = offer.starts_with("RTP/AVP/TCP");
        const std::string_view ports = after(offer, wish.is_interleaved ? "interleaved=" : "client_port=");
        const auto first = number_at(ports);
        if (offer.find("multicast") != std::string_view::npos || !first) continue;
        wish.first = *first;
        wish.second = number_at(after(ports, "-")).value_or(*first + 1);
        return wish;
    }
    return std::nullopt;
}

std::string make_answer(
    int code,
    std::string_view reason,
    const std::string& sequence,
    const std::vector<std::string>& fields,
    std::string_view body
) {
    std::string answer =
        fmt::format("RTSP/1.0 {} {}\r\nCSeq: {}\r\nServer: rtsp-farm\r\n", code, reason, sequence);
    for (const std::string& field : fields)
        answer += field + "\r\n";
    if (!body.empty()) answer += fmt::format("Content-Length: {}\r\n", body.size());
    answer += "\r\n";
    answer += body;
    return answer;
}

std::string make_sdp(Codec codec, const std::vector<Bytes>& sets, double fps) {
    std::string format;
    if (codec == Codec::h264) {
        std::string profile = "42e01e";
        for (const Bytes& set : sets)
            if ((set[0] & 0x1fU) == 7 && set.size() > 3)
                profile = fmt::format("{:02x}{:02x}{:02x}", set[1], set[2], set[3]);
        format = fmt::format(
            "a=rtpmap:96 H264/90000\r\na=fmtp:96 "
            "packetization-mode=1;profile-level-id={};sprop-parameter-sets={},{}\r\n",
            profile,
            sets_of(codec, sets, 7),
            sets_of(codec, sets, 8)
        );
    } else {
        format = fmt::format(
            "a=rtpmap:96 H265/90000\r\na=fmtp:96 sprop-vps={};sprop-sps={};sprop-pps={}\r\n",
            sets_of(codec, sets, 32),
            sets_of(codec, sets, 33),
            sets_of(codec, sets, 34)
        );
    }
    return fmt::format(
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=rtsp-farm\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\na=control:*\r\n"
        "m=video 0 RTP/AVP 96\r\n{}a=framerate:{:.2f}\r\na=control:trackID=0\r\n",
        format,
        fps
    );
}

}  // namespace sluice::farm
