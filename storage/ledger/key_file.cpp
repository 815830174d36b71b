#include "storage/ledger/key_file.hpp"

#include "config/base/files.hpp"
#include "config/base/unique_fd.hpp"

#include <string>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sluice::ledger {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostBytes = 4096;
constexpr mode_t kOthers = S_IRWXG | S_IRWXO;

}  // namespace

fs::path ledger_folder(const fs::path& data) {
    return data / "ledger";
}

fs::path verifier_file(const fs::path& data) {
    return ledger_folder(data) / "log.vkey";
}

fs::path checkpoint_file(const fs::path& data) {
    return ledger_folder(data) / "checkpoint";
}

fs::path default_key_file(const fs::path& data) {
    return ledger_folder(data) / "signing.key";
}

Result<SigningKey> load_key_file(const fs::path& path) {
    struct stat facts{};
    if (::stat(path.c_str(), &facts) != 0)
        return errno_error(Remedy::operator_acts, "cannot read the ledger's key " + path.string());
    if ((facts.st_mode & kOthers) != 0)
        return failure(
            Remedy::operator_acts,
            "the ledger's key " + path.string() + " can be reached by others than its owner: chmod 0600 it"
        );
    const auto text = read_text_file(path, kMostBytes);
    if (!text) return std::unexpected(text.error());
    auto key = SigningKey::from_text(*text);
    if (!key) return failure(Remedy::operator_acts, path.string() + " is " + key.error().message());
    return key;
}

Result<VerifierKey> load_verifier_file(const fs::path& path) {
    auto text = read_text_file(path, kMostBytes);
    if (!text) return std::unexpected(text.error());
    while (text->ends_with('\n'))
        text->pop_back();
    return verifier_key_from(*text);
}

Status save_new_key(const fs::path& path, const SigningKey& key) {
    const UniqueFd file{::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)};
    if (!file.is_open())
        return errno_error(Remedy::operator_acts, "cannot make the key file " + path.string());
    const std::string text = key.to_text();
    const ssize_t written = ::write(file.get(), text.data(), text.size());
    if (written != static_cast<ssize_t>(text.size()) || ::fsync(file.get()) != 0) {
        const auto failed = errno_error(Remedy::operator_acts, "cannot write the key file " + path.string());
        ::unlink(path.c_str());  // half a key would be taken for one the next time
        return failed;
    }
    return sync_folder(path.parent_path());
}

}  // namespace sluice::ledger
