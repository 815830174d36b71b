#include "api/body.hpp"

#include "api/http/text.hpp"
#include "api/parameters.hpp"

#include <algorithm>
#include <set>

#include <nlohmann/json.hpp>

namespace sluice::api {

using nlohmann::json;

namespace {

http::Problem malformed(std::string detail) {
    return {
        .status = 400, .code = "MALFORMED_JSON", .detail = std::move(detail), .retry_after = std::nullopt
    };
}

bool is_json(const http::Request& request) {
    const std::string* type = request.find_header("content-type");
    if (type == nullptr) return false;
    return http::is_same_word(
        http::trim(std::string_view{*type}.substr(0, type->find(';'))), "application/json"
    );
}

/// Parses, and notes whether a member of the object stands there twice: the parser would keep the last.
json parse_once(const std::string& text, bool& has_twin) {
    std::set<std::string> names;
    const auto look = [&](int depth, json::parse_event_t event, json& parsed) {
        if (depth == 1 && event == json::parse_event_t::key)
            has_twin |= !names.insert(parsed.get<std::string>()).second;
        return true;
    };
    return json::parse(text, look, false);
}

bool has_control(std::string_view text) {
    return std::ranges::any_of(text, [](char letter) {
        const auto byte = static_cast<unsigned char>(letter);
        return byte == 0x7F || (byte < 0x20 && letter != '\n' && letter != '\t');
    });
}

}  // namespace

http::Problem bad_member(std::string_view field, std::string detail) {
    http::Problem problem = bad_parameter(field, std::move(detail));
    problem.code = "INVALID_MEMBER";
    return problem;
}

http::Problem unfit_member(std::string_view field, std::string code, std::string detail) {
    return unfit_parameter(field, std::move(code), std::move(detail));
}

Body::Body(json&& object) : object_(std::make_unique<json>(std::move(object))) {}
Body::Body(Body&&) noexcept = default;
Body& Body::operator=(Body&&) noexcept = default;
Body::~Body() = default;

Body::Read<Body> Body::parse(const http::Request& request, const std::vector<std::string>& known) {
    if (!is_json(request))
        return std::unexpected(http::Problem{
            .status = 415,
            .code = "UNSUPPORTED_MEDIA_TYPE",
            .detail = "The body must be application/json.",
            .retry_after = std::nullopt
        });
    bool has_twin = false;
    json object = parse_once(request.body, has_twin);
    if (!object.is_object()) return std::unexpected(malformed("The body must be one JSON object."));
    if (has_twin) return std::unexpected(malformed("A member stands twice in the body."));
    for (const auto& [name, ignored] : object.items())
        if (std::ranges::find(known, name) == known.end()) {
            http::Problem problem = bad_member(name, "This route does not know that member.");
            problem.code = "UNKNOWN_MEMBER";
            return std::unexpected(std::move(problem));
        }
    return Body{std::move(object)};
}

bool Body::has(std::string_view name) const {
    const auto found = object_->find(name);
    return found != object_->end() && !found->is_null();
}

std::string Body::raw(std::string_view name) const {
    return has(name) ? object_->at(std::string{name}).dump() : std::string{};
}

Body::Read<std::string> Body::text(std::string_view name, std::size_t longest) const {
    if (!has(name)) return std::string{};
    const json& value = object_->at(std::string{name});
    if (!value.is_string()) return std::unexpected(bad_member(name, "Must be a text."));
    const std::string_view text = http::trim(value.get_ref<const std::string&>());
    if (text.size() > longest)
        return std::unexpected(
            unfit_member(name, "TEXT_TOO_LONG", "At most " + std::to_string(longest) + " bytes of UTF-8.")
        );
    if (has_control(text))
        return std::unexpected(unfit_member(name, "TEXT_NOT_PLAIN", "Must not hold control characters."));
    return std::string{text};
}

Body::Read<std::string> Body::required_text(std::string_view name, std::size_t longest) const {
    auto found = text(name, longest);
    if (found && found->empty())
        return std::unexpected(unfit_member(name, "MEMBER_MISSING", "Must be given and not be empty."));
    return found;
}

Body::Read<std::optional<UtcTime>> Body::time(std::string_view name) const {
    const auto word = text(name, 64);
    if (!word) return std::unexpected(word.error());
    if (!has(name)) return std::nullopt;
    const auto time = from_rfc3339(*word);
    if (!time) return std::unexpected(bad_member(name, "Must be a time such as 2026-11-23T10:15:00Z."));
    return *time;
}

Body::Read<UtcTime> Body::required_time(std::string_view name) const {
    const auto found = time(name);
    if (!found) return std::unexpected(found.error());
    if (!*found) return std::unexpected(unfit_member(name, "MEMBER_MISSING", "Must be given."));
    return **found;
}

Body::Read<std::vector<std::string>> Body::texts(std::string_view name, std::size_t most) const {
    std::vector<std::string> out;
    if (!has(name)) return out;
    const json& list = object_->at(std::string{name});
    if (!list.is_array()) return std::unexpected(bad_member(name, "Must be a list of texts."));
    if (list.size() > most)
        return std::unexpected(
            unfit_member(name, "LIST_TOO_LONG", "At most " + std::to_string(most) + " elements.")
        );
    for (const json& value : list) {
        if (!value.is_string()) return std::unexpected(bad_member(name, "Must be a list of texts."));
        out.push_back(value.get<std::string>());
    }
    return out;
}

}  // namespace sluice::api
