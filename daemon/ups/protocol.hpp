#pragma once

#include "config/base/error.hpp"
#include "config/base/words.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// The client's side of the NUT protocol (RFC 9271), as far as it takes to ask a UPS how it is.
namespace sluice::ups {

inline constexpr std::size_t kLineLimit = 1024;  ///< bytes of one line of an answer
inline constexpr std::size_t kLinesLimit = 512;  ///< of one answer; a UPS has some dozen variables

/// What one round of questions found out.
struct Reading {
    std::string words;  ///< ups.status as sent: "OL CHRG", "OB LB"
    std::optional<double> charge_percent{};
    std::optional<std::chrono::seconds> runtime{};
    friend bool operator==(const Reading&, const Reading&) = default;
};

/// Words of a line: separated by blanks, in quotes where they hold some, a backslash before a quote or
/// backslash. Error: retry, for a quote that does not end and for a line over the limit.
[[nodiscard]] Result<std::vector<std::string>> split_words(std::string_view line);

/// A word for a request. Pre: no line end in it.
[[nodiscard]] std::string quote(std::string_view word);

/// Whether this line is the last of an answer to LIST.
[[nodiscard]] bool ends_list(std::string_view line);

/// The whole answer to `LIST VAR unit`. Error: retry, when it is none, or says that the UPS can't be asked.
[[nodiscard]] Result<Reading> read_list(std::string_view unit, std::span<const std::string> lines);

/// For an answer of one line to USERNAME, PASSWORD and LOGIN. Error: retry, with the server's own word.
[[nodiscard]] Status read_consent(std::string_view line);

/// What the words of ups.status say of the power. On battery wins over on line, which some drivers leave
/// beside it; a forced shutdown is as good as an empty battery. Neither of them: unknown.
[[nodiscard]] PowerState judge(std::string_view words);

}  // namespace sluice::ups
