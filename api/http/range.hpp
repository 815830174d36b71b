#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

/// Byte ranges and preconditions (RFC 9110 §13 and §14) as pure rules.
namespace sluice::http {

struct WholeBody {};
struct PartOfBody {
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
    friend bool operator==(const PartOfBody&, const PartOfBody&) = default;
};
struct Unsatisfiable {};   ///< 416: well-formed, but no byte of it exists
struct MalformedRange {};  ///< 400: names bytes and makes no sense (§14.2 lets us refuse it)
using RangeChoice = std::variant<WholeBody, PartOfBody, Unsatisfiable, MalformedRange>;

/// What a Range header asks of a body of `size` bytes. Another unit than bytes is ignored, as it must be.
/// Several ranges get the whole body, unless none of them exists; so does a list of more than 64.
[[nodiscard]] RangeChoice choose_range(std::string_view header, std::uint64_t size);

/// "bytes 0-99/1000", and "bytes */1000" for a 416.
[[nodiscard]] std::string content_range(PartOfBody part, std::uint64_t size);
[[nodiscard]] std::string content_range_unsatisfied(std::uint64_t size);

enum class Comparison { strong, weak };
/// Whether a list such as `"a", W/"b"` or `*` names `etag` (with its quotes).
[[nodiscard]] bool names_etag(std::string_view list, std::string_view etag, Comparison comparison);

/// The conditional headers of a request, each null when it is missing.
struct Conditions {
    const std::string* range = nullptr;
    const std::string* if_range = nullptr;
    const std::string* if_match = nullptr;
    const std::string* if_none_match = nullptr;
};
struct NotModified {};         ///< 304
struct PreconditionFailed {};  ///< 412
using Selection =
    std::variant<WholeBody, PartOfBody, Unsatisfiable, MalformedRange, NotModified, PreconditionFailed>;

/// The order of §13.2.2 for a body with a strong `etag` and no modification date: If-Match, If-None-Match,
/// then Range when If-Range allows it. `is_get`: a Range counts only for GET.
[[nodiscard]] Selection
select(const Conditions& conditions, std::string_view etag, std::uint64_t size, bool is_get);

}  // namespace sluice::http
