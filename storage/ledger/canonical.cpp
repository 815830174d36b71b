#include "storage/ledger/canonical.hpp"

#include <algorithm>
#include <cstdint>
#include <set>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace sluice::ledger {
namespace {

using nlohmann::json;

constexpr std::size_t kMostBytes = 16U << 20U;
constexpr std::size_t kMostLevels = 64;
constexpr std::int64_t kLargestWhole = (std::int64_t{1} << 53) - 1;

/// Builds the value and remembers the first thing that the canonical form has no place for. A SAX reader,
/// because a finished value no longer shows that a member stood twice.
class Reader : public nlohmann::json_sax<json> {
public:
    explicit Reader(json& root) : builder_(root, false) {}
    [[nodiscard]] const std::string& fault() const { return fault_; }

    bool null() override { return builder_.null(); }
    bool boolean(bool value) override { return builder_.boolean(value); }
    bool number_integer(number_integer_t value) override {
        return value >= -kLargestWhole ? builder_.number_integer(value) : refuse(kRange);
    }
    bool number_unsigned(number_unsigned_t value) override {
        return value <= static_cast<std::uint64_t>(kLargestWhole) ? builder_.number_unsigned(value)
                                                                  : refuse(kRange);
    }
    bool number_float(number_float_t /*value*/, const string_t& text) override {
        return refuse("the number " + text.substr(0, 40) + " is not whole: write it as text");
    }
    bool string(string_t& value) override { return builder_.string(value); }
    bool binary(binary_t& /*value*/) override { return refuse("binary is no JSON"); }
    bool start_object(std::size_t count) override {
        names_.emplace_back();
        return is_too_deep() ? refuse("more than 64 levels") : builder_.start_object(count);
    }
    bool key(string_t& name) override {
        if (!names_.back().insert(name).second) return refuse("the member '" + name + "' stands twice");
        return builder_.key(name);
    }
    bool end_object() override {
        names_.pop_back();
        return builder_.end_object();
    }
    bool start_array(std::size_t count) override {
        names_.emplace_back();
        return is_too_deep() ? refuse("more than 64 levels") : builder_.start_array(count);
    }
    bool end_array() override {
        names_.pop_back();
        return builder_.end_array();
    }
    bool parse_error(std::size_t position, const std::string&, const json::exception&) override {
        return refuse(fmt::format("no JSON at byte {}", position));
    }

private:
    static constexpr const char* kRange = "a number is beyond 2^53 - 1: write it as text";
    [[nodiscard]] bool is_too_deep() const { return names_.size() > kMostLevels; }
    bool refuse(std::string why) {
        if (fault_.empty()) fault_ = std::move(why);
        return false;
    }

    nlohmann::detail::json_sax_dom_parser<json> builder_;
    std::vector<std::set<std::string>> names_;  ///< of the objects (and, unused, lists) around this place
    std::string fault_;
};

/// UTF-8 sorts by code point; UTF-16 puts those above U+FFFF, whose first unit is D800–DBFF, before
/// U+E000–U+FFFF.
bool is_before_in_utf16(const std::string& left, const std::string& right) {
    const auto [a, b] = std::ranges::mismatch(left, right);
    if (a == left.end() || b == right.end()) return a == left.end() && b != right.end();
    const auto rank = [](char letter) {
        const auto byte = static_cast<unsigned char>(letter);
        const bool is_supplementary = byte >= 0xF0;
        const bool is_last_of_plane = byte == 0xEE || byte == 0xEF;
        return (is_supplementary ? 0x1EEU : is_last_of_plane ? 0x2EEU : 0U) + byte;
    };
    return rank(*a) < rank(*b);
}

void write_string(const std::string& text, std::string& out) {
    out += '"';
    for (const char letter : text) {
        switch (letter) {
            case '"':
                out += "\\\"";
                break;
            case '\\':
                out += "\\\\";
                break;
            case '\b':
                out += "\\b";
                break;
            case '\t':
                out += "\\t";
                break;
            case '\n':
                out += "\\n";
                break;
            case '\f':
                out += "\\f";
                break;
            case '\r':
                out += "\\r";
                break;
            default:
                if (static_cast<unsigned char>(letter) < 0x20)
                    out += fmt::format("\\u{:04x}", static_cast<unsigned>(letter));
                else
                    out += letter;
        }
    }
    out += '"';
}

void write(const json& value, std::string& out);

void write_object(const json& object, std::string& out) {
    std::vector<const std::string*> names;
    names.reserve(object.size());
    for (const auto& [name, member] : object.get_ref<const json::object_t&>())
        names.push_back(&name);
    std::ranges::sort(names, [](const auto* left, const auto* right) {
        return is_before_in_utf16(*left, *right);
    });
    out += '{';
    for (const std::string* name : names) {
        if (out.back() != '{') out += ',';
        write_string(*name, out);
        out += ':';
        write(object.at(*name), out);
    }
    out += '}';
}

// NOLINTNEXTLINE(misc-no-recursion): the reader has bounded the depth
void write(const json& value, std::string& out) {
    if (value.is_object()) return write_object(value, out);
    if (value.is_string()) return write_string(value.get_ref<const std::string&>(), out);
    if (!value.is_array()) {
        out += value.dump();  // null, true, false, a whole number
        return;
    }
    out += '[';
    for (const json& element : value) {
        if (out.back() != '[') out += ',';
        write(element, out);
    }
    out += ']';
}

}  // namespace

Result<std::string> canonical_json(std::string_view text) {
    if (text.size() > kMostBytes) return failure(Remedy::refuse, "record: more than 16 MiB");
    json value;
    Reader reader{value};
    if (!json::sax_parse(text, &reader)) return failure(Remedy::refuse, "record: " + reader.fault());
    std::string out;
    out.reserve(text.size());
    write(value, out);
    return out;
}

}  // namespace sluice::ledger
