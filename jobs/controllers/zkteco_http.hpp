#pragma once

#include <cstddef>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <string_view>

/// As much of HTTP as such a device speaks: a request at a time, with a length, and the connection is closed
/// behind the answer. Pure.
namespace sluice::controllers::zkteco {

inline constexpr std::size_t kMostHeadBytes = 8192;
inline constexpr std::size_t kMostBodyBytes = 4UL << 20U;

struct Request {
    std::string method;                        ///< "GET" or "POST"
    std::string path;                          ///< "/iclock/cdata"; in lower case
    std::map<std::string, std::string> query;  ///< names in lower case; of two the first
    std::size_t head_bytes = 0;                ///< the body begins there
    std::size_t body_bytes = 0;
    bool expects_continue = false;  ///< it waits for a word before it sends the body

    /// Empty: it is not there.
    [[nodiscard]] std::string_view parameter(std::string_view name) const;
};
/// nullopt: the head is not whole yet. Error: the status to answer.
[[nodiscard]] std::expected<std::optional<Request>, unsigned> parse_head(std::string_view bytes);

/// A whole answer of plain text. It has no Date, by which such devices set their clocks: that is not ours to
/// do.
[[nodiscard]] std::string to_answer(unsigned status, std::string_view text);

}  // namespace sluice::controllers::zkteco
