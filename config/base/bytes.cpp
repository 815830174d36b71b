#include "config/base/bytes.hpp"

#include <new>
#include <utility>

#include <openssl/evp.h>

namespace sluice {
namespace {

EVP_MD_CTX* md(void* context) {
    return static_cast<EVP_MD_CTX*>(context);
}

int hex_digit(char letter) {
    if (letter >= '0' && letter <= '9') return letter - '0';
    if (letter >= 'a' && letter <= 'f') return letter - 'a' + 10;
    if (letter >= 'A' && letter <= 'F') return letter - 'A' + 10;
    return -1;
}

}  // namespace

std::string to_hex(ByteView bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text;
    text.reserve(bytes.size() * 2);
    for (const std::uint8_t byte : bytes) {
        text += kDigits[byte >> 4U];
        text += kDigits[byte & 0x0FU];
    }
    return text;
}

std::optional<Bytes> from_hex(std::string_view text) {
    if (text.size() % 2 != 0) return std::nullopt;
    Bytes bytes;
    bytes.reserve(text.size() / 2);
    for (std::size_t i = 0; i < text.size(); i += 2) {
        const int high = hex_digit(text[i]);
        const int low = hex_digit(text[i + 1]);
        if (high < 0 || low < 0) return std::nullopt;
        bytes.push_back(static_cast<std::uint8_t>(high * 16 + low));
    }
    return bytes;
}

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
    if (context_ == nullptr || EVP_DigestInit_ex(md(context_), EVP_sha256(), nullptr) != 1)
        throw std::bad_alloc{};
}

Sha256::~Sha256() {
    EVP_MD_CTX_free(md(context_));
}

Sha256::Sha256(Sha256&& other) noexcept : context_(std::exchange(other.context_, nullptr)) {}

Sha256& Sha256::operator=(Sha256&& other) noexcept {
    std::swap(context_, other.context_);
    return *this;
}

void Sha256::update(ByteView bytes) {
    EVP_DigestUpdate(md(context_), bytes.data(), bytes.size());
}

Sha256Digest Sha256::digest() const {
    EVP_MD_CTX* copy = EVP_MD_CTX_new();
    if (copy == nullptr || EVP_MD_CTX_copy_ex(copy, md(context_)) != 1) {
        EVP_MD_CTX_free(copy);
        throw std::bad_alloc{};
    }
    Sha256Digest result{};
    EVP_DigestFinal_ex(copy, result.data(), nullptr);
    EVP_MD_CTX_free(copy);
    return result;
}

Sha256Digest sha256(ByteView bytes) {
    Sha256 hash;
    hash.update(bytes);
    return hash.digest();
}

}  // namespace sluice
