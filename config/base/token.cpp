#include "config/base/token.hpp"

#include "config/base/base64.hpp"
#include "config/base/uuid.hpp"

#include <array>

namespace sluice {
namespace {

constexpr std::string_view kPrefix = "slt_";
constexpr std::size_t kRandomBytes = 32;

}  // namespace

std::string make_token() {
    std::array<std::uint8_t, kRandomBytes> random{};
    fill_random(random.data(), random.size());
    return std::string{kPrefix} + to_base64url(random);
}

bool is_token(std::string_view text) {
    if (!text.starts_with(kPrefix)) return false;
    const auto bytes = from_base64url(text.substr(kPrefix.size()));
    return bytes && bytes->size() == kRandomBytes;
}

Sha256Digest token_hash(std::string_view token) {
    return sha256(as_bytes(token));
}

}  // namespace sluice
