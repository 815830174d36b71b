#include "storage/evidence/sealing.hpp"

#include "config/base/files.hpp"
#include "config/base/unique_fd.hpp"

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
static_assert(kNonceBytes + kTagBytes == kSealBytes);

using Cipher = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

Cipher make_cipher() {
    return {EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free};
}

std::unexpected<Error> broken(const char* what) {
    return failure(Remedy::operator_acts, std::string{"evidence: "} + what);
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
    // The tool runs as the superuser, the service that needs the key as the owner of the folder.
    if (auto given = give_to_folder_owner(path); !given) return given;
    return sync_folder(path.parent_path());
}

}  // namespace

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
    if (sealed.size() < kNonceBytes + kTagBytes) return broken("what is sealed is too short");
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
    if (!is_done) return broken("what is sealed was changed, or belongs to another key");
    return plain;
}

Result<Bytes> load_or_make_key(const fs::path& path) {
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

}  // namespace sluice::evidence
