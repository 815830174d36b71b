#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;
using Sha256Digest = std::array<std::uint8_t, 32>;

[[nodiscard]] std::string to_hex(ByteView bytes);
/// Either case; nullopt for an odd length or another letter.
[[nodiscard]] std::optional<Bytes> from_hex(std::string_view text);
[[nodiscard]] inline ByteView as_bytes(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
[[nodiscard]] inline std::string_view as_text(ByteView bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// SHA-256 (FIPS 180-4) of bytes that come in pieces.
class Sha256 {
public:
    Sha256();
    ~Sha256();
    Sha256(Sha256&& other) noexcept;
    Sha256& operator=(Sha256&& other) noexcept;
    Sha256(const Sha256&) = delete;
    Sha256& operator=(const Sha256&) = delete;

    void update(ByteView bytes);
    /// The digest of everything so far; updating may go on afterwards.
    [[nodiscard]] Sha256Digest digest() const;

private:
    void* context_;  // EVP_MD_CTX, kept out of the header
};

[[nodiscard]] Sha256Digest sha256(ByteView bytes);

}  // namespace sluice
