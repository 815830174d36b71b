#pragma once

#include "api/http/message.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::http {

/// RFC 9457. `code` is stable and for programs; `detail` is a short sentence for people and holds no
/// internals.
struct Problem {
    unsigned status = 500;
    std::string code;
    std::string detail;
    std::string field{};  ///< query parameter or member at fault, or empty
    std::optional<std::chrono::seconds> retry_after{};
    /// Further members: name and value, the value already JSON text.
    std::vector<std::pair<std::string, std::string>> members{};
    std::string title{};     ///< empty: the status's own
    std::string language{};  ///< of title and detail, as a tag; empty: English, and not said
};

[[nodiscard]] Problem problem(unsigned status, std::string code, std::string detail);

/// "urn:sluice:problem:not-found" for NOT_FOUND.
[[nodiscard]] std::string problem_type(const std::string& code);
[[nodiscard]] std::string_view reason_phrase(unsigned status) noexcept;
/// An application/problem+json answer, never stored by caches. `instance` is left for the server:
/// "urn:uuid:<request>".
[[nodiscard]] Response to_response(const Problem& problem, const std::string& instance);

}  // namespace sluice::http
