#include "storage/account/password.hpp"

#include "config/base/utf8.hpp"
#include "config/base/uuid.hpp"
#include "storage/account/name.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include <sodium.h>

namespace sluice::account {
namespace {

constexpr std::size_t kMostBytes = 512;
/// 32 letters and digits without those that are mistaken for each other: five bits each.
constexpr std::string_view kLetters = "abcdefghijkmnpqrstuvwxyz23456789";
static_assert(kLetters.size() == 32);

}  // namespace

Status check_password(std::string_view password, std::string_view name, const PasswordRules& rules) {
    if (!is_utf8(password) || password.size() > kMostBytes)
        return failure(Remedy::refuse, "a password is UTF-8 of at most 512 bytes");
    const std::string least = std::to_string(rules.least_letters);
    if (count_letters(password) < rules.least_letters)
        return failure(Remedy::refuse, "the password needs at least " + least + " letters");
    if (password.find(name) != std::string_view::npos)
        return failure(Remedy::refuse, "the password must not hold the account's name");
    std::string letters{password};
    std::ranges::sort(letters);
    const auto rest = std::ranges::unique(letters);
    if (letters.size() - rest.size() < 5)
        return failure(Remedy::refuse, "the password needs at least five different letters");
    return {};
}

Result<std::string> hash_password(std::string_view password) {
    const std::string normal = to_nfc(password);
    std::array<char, crypto_pwhash_STRBYTES> hash{};
    if (sodium_init() < 0 || crypto_pwhash_str(
                                 hash.data(),
                                 normal.data(),
                                 normal.size(),
                                 crypto_pwhash_OPSLIMIT_INTERACTIVE,
                                 crypto_pwhash_MEMLIMIT_INTERACTIVE
                             ) != 0)
        return failure(Remedy::retry, "there is no memory to hash a password");
    return std::string{hash.data()};
}

bool is_password(const std::string& hash, std::string_view password) {
    if (hash.size() >= crypto_pwhash_STRBYTES || !is_utf8(password) || password.size() > kMostBytes)
        return false;
    const std::string normal = to_nfc(password);
    std::array<char, crypto_pwhash_STRBYTES> padded{};
    std::ranges::copy(hash, padded.begin());
    return sodium_init() >= 0 && crypto_pwhash_str_verify(padded.data(), normal.data(), normal.size()) == 0;
}

const std::string& nobodys_hash() {
    static const std::string hash = hash_password(make_password()).value_or(std::string{});
    return hash;
}

std::string make_password() {
    std::array<std::uint8_t, 20> random{};
    fill_random(random.data(), random.size());
    std::string password;
    for (const std::uint8_t byte : random)
        password += kLetters[byte % kLetters.size()];
    return password;
}

}  // namespace sluice::account
