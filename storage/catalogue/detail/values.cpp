#include "storage/catalogue/detail/values.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include <fmt/format.h>

namespace sluice::catalogue::detail {

namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// Length of the well-formed UTF-8 sequence at the start of `text` (Unicode 15, table 3-7); 0 when there is
// none.
std::size_t sequence_length(std::string_view text) {
    const auto byte = [&](std::size_t i) {
        return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
    };
    const auto in = [](unsigned value, unsigned low, unsigned high) { return low <= value && value <= high; };
    const unsigned first = byte(0);
    if (in(first, 0x01, 0x7F)) return 1;
    if (in(first, 0xC2, 0xDF)) return in(byte(1), 0x80, 0xBF) ? 2 : 0;
    const bool has_tail = in(byte(2), 0x80, 0xBF);
    if (in(first, 0xE0, 0xEF)) {
        const unsigned low = first == 0xE0 ? 0xA0 : 0x80;   // no overlong form
        const unsigned high = first == 0xED ? 0x9F : 0xBF;  // no surrogate
        return in(byte(1), low, high) && has_tail ? 3 : 0;
    }
    if (in(first, 0xF0, 0xF4)) {
        const unsigned low = first == 0xF0 ? 0x90 : 0x80;
        const unsigned high = first == 0xF4 ? 0x8F : 0xBF;  // nothing above U+10FFFF
        return in(byte(1), low, high) && has_tail && in(byte(3), 0x80, 0xBF) ? 4 : 0;
    }
    return 0;
}

std::string_view view(const pqxx::field& field) {
    return {field.c_str(), field.size()};
}

[[noreturn]] void refuse(const pqxx::field& field) {
    throw pqxx::conversion_error{std::string{"unexpected value in column "} + field.name()};
}

}  // namespace

std::string clean_text(std::string_view text) {
    std::string clean;
    clean.reserve(text.size());
    while (!text.empty()) {
        const std::size_t length = sequence_length(text);
        clean += length == 0 ? kReplacement : text.substr(0, length);
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return clean;
}

std::string to_bytea(ByteView bytes) {
    return "\\x" + to_hex(bytes);
}

void ArrayLiteral::add_plain(std::string_view element) {
    if (text_.size() > 1) text_ += ',';
    text_ += element;
}

void ArrayLiteral::add(double number) {
    add_plain(fmt::format("{}", number));
}

void ArrayLiteral::add(std::string_view text) {
    std::string quoted = "\"";
    for (const char letter : clean_text(text)) {
        if (letter == '"' || letter == '\\') quoted += '\\';
        quoted += letter;
    }
    add_plain(quoted + '"');
}

Uuid to_uuid(const pqxx::field& field) {
    const auto id = uuid_from_string(view(field));
    if (!id) refuse(field);
    return *id;
}

UtcTime to_time(const pqxx::field& field) {
    return from_epoch_us(field.as<std::int64_t>());
}

std::optional<UtcTime> to_optional_time(const pqxx::field& field) {
    if (field.is_null()) return std::nullopt;
    return to_time(field);
}

std::optional<std::int64_t> to_optional_us(const std::optional<UtcTime>& time) noexcept {
    return time ? std::optional{to_epoch_us(*time)} : std::nullopt;
}

Bytes to_bytes(const pqxx::field& field) {
    std::string_view text = view(field);
    if (!text.starts_with("\\x")) refuse(field);
    text.remove_prefix(2);
    auto bytes = from_hex(text);
    if (!bytes) refuse(field);
    return std::move(*bytes);
}

std::optional<Sha256Digest> to_digest(const pqxx::field& field) {
    if (field.is_null()) return std::nullopt;
    const Bytes bytes = to_bytes(field);
    Sha256Digest digest{};
    if (bytes.size() != digest.size()) refuse(field);
    std::ranges::copy(bytes, digest.begin());
    return digest;
}

GapCause to_cause(const pqxx::field& field) {
    const auto cause = gap_cause_from(view(field));
    if (!cause) refuse(field);
    return *cause;
}

std::vector<std::string> to_texts(const pqxx::field& field) {
    std::vector<std::string> texts;
    pqxx::array_parser parser = field.as_array();
    for (auto [juncture, text] = parser.get_next(); juncture != pqxx::array_parser::juncture::done;
         std::tie(juncture, text) = parser.get_next())
        if (juncture == pqxx::array_parser::juncture::string_value) texts.push_back(text);
    return texts;
}

}  // namespace sluice::catalogue::detail
