#pragma once

#include "storage/calendar/date.hpp"
#include "storage/calendar/office_csv.hpp"

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Lists of persons as the house keeps them. Pure.
namespace sluice::access {

struct RosterPerson {
    std::string number;  ///< of the person, in the house's own list
    std::string name;
    std::string unit;
    std::string category;  ///< slug
    calendar::Date valid_from;
    std::optional<calendar::Date> valid_to;  ///< the last day
    friend bool operator==(const RosterPerson&, const RosterPerson&) = default;
};

constexpr std::size_t kMostRosterBytes = 64U << 10U;  ///< as a request's body: about a thousand persons

/// Header with the columns 編號, 姓名, 類別, 起始日期 and, if wanted, 單位 and 結束日期 (or number, name,
/// category, valid_from, unit, valid_to) in any order; a row a person; dates of either era. UTF-8 or Big5.
/// By number. All faults at once, none of them with a name: a column missing or unknown, a number twice, a
/// date that is none or behind its end, a category that is not among `categories`.
[[nodiscard]] std::expected<std::vector<RosterPerson>, calendar::RowFaults>
parse_roster(std::string_view bytes, const std::vector<std::string>& categories);

/// Numbers of persons who are new, are gone, or are not as before. By number.
struct RosterDifferences {
    std::vector<std::string> added;
    std::vector<std::string> removed;
    std::vector<std::string> changed;
    friend bool operator==(const RosterDifferences&, const RosterDifferences&) = default;
};
/// Pre: both by number.
[[nodiscard]] RosterDifferences
compare_rosters(const std::vector<RosterPerson>& before, const std::vector<RosterPerson>& after);

}  // namespace sluice::access
