#include "storage/access/card.hpp"

#include "config/base/files.hpp"
#include "config/base/unique_fd.hpp"

#include <algorithm>
#include <array>
#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/hmac.h>

namespace sluice::access {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLongestNumber = 64;
constexpr std::size_t kKeyFileBytes = 128;

std::string normal_form(std::string_view number) {
    std::string normal;
    for (const char letter : number) {
        if (letter == ' ' || letter == '-' || letter == ':' || letter == '\t') continue;
        normal += letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter;
    }
    const bool is_decimal =
        std::ranges::all_of(normal, [](char letter) { return letter >= '0' && letter <= '9'; });
    if (is_decimal) normal.erase(0, std::min(normal.find_first_not_of('0'), normal.size()));
    return normal;
}

Result<CardKey> parse_key(const fs::path& path, std::string_view text) {
    while (text.ends_with('\n'))
        text.remove_suffix(1);
    const auto bytes = from_hex(text);
    CardKey::Secret secret{};
    if (!bytes || bytes->size() != secret.size())
        return failure(
            Remedy::operator_acts, path.string() + " is no card key: 64 hexadecimal letters; put it back"
        );
    std::ranges::copy(*bytes, secret.begin());
    return CardKey{secret};
}

Status sync_folder(const fs::path& folder) {
    const UniqueFd opened{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!opened.is_open() || ::fsync(opened.get()) != 0)
        return errno_error(Remedy::operator_acts, "cannot sync " + folder.string());
    return {};
}

/// A whole file under another name, then linked: nobody reads half a key, and the first one stays.
Status make_key_file(const fs::path& path) {
    CardKey::Secret secret{};
    fill_random(secret.data(), secret.size());
    const std::string text = to_hex(secret) + '\n';
    // A name of its own: other threads and processes make theirs at the same time, and a crash may have left
    // one.
    std::array<std::uint8_t, 8> nonce{};
    fill_random(nonce.data(), nonce.size());
    const fs::path fresh = path.string() + ".new." + to_hex(nonce);
    const UniqueFd file{::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640)};
    if (!file.is_open())
        return errno_error(Remedy::operator_acts, "cannot make the card key " + path.string());
    Status done;
    if (::fchmod(file.get(), 0640) != 0 ||  // whatever the umask says
        ::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
        ::fsync(file.get()) != 0 || (::link(fresh.c_str(), path.c_str()) != 0 && errno != EEXIST))
        done = errno_error(Remedy::operator_acts, "cannot write the card key " + path.string());
    ::unlink(fresh.c_str());
    if (!done) return done;
    return sync_folder(path.parent_path());
}

}  // namespace

Sha256Digest hmac_sha256(ByteView key, ByteView bytes) {
    Sha256Digest digest{};
    unsigned length = 0;
    ::HMAC(
        ::EVP_sha256(),
        key.data(),
        static_cast<int>(key.size()),
        bytes.data(),
        bytes.size(),
        digest.data(),
        &length
    );
    return digest;
}

std::optional<Card> CardKey::seal(std::string_view number) const {
    const std::string normal = normal_form(number);
    if (normal.empty() || normal.size() > kLongestNumber) return std::nullopt;
    // Of a short number four letters would be most of it.
    const std::size_t shown = std::min<std::size_t>(4, normal.size() / 2);
    std::string last = normal.substr(normal.size() - shown);
    const bool is_plain =
        std::ranges::all_of(last, [](char letter) { return letter > 0x20 && letter < 0x7F; });
    return Card{.hmac = hmac_sha256(secret_, as_bytes(normal)), .last_four = is_plain ? last : ""};
}

std::string CardKey::veil(std::string_view text) const {
    return "hmac:" + to_hex(ByteView{hmac_sha256(secret_, as_bytes(text))}.first(16));
}

fs::path card_key_file(const fs::path& data) {
    return data / "spool" / "card.key";
}

Result<CardKey> load_or_make_card_key(const fs::path& path) {
    std::error_code code;
    if (!fs::exists(path, code)) {
        fs::create_directories(path.parent_path(), code);  // whoever can't gets the error below
        if (auto made = make_key_file(path); !made) return std::unexpected(made.error());
    }
    const auto text = read_text_file(path, kKeyFileBytes);
    if (!text) return std::unexpected(text.error());
    return parse_key(path, *text);
}

}  // namespace sluice::access
