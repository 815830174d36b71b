#include "api/doors/edits.hpp"

#include "api/http/range.hpp"

#include <utility>

namespace sluice::api {
namespace {

std::string etag_of(int revision) {
    return '"' + std::to_string(revision) + '"';
}

}  // namespace

http::Response changing_response(unsigned status, std::string json) {
    http::Response response;
    response.status = status;
    response.set("Content-Type", "application/json");
    response.set("Cache-Control", "no-store");
    response.body = std::move(json) + "\n";
    return response;
}

http::Response edited_response(unsigned status, int revision, std::string json) {
    http::Response response = changing_response(status, std::move(json));
    response.set("ETag", etag_of(revision));
    return response;
}

http::Response list_response(const std::vector<std::string>& items, const std::string& next) {
    std::string list = "{\"items\":[";
    for (const std::string& item : items)
        list += (list.ends_with('[') ? "" : ",") + item;
    return json_response(list + "],\"next\":" + (next.empty() ? "null" : '"' + next + '"') + "}");
}

std::expected<void, http::Problem> check_match(const Call& call, int revision, const char* changed) {
    const std::string* match = call.request.find_header("if-match");
    if (match == nullptr)
        return std::unexpected(
            problem(428, "IF_MATCH_NEEDED", "Send its ETag as If-Match, so that no other change is lost.")
        );
    if (!http::names_etag(*match, etag_of(revision), http::Comparison::strong))
        return std::unexpected(problem(412, changed, "It was changed since; read it again and decide anew."));
    return {};
}

std::unexpected<http::Problem> no_such(const char* code, const char* detail) {
    return std::unexpected(problem(404, code, detail));
}

}  // namespace sluice::api
