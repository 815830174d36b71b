#include "api/idempotency.hpp"

#include "config/base/bytes.hpp"

#include <algorithm>

namespace sluice::api {
namespace {

constexpr std::size_t kLongestKey = 200;

}  // namespace

Uuid id_of_key(std::string_view kind, const Uuid& principal_id, const std::string& key) {
    const Sha256Digest hash = sha256(as_bytes(std::string{kind} + " " + to_string(principal_id) + " " + key));
    Uuid id;
    std::copy_n(hash.begin(), id.bytes.size(), id.bytes.begin());
    id.bytes[6] = static_cast<std::uint8_t>((id.bytes[6] & 0x0FU) | 0x80U);  // RFC 9562 §5.8: version 8
    id.bytes[8] = static_cast<std::uint8_t>((id.bytes[8] & 0x3FU) | 0x80U);
    return id;
}

std::expected<std::optional<Uuid>, http::Problem> idempotent_id(const Call& call, std::string_view kind) {
    const std::string* key = call.request.find_header("idempotency-key");
    if (key == nullptr) return std::nullopt;
    if (key->empty() || key->size() > kLongestKey)
        return std::unexpected(http::Problem{
            .status = 400,
            .code = "BAD_IDEMPOTENCY_KEY",
            .detail = "Idempotency-Key has 1 to 200 letters.",
            .retry_after = std::nullopt
        });
    return id_of_key(kind, call.principal->id, *key);
}

}  // namespace sluice::api
