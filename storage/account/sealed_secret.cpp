#include "storage/account/sealed_secret.hpp"

#include "storage/account/totp.hpp"
#include "storage/evidence/sealing.hpp"

namespace sluice::account {

namespace fs = std::filesystem;

fs::path factor_key_file(const fs::path& data) {
    return data / "spool" / "factors.key";
}

Result<Bytes> seal_secret(const fs::path& data, const Uuid& account, ByteView secret) {
    const fs::path file = factor_key_file(data);
    std::error_code code;
    fs::create_directories(file.parent_path(), code);
    if (code) return failure(Remedy::operator_acts, "cannot make " + file.parent_path().string());
    const auto key = evidence::load_or_make_key(file);
    if (!key) return std::unexpected(key.error());
    return evidence::seal(*key, account, secret);
}

Result<Bytes> open_secret(const fs::path& data, const Uuid& account, ByteView stored) {
    if (!is_sealed(stored)) return Bytes{stored.begin(), stored.end()};
    const auto key = evidence::load_or_make_key(factor_key_file(data));
    if (!key) return std::unexpected(key.error());
    return evidence::open_sealed(*key, account, stored);
}

bool is_sealed(ByteView stored) noexcept {
    return stored.size() != kTotpSecretBytes;
}

}  // namespace sluice::account
