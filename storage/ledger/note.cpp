#include "storage/ledger/note.hpp"

#include "config/base/base64.hpp"
#include "config/base/utf8.hpp"
#include "storage/ledger/detail/text.hpp"

#include <algorithm>

namespace sluice::ledger {
namespace {

constexpr std::size_t kMostBytes = 64U << 10U;
constexpr std::size_t kMostSignatures = 32;
constexpr std::size_t kMostNameBytes = 255;
constexpr std::string_view kDash = "\xE2\x80\x94 ";  // em dash, space

std::unexpected<Error> refuse(const std::string& why) {
    return failure(Remedy::refuse, "signed note: " + why);
}

/// Code points of the Unicode property White_Space beyond ASCII, in UTF-8.
constexpr std::string_view kSpaces[] = {
    "\xC2\x85",     "\xC2\xA0",     "\xE1\x9A\x80", "\xE2\x80\x80", "\xE2\x80\x81",
    "\xE2\x80\x82", "\xE2\x80\x83", "\xE2\x80\x84", "\xE2\x80\x85", "\xE2\x80\x86",
    "\xE2\x80\x87", "\xE2\x80\x88", "\xE2\x80\x89", "\xE2\x80\x8A", "\xE2\x80\xA8",
    "\xE2\x80\xA9", "\xE2\x80\xAF", "\xE2\x81\x9F", "\xE3\x80\x80",
};

Result<NoteSignature> parse_line(std::string_view line) {
    if (!line.starts_with(kDash)) return refuse("a signature line begins with a dash and a space");
    line.remove_prefix(kDash.size());
    const std::string_view name = detail::take_until(line, ' ');
    if (!is_key_name(name)) return refuse("a signature has no valid name");
    const auto bytes = detail::from_strict_base64(line);
    if (!bytes || bytes->size() < 5) return refuse("a signature is no base64 of key id and signature");
    NoteSignature signature{
        .name = std::string{name}, .key_id = 0, .signature = {bytes->begin() + 4, bytes->end()}
    };
    for (std::size_t i = 0; i < 4; ++i)
        signature.key_id = signature.key_id << 8U | (*bytes)[i];
    return signature;
}

}  // namespace

bool is_key_name(std::string_view name) {
    if (name.empty() || name.size() > kMostNameBytes || !is_utf8(name)) return false;
    const bool is_plain = std::ranges::all_of(name, [](char letter) {
        return static_cast<unsigned char>(letter) > 0x20 && letter != 0x7F && letter != '+';
    });
    return is_plain &&
           std::ranges::none_of(kSpaces, [&](std::string_view space) { return name.contains(space); });
}

Result<Note> parse_note(std::string_view text) {
    if (text.size() > kMostBytes) return refuse("it is over 64 KiB");
    if (!is_utf8(text)) return refuse("it is not UTF-8");
    if (std::ranges::any_of(text, [](char letter) {
            return static_cast<unsigned char>(letter) < 0x20 && letter != '\n';
        }))
        return refuse("it holds a control character");
    const std::size_t split = text.rfind("\n\n");
    if (split == std::string_view::npos) return refuse("it has no blank line before its signatures");
    Note note{.text = std::string{text.substr(0, split + 1)}, .signatures = {}};
    std::string_view rest = text.substr(split + 2);
    if (!rest.ends_with('\n')) return refuse("its last line has no end");
    while (!rest.empty()) {
        if (note.signatures.size() == kMostSignatures) return refuse("it has more than 32 signatures");
        auto signature = parse_line(detail::take_until(rest, '\n'));
        if (!signature) return std::unexpected(signature.error());
        note.signatures.push_back(std::move(*signature));
    }
    return note;
}

std::string to_line(const NoteSignature& signature) {
    Bytes bytes;
    for (unsigned shift = 32; shift > 0; shift -= 8)
        bytes.push_back(static_cast<std::uint8_t>(signature.key_id >> (shift - 8)));
    bytes.insert(bytes.end(), signature.signature.begin(), signature.signature.end());
    return std::string{kDash} + signature.name + ' ' + to_base64(bytes) + '\n';
}

std::string to_string(const Note& note) {
    std::string text = note.text + '\n';
    for (const NoteSignature& signature : note.signatures)
        text += to_line(signature);
    return text;
}

}  // namespace sluice::ledger
