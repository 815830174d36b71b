#include "storage/account/name.hpp"

#include "config/base/utf8.hpp"

#include <algorithm>
#include <memory>
#include <vector>

#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/uspoof.h>
#include <unicode/ustring.h>

namespace sluice::account {
namespace {

using Units = std::vector<UChar>;

constexpr std::size_t kLongestName = 64;
constexpr std::size_t kMostBytes = 1024;

struct CloseChecker {
    void operator()(USpoofChecker* checker) const { uspoof_close(checker); }
};
using Checker = std::unique_ptr<USpoofChecker, CloseChecker>;

/// UTF-16, as ICU wants it. Pre: UTF-8.
Units to_units(std::string_view text) {
    Units units(text.size() + 1);
    std::int32_t length = 0;
    UErrorCode status = U_ZERO_ERROR;
    u_strFromUTF8(
        units.data(),
        static_cast<std::int32_t>(units.size()),
        &length,
        text.data(),
        static_cast<std::int32_t>(text.size()),
        &status
    );
    units.resize(static_cast<std::size_t>(length));
    return units;
}

std::string to_utf8(const Units& units) {
    std::string text(units.size() * 3, '\0');
    std::int32_t length = 0;
    UErrorCode status = U_ZERO_ERROR;
    u_strToUTF8(
        text.data(),
        static_cast<std::int32_t>(text.size()),
        &length,
        units.data(),
        static_cast<std::int32_t>(units.size()),
        &status
    );
    text.resize(static_cast<std::size_t>(length));
    return text;
}

/// An ICU function that writes into a buffer; the result of a letter is never longer than 18 of them.
template <class Convert>
Units converted(const Units& from, Convert&& convert) {
    Units into((from.size() * 18) + 16);
    UErrorCode status = U_ZERO_ERROR;
    const std::int32_t length = convert(
        from.data(),
        static_cast<std::int32_t>(from.size()),
        into.data(),
        static_cast<std::int32_t>(into.size()),
        &status
    );
    // Without memory for ICU's tables nothing is alike: then what came stays what it is.
    if (U_FAILURE(status) != 0) return from;
    into.resize(static_cast<std::size_t>(length));
    return into;
}

Units normalised(const Units& from, const UNormalizer2* normaliser) {
    return converted(
        from,
        [&](const UChar* text, std::int32_t size, UChar* into, std::int32_t room, UErrorCode* status) {
            return unorm2_normalize(normaliser, text, size, into, room, status);
        }
    );
}

Units nfc(const Units& from) {
    UErrorCode status = U_ZERO_ERROR;
    return normalised(from, unorm2_getNFCInstance(&status));
}

Units folded(const Units& from) {
    UErrorCode status = U_ZERO_ERROR;
    return normalised(from, unorm2_getNFKCCasefoldInstance(&status));
}

Checker make_checker() {
    UErrorCode status = U_ZERO_ERROR;
    Checker checker{uspoof_open(&status)};
    if (U_FAILURE(status) != 0) return nullptr;
    uspoof_setRestrictionLevel(checker.get(), USPOOF_HIGHLY_RESTRICTIVE);
    uspoof_setChecks(
        checker.get(), USPOOF_RESTRICTION_LEVEL | USPOOF_INVISIBLE | USPOOF_MIXED_NUMBERS, &status
    );
    return U_FAILURE(status) != 0 ? nullptr : std::move(checker);
}

bool is_visible(UChar32 letter) {
    switch (u_charType(letter)) {
        case U_CONTROL_CHAR:
        case U_FORMAT_CHAR:
        case U_SURROGATE:
        case U_PRIVATE_USE_CHAR:
        case U_UNASSIGNED:
        case U_LINE_SEPARATOR:
        case U_PARAGRAPH_SEPARATOR:
            return false;
        case U_SPACE_SEPARATOR:
            return letter == ' ';
        default:
            return u_hasBinaryProperty(letter, UCHAR_DEFAULT_IGNORABLE_CODE_POINT) == 0;
    }
}

bool are_visible(const Units& units) {
    for (std::size_t i = 0; i < units.size();) {
        UChar32 letter = 0;
        U16_NEXT(units.data(), i, units.size(), letter);
        if (!is_visible(letter)) return false;
    }
    return true;
}

std::size_t count(const Units& units) {
    return static_cast<std::size_t>(u_countChar32(units.data(), static_cast<std::int32_t>(units.size())));
}

Units skeleton(const Units& from, const USpoofChecker* checker) {
    return converted(
        from,
        [&](const UChar* text, std::int32_t size, UChar* into, std::int32_t room, UErrorCode* status) {
            return uspoof_getSkeleton(checker, 0, text, size, into, room, status);
        }
    );
}

/// Folding takes I to i and the skeleton takes I to l: here all of them are one, and so are 1, | and l.
std::string to_key(const Units& name, const USpoofChecker* checker) {
    Units key = folded(skeleton(folded(name), checker));
    std::ranges::replace(key, UChar{'i'}, UChar{'l'});
    return to_utf8(key);
}

Units trimmed(Units units) {
    const auto is_blank = [](UChar unit) { return unit == ' '; };
    units.erase(units.begin(), std::ranges::find_if_not(units, is_blank));
    while (!units.empty() && is_blank(units.back()))
        units.pop_back();
    return units;
}

}  // namespace

Result<Name> to_name(std::string_view text) {
    if (text.size() > kMostBytes) return failure(Remedy::refuse, "a name has at most 64 letters");
    if (!is_utf8(text)) return failure(Remedy::refuse, "a name is UTF-8");
    const Units name = trimmed(nfc(to_units(text)));
    if (name.empty()) return failure(Remedy::refuse, "a name has at least one letter");
    if (count(name) > kLongestName) return failure(Remedy::refuse, "a name has at most 64 letters");
    if (!are_visible(name))
        return failure(
            Remedy::refuse,
            "the name holds letters that nobody sees (control, zero width, direction); type it anew"
        );
    const Checker checker = make_checker();
    if (!checker) return failure(Remedy::retry, "ICU has no tables to compare names with");
    UErrorCode status = U_ZERO_ERROR;
    const std::int32_t found =
        uspoof_check2(checker.get(), name.data(), static_cast<std::int32_t>(name.size()), nullptr, &status);
    if (U_FAILURE(status) != 0 || found != 0)
        return failure(
            Remedy::refuse, "the name mixes scripts or digits that look alike; write it in one script"
        );
    return Name{.shown = to_utf8(name), .key = to_key(name, checker.get())};
}

std::string to_nfc(std::string_view text) {
    return to_utf8(nfc(to_units(text)));
}

std::size_t count_letters(std::string_view text) {
    return count(to_units(text));
}

}  // namespace sluice::account
