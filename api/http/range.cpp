#include "api/http/range.hpp"

#include "api/http/text.hpp"

#include <algorithm>
#include <charconv>

namespace sluice::http {
namespace {

constexpr std::size_t kMostRanges = 64;

/// Digits only. A number too big for 64 bits is the biggest one: it lies behind every end all the same.
std::optional<std::uint64_t> parse_position(std::string_view text) {
    if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
    std::uint64_t value = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
    return code == std::errc::result_out_of_range ? UINT64_MAX : value;
}

RangeChoice parse_one(std::string_view spec, std::uint64_t size) {
    const std::size_t dash = spec.find('-');
    if (dash == std::string_view::npos) return MalformedRange{};
    const std::string_view first_text = spec.substr(0, dash);
    const std::string_view last_text = spec.substr(dash + 1);
    if (first_text.empty()) {  // "-500": the last 500 bytes
        const auto suffix = parse_position(last_text);
        if (!suffix) return MalformedRange{};
        if (*suffix == 0 || size == 0) return Unsatisfiable{};
        const std::uint64_t length = std::min(*suffix, size);
        return PartOfBody{size - length, length};
    }
    const auto first = parse_position(first_text);
    const auto last = last_text.empty() ? std::optional{UINT64_MAX} : parse_position(last_text);
    if (!first || !last || *last < *first) return MalformedRange{};
    if (*first >= size) return Unsatisfiable{};
    return PartOfBody{*first, std::min(*last, size - 1) - *first + 1};
}

std::string_view without_weak_mark(std::string_view tag) {
    return tag.starts_with("W/") ? tag.substr(2) : tag;
}

bool is_same_etag(std::string_view given, std::string_view etag, Comparison comparison) {
    if (comparison == Comparison::weak) return without_weak_mark(given) == without_weak_mark(etag);
    return !given.starts_with("W/") && !etag.starts_with("W/") && given == etag;
}

}  // namespace

RangeChoice choose_range(std::string_view header, std::uint64_t size) {
    const std::size_t equals = header.find('=');
    if (equals == std::string_view::npos) return MalformedRange{};
    if (!is_same_word(trim(header.substr(0, equals)), "bytes")) return WholeBody{};
    std::size_t count = 0;
    RangeChoice only = Unsatisfiable{};
    bool some_exists = false;
    for (const std::string_view part : split(header.substr(equals + 1), ',')) {
        const std::string_view spec = trim(part);
        if (spec.empty()) continue;  // RFC 9110 §5.6.1: empty list elements are let pass
        only = parse_one(spec, size);
        if (std::holds_alternative<MalformedRange>(only)) return MalformedRange{};
        some_exists = some_exists || std::holds_alternative<PartOfBody>(only);
        if (++count > kMostRanges) return WholeBody{};
    }
    if (count == 0) return MalformedRange{};
    if (count == 1) return only;
    return some_exists ? RangeChoice{WholeBody{}} : RangeChoice{Unsatisfiable{}};
}

std::string content_range(PartOfBody part, std::uint64_t size) {
    return "bytes " + std::to_string(part.offset) + "-" + std::to_string(part.offset + part.length - 1) +
           "/" + std::to_string(size);
}

std::string content_range_unsatisfied(std::uint64_t size) {
    return "bytes */" + std::to_string(size);
}

bool names_etag(std::string_view list, std::string_view etag, Comparison comparison) {
    for (const std::string_view part : split(list, ',')) {  // our tags hold no comma
        const std::string_view given = trim(part);
        if (given == "*" || is_same_etag(given, etag, comparison)) return true;
    }
    return false;
}

Selection select(const Conditions& conditions, std::string_view etag, std::uint64_t size, bool is_get) {
    if (conditions.if_match != nullptr && !names_etag(*conditions.if_match, etag, Comparison::strong))
        return PreconditionFailed{};
    if (conditions.if_none_match != nullptr && names_etag(*conditions.if_none_match, etag, Comparison::weak))
        return NotModified{};
    if (conditions.range == nullptr || !is_get) return WholeBody{};
    // A date in If-Range never matches: a clip has no modification date.
    if (conditions.if_range != nullptr && !is_same_etag(trim(*conditions.if_range), etag, Comparison::strong))
        return WholeBody{};
    return std::visit([](auto choice) { return Selection{choice}; }, choose_range(*conditions.range, size));
}

}  // namespace sluice::http
