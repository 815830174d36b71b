#include "api/http/message.hpp"

#include "api/http/text.hpp"

namespace sluice::http {

const std::string* Request::find_header(std::string_view name) const {
    for (const auto& [key, value] : headers)
        if (key == name) return &value;
    return nullptr;
}

bool is_safe(const Request& request) {
    return request.method == "GET" || request.method == "HEAD" || request.method == "OPTIONS";
}

const std::string* Response::find_header(std::string_view name) const {
    for (const auto& [key, value] : headers)
        if (is_same_word(key, name)) return &value;
    return nullptr;
}

std::optional<std::uint64_t> Response::size_bytes() const {
    if (const auto* text = std::get_if<std::string>(&body)) return text->size();
    if (const auto* source = std::get_if<SourceBody>(&body)) return source->length;
    return std::nullopt;
}

Response to_not_modified(Response response) {
    response.status = 304;
    response.body = std::string{};
    std::erase_if(response.headers, [](const auto& header) {
        return header.first != "ETag" && header.first != "Cache-Control" &&
               header.first != "Content-Location";
    });
    return response;
}

}  // namespace sluice::http
