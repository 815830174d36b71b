#include "api/parameters.hpp"

#include <algorithm>
#include <charconv>

namespace sluice::api {
namespace {

constexpr std::size_t kDefaultLimit = 100;
constexpr std::size_t kMostLimit = 1000;
constexpr std::size_t kMostEcho = 64;

/// A client's word in our sentence: cut, so that an answer stays short.
std::string echo(std::string_view text) {
    std::string out{text.substr(0, kMostEcho)};
    while (!http::is_utf8(out))
        out.pop_back();
    return text.size() > kMostEcho ? out + "…" : out;
}

std::string seconds_text(Microseconds length) {
    return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(length).count()) + " seconds";
}

}  // namespace

http::Problem bad_parameter(std::string_view field, std::string detail) {
    return {
        .status = 400,
        .code = "INVALID_PARAMETER",
        .detail = std::move(detail),
        .field = echo(field),
        .retry_after = std::nullopt
    };
}

http::Problem unfit_parameter(std::string_view field, std::string code, std::string detail) {
    return {
        .status = 422,
        .code = std::move(code),
        .detail = std::move(detail),
        .field = echo(field),
        .retry_after = std::nullopt
    };
}

Parameters::Read<Parameters> Parameters::parse(std::string_view raw, const std::vector<std::string>& known) {
    auto query = http::parse_query(raw);
    if (!query) {
        http::Problem problem =
            bad_parameter("", "The query holds a broken percent sequence or bytes that are not UTF-8.");
        problem.code = "MALFORMED_QUERY";
        return std::unexpected(std::move(problem));
    }
    for (auto pair = query->begin(); pair != query->end(); ++pair) {
        const std::string& name = pair->first;
        if (std::ranges::find(known, name) == known.end()) {
            http::Problem problem =
                bad_parameter(name, "This route does not know the parameter \"" + echo(name) + "\".");
            problem.code = "UNKNOWN_PARAMETER";
            return std::unexpected(std::move(problem));
        }
        if (std::any_of(query->begin(), pair, [&](const auto& earlier) { return earlier.first == name; }))
            return std::unexpected(bad_parameter(name, "The parameter is given more than once."));
    }
    Parameters parameters;
    parameters.query_ = std::move(*query);
    return parameters;
}

const std::string* Parameters::find(std::string_view name) const {
    for (const auto& [key, value] : query_)
        if (key == name) return &value;
    return nullptr;
}

Parameters::Read<std::optional<UtcTime>> Parameters::time(std::string_view name) const {
    const std::string* text = find(name);
    if (text == nullptr) return std::optional<UtcTime>{};
    const auto parsed = from_rfc3339(*text);
    if (!parsed)
        return std::unexpected(
            bad_parameter(name, "Not a time as RFC 3339 writes it, such as 2026-11-23T10:15:00Z.")
        );
    return *parsed;
}

Parameters::Read<UtcTime> Parameters::required_time(std::string_view name) const {
    const auto found = time(name);
    if (!found) return std::unexpected(found.error());
    if (*found) return **found;
    http::Problem problem = bad_parameter(name, "The parameter \"" + std::string{name} + "\" is missing.");
    problem.code = "MISSING_PARAMETER";
    return std::unexpected(std::move(problem));
}

Parameters::Read<TimeRange> Parameters::interval(Microseconds longest) const {
    const auto from = required_time("from");
    if (!from) return std::unexpected(from.error());
    const auto to = required_time("to");
    if (!to) return std::unexpected(to.error());
    const TimeRange range{*from, *to};
    if (auto checked = check_interval(range, longest); !checked) return std::unexpected(checked.error());
    return range;
}

Parameters::Read<StreamKind> Parameters::stream() const {
    const std::string* text = find("stream");
    if (text == nullptr) return StreamKind::main;
    const auto kind = stream_kind_from(*text);
    if (!kind) return std::unexpected(bad_parameter("stream", "The streams are main and sub."));
    return *kind;
}

Parameters::Read<std::size_t> Parameters::limit() const {
    const std::string* text = find("limit");
    if (text == nullptr) return kDefaultLimit;
    std::size_t value = 0;
    const char* const end = text->data() + text->size();
    const auto [stop, code] = std::from_chars(text->data(), end, value);
    if (code != std::errc{} || stop != end || value < 1 || value > kMostLimit)
        return std::unexpected(bad_parameter("limit", "A limit is a whole number from 1 to 1000."));
    return value;
}

Parameters::Read<bool> Parameters::flag(std::string_view name) const {
    const std::string* word = find(name);
    if (word == nullptr || *word == "false") return false;
    if (*word == "true") return true;
    return std::unexpected(bad_parameter(name, "Must be true or false."));
}

Parameters::Read<std::optional<Uuid>> Parameters::id(std::string_view name) const {
    const std::string* text = find(name);
    if (text == nullptr) return std::optional<Uuid>{};
    const auto parsed = uuid_from_string(*text);
    if (!parsed) return std::unexpected(bad_parameter(name, "Not an id."));
    return *parsed;
}

std::expected<void, http::Problem> check_interval(TimeRange range, Microseconds longest) {
    if (range.is_empty())
        return std::unexpected(unfit_parameter("to", "INTERVAL_REVERSED", "`to` must be after `from`."));
    if (range.length() > longest)
        return std::unexpected(unfit_parameter(
            "to", "INTERVAL_TOO_LONG", "The interval is longer than " + seconds_text(longest) + "."
        ));
    return {};
}

}  // namespace sluice::api
