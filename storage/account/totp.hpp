#pragma once

#include "config/base/bytes.hpp"
#include "config/base/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Second factors: RFC 6238 with SHA-1, six digits and steps of 30 s, as every authenticator knows them.
namespace sluice::account {

inline constexpr std::size_t kTotpSecretBytes = 20;
[[nodiscard]] Bytes make_totp_secret();  ///< random

[[nodiscard]] std::int64_t totp_step(UtcTime at) noexcept;
[[nodiscard]] std::string totp_code(ByteView secret, std::int64_t step);
/// The step whose code it is: the current one, or one before or after it, for clocks that differ a little.
/// All are compared, whichever fits. Who asks must see to it that a step counts once.
[[nodiscard]] std::optional<std::int64_t> find_totp_step(ByteView secret, std::string_view code, UtcTime now);

/// "otpauth://totp/…": for the QR code or to be typed. It holds the secret.
[[nodiscard]] std::string totp_uri(std::string_view name, ByteView secret);

}  // namespace sluice::account
