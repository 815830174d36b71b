#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::xvr {

inline constexpr std::size_t kHeaderLimit = 4096;  ///< bytes of a part's header lines
inline constexpr std::size_t kBodyLimit = 65'536;  ///< bytes of a part's body

/// The boundary of a multipart Content-Type; nullopt: it is none, or one longer than the 70 letters allowed.
[[nodiscard]] std::optional<std::string> boundary_of(std::string_view content_type);

/// Bodies of an endless multipart stream, as they become whole. A part ends at its Content-Length, or at the
/// next boundary if that comes first, or if there is no length: so a missing line end before a boundary and a
/// length that is too long lose nothing. What is too long or broken is passed over up to the next boundary
/// and counted. However the bytes are cut, the parts are the same. Never holds more than a part and a feed.
class MultipartReader {
public:
    explicit MultipartReader(const std::string& boundary) : delimiter_("--" + boundary) {}

    void feed(std::string_view bytes, std::vector<std::string>& bodies);
    /// Parts that were given up.
    [[nodiscard]] std::uint64_t given_up() const noexcept { return given_up_; }

private:
    enum class State { seeking, header, body };

    /// False: needs more bytes.
    [[nodiscard]] bool step(std::vector<std::string>& bodies);
    [[nodiscard]] bool seek();
    [[nodiscard]] bool read_header();
    [[nodiscard]] bool read_body(std::vector<std::string>& bodies);
    [[nodiscard]] bool may_begin_delimiter(std::size_t before) const;
    void take(std::size_t count, std::vector<std::string>& bodies);
    void give_up();

    std::string delimiter_;
    std::string buffer_;
    State state_ = State::seeking;
    std::optional<std::size_t> length_;  ///< of the body, where the header says one that may be
    std::uint64_t given_up_ = 0;
};

}  // namespace sluice::xvr
