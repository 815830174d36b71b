#include "storage/account/rules.hpp"

#include "storage/account/roles.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <optional>

namespace sluice::account {
namespace {

std::optional<int> number_of(std::string_view digits) {
    int number = 0;
    const char* const end = digits.data() + digits.size();
    const auto [stop, code] = std::from_chars(digits.data(), end, number);
    if (code != std::errc{} || stop != end ||
        !std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; }))
        return std::nullopt;
    return number;
}

bool is_role(bool is_person, std::string_view role) {
    return is_person ? std::ranges::find(kPersonRoles, role) != kPersonRoles.end()
                     : std::ranges::find(kMachineRoles, role) != kMachineRoles.end();
}

}  // namespace

Status check_roles(bool is_person, const std::vector<std::string>& roles) {
    if (roles.empty()) return failure(Remedy::refuse, "an account has at least one role");
    for (const std::string& role : roles) {
        if (!is_role(is_person, role))
            return failure(
                Remedy::refuse,
                role.substr(0, 32) + " is no role of " +
                    (is_person ? "a person" : "a machine with an account")
            );
        if (std::ranges::count(roles, role) > 1) return failure(Remedy::refuse, role + " is named twice");
    }
    return {};
}

bool is_date(std::string_view text) noexcept {
    if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
    const auto year = number_of(text.substr(0, 4));
    const auto month = number_of(text.substr(5, 2));
    const auto day = number_of(text.substr(8, 2));
    if (!year || !month || !day || *year < 1970) return false;
    return std::chrono::year_month_day{
        std::chrono::year{*year},
        std::chrono::month{static_cast<unsigned>(*month)},
        std::chrono::day{static_cast<unsigned>(*day)}
    }.ok();
}

}  // namespace sluice::account
