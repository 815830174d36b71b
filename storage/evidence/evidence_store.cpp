#include "storage/evidence/evidence_store.hpp"

#include "config/base/files.hpp"
#include "config/base/unique_fd.hpp"
#include "config/base/utf8.hpp"

#include <algorithm>
#include <array>
#include <memory>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>

namespace sluice::evidence {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kNonceBytes = 12;
constexpr std::size_t kTagBytes = 16;
constexpr std::size_t kLongestName = 120;

using Cipher = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

Cipher make_cipher() {
    return {EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free};
}

std::unexpected<Error> broken(const char* what) {
    return failure(Remedy::operator_acts, std::string{"evidence: "} + what);
}

/// nonce ‖ ciphertext ‖ tag. The id is bound in: a file under another name does not open.
Result<Bytes> seal(ByteView key, const Uuid& id, ByteView plain) {
    Bytes sealed(kNonceBytes + plain.size() + kTagBytes);
    fill_random(sealed.data(), kNonceBytes);
    const Cipher cipher = make_cipher();
    int length = 0;
    const bool is_done =
        cipher &&
        EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, key.data(), sealed.data()) == 1 &&
        EVP_EncryptUpdate(
            cipher.get(), nullptr, &length, id.bytes.data(), static_cast<int>(id.bytes.size())
        ) == 1 &&
        EVP_EncryptUpdate(
            cipher.get(), sealed.data() + kNonceBytes, &length, plain.data(), static_cast<int>(plain.size())
        ) == 1 &&
        EVP_EncryptFinal_ex(cipher.get(), sealed.data() + kNonceBytes + length, &length) == 1 &&
        EVP_CIPHER_CTX_ctrl(
            cipher.get(), EVP_CTRL_GCM_GET_TAG, kTagBytes, sealed.data() + kNonceBytes + plain.size()
        ) == 1;
    if (!is_done) return broken("cannot encrypt");
    return sealed;
}

Result<Bytes> open_sealed(ByteView key, const Uuid& id, ByteView sealed) {
    if (sealed.size() < kNonceBytes + kTagBytes) return broken("a file is too short");
    Bytes plain(sealed.size() - kNonceBytes - kTagBytes);
    std::array<std::uint8_t, kTagBytes> tag{};
    std::copy_n(sealed.end() - kTagBytes, kTagBytes, tag.begin());
    const Cipher cipher = make_cipher();
    int length = 0;
    const bool is_done =
        cipher &&
        EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, key.data(), sealed.data()) == 1 &&
        EVP_DecryptUpdate(
            cipher.get(), nullptr, &length, id.bytes.data(), static_cast<int>(id.bytes.size())
        ) == 1 &&
        EVP_DecryptUpdate(
            cipher.get(), plain.data(), &length, sealed.data() + kNonceBytes, static_cast<int>(plain.size())
        ) == 1 &&
        EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, kTagBytes, tag.data()) == 1 &&
        EVP_DecryptFinal_ex(cipher.get(), plain.data() + length, &length) == 1;
    if (!is_done) return broken("a file was changed, or belongs to another key");
    return plain;
}

/// Letters that turn the reading direction, or can't be seen: a name must be what it looks like.
bool is_deceptive(std::string_view name) {
    constexpr std::array<std::string_view, 17> letters{
        "\u200B",
        "\u200C",
        "\u200D",
        "\u200E",
        "\u200F",
        "\u202A",
        "\u202B",
        "\u202C",
        "\u202D",
        "\u202E",
        "\u2066",
        "\u2067",
        "\u2068",
        "\u2069",
        "\u061C",
        "\uFEFF",
        "\u2028",
    };
    return std::ranges::any_of(letters, [&](std::string_view letter) {
        return name.find(letter) != std::string_view::npos;
    });
}

Status make_key(const fs::path& path) {
    const UniqueFd file{::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)};
    if (!file.is_open()) {
        // Another process of ours was faster.
        if (errno == EEXIST) return {};
        return errno_error(Remedy::operator_acts, "cannot make " + path.string());
    }
    std::array<std::uint8_t, kKeyBytes> key{};
    fill_random(key.data(), key.size());
    if (::write(file.get(), key.data(), key.size()) != static_cast<ssize_t>(key.size()) ||
        ::fsync(file.get()) != 0) {
        const auto failed = errno_error(Remedy::operator_acts, "cannot write " + path.string());
        ::unlink(path.c_str());
        return failed;
    }
    return {};
}

}  // namespace

std::optional<std::string_view> sniff(ByteView bytes) noexcept {
    const std::string_view head = as_text(bytes.first(std::min<std::size_t>(bytes.size(), 16)));
    if (head.starts_with("%PDF-")) return "application/pdf";
    if (head.starts_with("\xFF\xD8\xFF")) return "image/jpeg";
    if (head.starts_with("\x89PNG\r\n\x1A\n")) return "image/png";
    return std::nullopt;
}

bool is_fit_name(std::string_view name) {
    const auto is_bad = [](char letter) {
        const auto byte = static_cast<unsigned char>(letter);
        return byte < 0x20 || byte == 0x7F || letter == '/' || letter == '\\';
    };
    return !name.empty() && name.size() <= kLongestName && is_utf8(name) && name.front() != '.' &&
           name.front() != ' ' && name.back() != ' ' && name.back() != '.' &&
           std::ranges::none_of(name, is_bad) && !is_deceptive(name) &&
           name.find("\xC2\x80") == std::string_view::npos;
}

fs::path EvidenceStore::path_of(const Uuid& id) const {
    return spool_ / "uploads" / (to_string(id) + ".sealed");
}

Result<Bytes> EvidenceStore::key() const {
    const fs::path path = spool_ / "uploads.key";
    struct stat facts{};
    if (::stat(path.c_str(), &facts) != 0) {
        if (auto made = make_key(path); !made) return std::unexpected(made.error());
        if (::stat(path.c_str(), &facts) != 0)
            return errno_error(Remedy::operator_acts, "cannot read " + path.string());
    }
    if ((facts.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return failure(
            Remedy::operator_acts, path.string() + " can be reached by others than its owner: chmod 0600 it"
        );
    const auto text = read_text_file(path, kKeyBytes);
    if (!text) return std::unexpected(text.error());
    if (text->size() != kKeyBytes) return broken("the key file is not whole");
    return Bytes{text->begin(), text->end()};
}

Status EvidenceStore::save(const Uuid& id, ByteView bytes) const {
    std::error_code code;
    fs::create_directories(spool_ / "uploads", code);
    if (code) return failure(Remedy::operator_acts, "cannot make " + (spool_ / "uploads").string());
    const auto secret = key();
    if (!secret) return std::unexpected(secret.error());
    const auto sealed = seal(*secret, id, bytes);
    if (!sealed) return std::unexpected(sealed.error());
    return replace_file(path_of(id), as_text(*sealed), 0600);
}

Result<Bytes> EvidenceStore::load(const Uuid& id) const {
    const auto secret = key();
    if (!secret) return std::unexpected(secret.error());
    const auto sealed = read_text_file(path_of(id), kMostBytes + kNonceBytes + kTagBytes);
    if (!sealed) return std::unexpected(sealed.error());
    return open_sealed(*secret, id, as_bytes(*sealed));
}

void EvidenceStore::drop(const Uuid& id) const noexcept {
    std::error_code ignored;
    fs::remove(path_of(id), ignored);
}

}  // namespace sluice::evidence
