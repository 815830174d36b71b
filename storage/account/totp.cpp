#include "storage/account/totp.hpp"

#include "config/base/uuid.hpp"

#include <array>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace sluice::account {
namespace {

constexpr auto kStep = std::chrono::seconds{30};
constexpr std::size_t kDigits = 6;

/// RFC 4648 §6 without padding.
std::string to_base32(ByteView bytes) {
    constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    std::string text;
    std::uint32_t bits = 0;
    unsigned count = 0;
    for (const std::uint8_t byte : bytes) {
        bits = (bits << 8U) | byte;
        for (count += 8; count >= 5; count -= 5)
            text += letters[(bits >> (count - 5)) & 31U];
    }
    if (count > 0) text += letters[(bits << (5 - count)) & 31U];
    return text;
}

std::string percent_encoded(std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string out;
    for (const char letter : text) {
        const auto byte = static_cast<std::uint8_t>(letter);
        const bool is_plain =
            (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9');
        if (is_plain)
            out += letter;
        else
            out.append({'%', digits[byte >> 4U], digits[byte & 15U]});
    }
    return out;
}

}  // namespace

Bytes make_totp_secret() {
    Bytes secret(kTotpSecretBytes);
    fill_random(secret.data(), secret.size());
    return secret;
}

std::int64_t totp_step(UtcTime at) noexcept {
    return std::chrono::floor<std::chrono::seconds>(at).time_since_epoch() / kStep;
}

std::string totp_code(ByteView secret, std::int64_t step) {
    std::array<std::uint8_t, 8> counter{};
    for (std::size_t i = 0; i < counter.size(); ++i)
        counter[i] = static_cast<std::uint8_t>(static_cast<std::uint64_t>(step) >> (8 * (7 - i)));
    std::array<std::uint8_t, EVP_MAX_MD_SIZE> mac{};
    unsigned size = 0;
    HMAC(
        EVP_sha1(),
        secret.data(),
        static_cast<int>(secret.size()),
        counter.data(),
        counter.size(),
        mac.data(),
        &size
    );
    const std::size_t at = mac[size - 1] & 15U;
    const std::uint32_t number = ((mac[at] & 0x7fU) << 24U) | (std::uint32_t{mac[at + 1]} << 16U) |
                                 (std::uint32_t{mac[at + 2]} << 8U) | mac[at + 3];
    const std::string digits = std::to_string(number % 1'000'000);
    return std::string(kDigits - digits.size(), '0') + digits;
}

std::optional<std::int64_t> find_totp_step(ByteView secret, std::string_view code, UtcTime now) {
    if (code.size() != kDigits) return std::nullopt;
    std::optional<std::int64_t> found;
    const std::int64_t current = totp_step(now);
    for (std::int64_t step = current - 1; step <= current + 1; ++step)
        if (CRYPTO_memcmp(totp_code(secret, step).data(), code.data(), kDigits) == 0) found = step;
    return found;
}

std::string totp_uri(std::string_view name, ByteView secret) {
    return "otpauth://totp/Sluice:" + percent_encoded(name) + "?secret=" + to_base32(secret) +
           "&issuer=Sluice";
}

}  // namespace sluice::account
