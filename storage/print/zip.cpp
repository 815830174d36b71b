#include "storage/print/zip.hpp"

#include <algorithm>
#include <memory>
#include <set>
#include <string_view>

#include <archive.h>
#include <archive_entry.h>

namespace sluice::print {
namespace {

struct Release {
    void operator()(archive* written) const noexcept { ::archive_write_free(written); }
    void operator()(archive_entry* entry) const noexcept { ::archive_entry_free(entry); }
};

la_ssize_t append(archive*, void* into, const void* data, std::size_t length) {
    static_cast<std::string*>(into)->append(static_cast<const char*>(data), length);
    return static_cast<la_ssize_t>(length);
}

bool is_inside(std::string_view name) {
    if (name.empty() || name.front() == '/' || name.back() == '/' ||
        name.find('\\') != std::string_view::npos)
        return false;
    while (!name.empty()) {
        const std::string_view part = name.substr(0, name.find('/'));
        if (part.empty() || part == "." || part == "..") return false;
        name.remove_prefix(std::min(name.size(), part.size() + 1));
    }
    return true;
}

std::unexpected<Error> trouble(archive* written) {
    const char* text = ::archive_error_string(written);
    return failure(
        Remedy::operator_acts, std::string{"the archive can't be made: "} + (text == nullptr ? "" : text)
    );
}

Status write_member(archive* written, const ZipMember& member) {
    const std::unique_ptr<archive_entry, Release> entry{::archive_entry_new()};
    ::archive_entry_set_pathname_utf8(entry.get(), member.name.c_str());
    ::archive_entry_set_size(entry.get(), static_cast<la_int64_t>(member.content.size()));
    ::archive_entry_set_filetype(entry.get(), AE_IFREG);
    ::archive_entry_set_perm(entry.get(), 0600);
    ::archive_entry_set_mtime(entry.get(), to_epoch_us(member.modified) / 1'000'000, 0);
    if (::archive_write_header(written, entry.get()) != ARCHIVE_OK) return trouble(written);
    const auto length = ::archive_write_data(written, member.content.data(), member.content.size());
    if (length != static_cast<la_ssize_t>(member.content.size())) return trouble(written);
    return {};
}

}  // namespace

Result<std::string> make_zip(std::span<const ZipMember> members) {
    std::set<std::string_view> names;
    for (const ZipMember& member : members) {
        if (!is_inside(member.name)) return failure(Remedy::refuse, "archive: a name leaves the folder");
        if (!names.insert(member.name).second) return failure(Remedy::refuse, "archive: a name stands twice");
    }
    std::string out;
    const std::unique_ptr<archive, Release> written{::archive_write_new()};
    // hdrcharset: names are UTF-8 whatever the locale of the process is.
    if (::archive_write_set_format_zip(written.get()) != ARCHIVE_OK ||
        ::archive_write_set_options(written.get(), "zip:hdrcharset=UTF-8") != ARCHIVE_OK ||
        ::archive_write_open(written.get(), &out, nullptr, append, nullptr) != ARCHIVE_OK)
        return trouble(written.get());
    for (const ZipMember& member : members)
        if (auto done = write_member(written.get(), member); !done) return std::unexpected(done.error());
    if (::archive_write_close(written.get()) != ARCHIVE_OK) return trouble(written.get());
    return out;
}

std::string member_name(const std::string& text) {
    std::string name = text;
    std::ranges::replace_if(
        name,
        [](char letter) {
            return static_cast<unsigned char>(letter) < 0x20 ||
                   std::string_view{"/\\:*?\"<>|\x7f"}.contains(letter);
        },
        '_'
    );
    for (std::size_t i = 0; i < name.size() && name[i] == '.'; ++i)
        name[i] = '_';
    return name.empty() ? "_" : name;
}

}  // namespace sluice::print
