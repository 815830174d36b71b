#include "storage/access/detail/scrub.hpp"

#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

namespace sluice::access::detail {
namespace {

using nlohmann::json;

constexpr std::string_view kMask = "****";
constexpr std::size_t kShortestNumber = 5;  // a shorter one stands in every date

constexpr auto kCardNames = std::to_array<std::string_view>({
    "card",
    "cardno",
    "cardnum",
    "cardnumber",
    "cardid",
    "carduid",
    "credential",
    "credentialid",
    "credentialtoken",
    "badge",
    "badgenumber",
    "uid",
    "卡號",
    "卡片號碼",
});
constexpr auto kSecretNames = std::to_array<std::string_view>({"pin", "pincode", "password", "密碼"});

/// "Card_No" and "card-no" are one name.
std::string plain_name(std::string_view name) {
    std::string plain;
    for (const char letter : name) {
        if (letter == '_' || letter == '-' || letter == ' ') continue;
        plain += letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
    }
    return plain;
}

bool is_among(std::string_view name, const auto& names) {
    return std::ranges::find(names, name) != names.end();
}

std::string text_of(const json& value) {
    if (value.is_string()) return value.get<std::string>();
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

class Scrubber {
public:
    explicit Scrubber(const std::string& number) : number_(number) {}

    void visit(json& value) {
        if (value.is_object())
            visit_object(value);
        else if (value.is_array())
            for (json& element : value)
                visit(element);
        else
            mask_number(value);
    }
    [[nodiscard]] std::string take() { return std::move(found_); }

private:
    void visit_object(json& object) {
        for (auto& [name, value] : object.items()) {
            const std::string plain = plain_name(name);
            if (is_among(plain, kSecretNames)) {
                value = kMask;
            } else if (is_among(plain, kCardNames) && !value.is_null()) {
                if (found_.empty() && value.is_primitive()) found_ = text_of(value);
                value = kMask;
            } else {
                visit(value);
            }
        }
    }
    void mask_number(json& value) {
        if (number_.size() < kShortestNumber) return;
        if (value.is_string())
            value = without_number(value.get<std::string>(), number_);
        else if (value.is_number() && value.dump().find(number_) != std::string::npos)
            value = kMask;
    }

    const std::string& number_;
    std::string found_;
};

}  // namespace

std::string without_number(std::string text, std::string_view number) {
    if (number.size() < kShortestNumber) return text;
    for (auto at = text.find(number); at != std::string::npos; at = text.find(number, at + kMask.size()))
        text.replace(at, number.size(), kMask);
    return text;
}

std::string scrub(json& value, const std::string& number) {
    Scrubber scrubber{number};
    scrubber.visit(value);
    return scrubber.take();
}

}  // namespace sluice::access::detail
