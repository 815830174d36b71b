#include "storage/evidence/evidence_store.hpp"

#include "config/base/files.hpp"
#include "config/base/utf8.hpp"
#include "storage/evidence/sealing.hpp"

#include <algorithm>
#include <array>

namespace sluice::evidence {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLongestName = 120;

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

fs::path papers_folder(const fs::path& data) {
    return data / "spool" / "uploads";
}

fs::path EvidenceStore::path_of(const Uuid& id) const {
    return spool_ / "uploads" / (to_string(id) + kPaperExtension);
}

Result<Bytes> EvidenceStore::key() const {
    return load_or_make_key(spool_ / "uploads.key");
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
    const auto sealed = read_text_file(path_of(id), kMostBytes + kSealBytes);
    if (!sealed) return std::unexpected(sealed.error());
    return open_sealed(*secret, id, as_bytes(*sealed));
}

void EvidenceStore::drop(const Uuid& id) const noexcept {
    std::error_code ignored;
    fs::remove(path_of(id), ignored);
}

Status EvidenceStore::destroy(const std::vector<Uuid>& ids) const {
    std::error_code code;
    for (const Uuid& id : ids) {
        fs::remove(path_of(id), code);  // one that is gone already is no error
        if (code)
            return failure(
                Remedy::operator_acts, "cannot remove " + path_of(id).string() + ": " + code.message()
            );
    }
    const fs::path folder = spool_ / "uploads";
    if (!fs::exists(folder, code)) return {};
    return sync_folder(folder);
}

}  // namespace sluice::evidence
