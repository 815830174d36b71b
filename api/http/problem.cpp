#include "api/http/problem.hpp"

#include "api/http/text.hpp"
#include "config/base/log.hpp"

#include <algorithm>

namespace sluice::http {
namespace {

void append_member(std::string& out, std::string_view name, std::string_view value) {
    out += out.size() > 1 ? "," : "";
    log::append_json_string(out, name);
    out += ':';
    log::append_json_string(out, value);
}

}  // namespace

Problem problem(unsigned status, std::string code, std::string detail) {
    return {.status = status, .code = std::move(code), .detail = std::move(detail)};
}

std::string problem_type(const std::string& code) {
    std::string word = to_lower(code);
    std::ranges::replace(word, '_', '-');
    return "urn:sluice:problem:" + word;
}

std::string_view reason_phrase(unsigned status) noexcept {
    switch (status) {
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthorized";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 408:
            return "Request Timeout";
        case 409:
            return "Conflict";
        case 410:
            return "Gone";
        case 412:
            return "Precondition Failed";
        case 413:
            return "Content Too Large";
        case 414:
            return "URI Too Long";
        case 416:
            return "Range Not Satisfiable";
        case 417:
            return "Expectation Failed";
        case 415:
            return "Unsupported Media Type";
        case 422:
            return "Unprocessable Content";
        case 423:
            return "Locked";
        case 428:
            return "Precondition Required";
        case 429:
            return "Too Many Requests";
        case 431:
            return "Request Header Fields Too Large";
        case 503:
            return "Service Unavailable";
        case 505:
            return "HTTP Version Not Supported";
        case 507:
            return "Insufficient Storage";
        default:
            return "Internal Server Error";
    }
}

Response to_response(const Problem& problem, const std::string& instance) {
    std::string body = "{";
    append_member(body, "type", problem_type(problem.code));
    append_member(body, "title", problem.title.empty() ? reason_phrase(problem.status) : problem.title);
    body += ",\"status\":" + std::to_string(problem.status);
    append_member(body, "detail", problem.detail);
    append_member(body, "instance", instance);
    append_member(body, "code", problem.code);
    if (!problem.field.empty()) append_member(body, "field", problem.field);
    for (const auto& [name, value] : problem.members) {
        body += ',';
        log::append_json_string(body, name);
        body += ':' + value;
    }
    body += "}\n";

    Response response;
    response.status = problem.status;
    response.set("Content-Type", "application/problem+json");
    response.set("Cache-Control", "no-store");
    if (!problem.language.empty()) response.set("Content-Language", problem.language);
    if (problem.retry_after) response.set("Retry-After", std::to_string(problem.retry_after->count()));
    response.body = std::move(body);
    return response;
}

}  // namespace sluice::http
