#include "storage/access/roster.hpp"

#include "storage/calendar/csv.hpp"

#include <algorithm>
#include <array>
#include <set>

namespace sluice::access {
namespace {

using calendar::RowFaults;

constexpr std::size_t kLongestField = 200;

struct Column {
    std::string_view name;
    std::string_view chinese;
    bool is_needed;
};
enum Place : std::size_t { number, name, category, valid_from, unit, valid_to };
constexpr std::array<Column, 6> kColumns{{
    {"number", "編號", true},
    {"name", "姓名", true},
    {"category", "類別", true},
    {"valid_from", "起始日期", true},
    {"unit", "單位", false},
    {"valid_to", "結束日期", false},
}};

class Faults {
public:
    void add(std::size_t line, std::string text) {
        if (rows_.size() < calendar::kMostRowFaults) rows_.push_back({line, std::move(text)});
        ++count_;
    }
    [[nodiscard]] bool are_none() const { return count_ == 0; }
    [[nodiscard]] RowFaults take() {
        if (count_ > rows_.size())
            rows_.push_back({0, "and " + std::to_string(count_ - rows_.size()) + " faults more"});
        return std::move(rows_);
    }

private:
    RowFaults rows_;
    std::size_t count_ = 0;
};

/// Where each column stands in a row.
using Places = std::array<std::optional<std::size_t>, kColumns.size()>;

Places read_header(const std::vector<std::string>& fields, Faults& faults) {
    Places places;
    for (std::size_t i = 0; i < fields.size(); ++i) {
        const auto found = std::ranges::find_if(kColumns, [&](const Column& column) {
            return column.name == fields[i] || column.chinese == fields[i];
        });
        if (found == kColumns.end()) {
            faults.add(1, "column \"" + fields[i].substr(0, kLongestField) + "\" is unknown; take it out");
            continue;
        }
        auto& place = places.at(static_cast<std::size_t>(found - kColumns.begin()));
        if (place) faults.add(1, "column " + std::string{found->name} + " stands twice; keep one");
        place = i;
    }
    for (std::size_t i = 0; i < kColumns.size(); ++i)
        if (kColumns.at(i).is_needed && !places.at(i))
            faults.add(
                1,
                "column " + std::string{kColumns.at(i).chinese} + " (" + std::string{kColumns.at(i).name} +
                    ") is missing"
            );
    return places;
}

class RowReader {
public:
    RowReader(const Places& places, const std::vector<std::string>& categories, Faults& faults)
        : places_(places),
          categories_(categories),
          faults_(faults) {}

    std::optional<RosterPerson> read(const std::vector<std::string>& fields, std::size_t line) {
        line_ = line;
        is_good_ = true;
        RosterPerson person{
            .number = text(fields, Place::number),
            .name = text(fields, Place::name),
            .unit = text(fields, Place::unit),
            .category = text(fields, Place::category),
            .valid_from = {},
            .valid_to = date(fields, Place::valid_to),
        };
        if (const auto from = date(fields, Place::valid_from)) person.valid_from = *from;
        if (std::ranges::find(categories_, person.category) == categories_.end())
            fault("類別: there is no category of this slug; make it first, or correct the row");
        if (!numbers_.insert(person.number).second) fault("編號: stands in an earlier row, too; keep one");
        if (person.valid_to && *person.valid_to < person.valid_from)
            fault("結束日期: lies before 起始日期; correct one of them");
        return is_good_ ? std::optional{std::move(person)} : std::nullopt;
    }

private:
    void fault(std::string text) {
        is_good_ = false;
        faults_.add(line_, std::move(text));
    }
    std::string text(const std::vector<std::string>& fields, Place column) {
        const auto place = places_.at(column);
        const std::string found = place && *place < fields.size() ? fields[*place] : std::string{};
        const std::string shown{kColumns.at(column).chinese};
        if (found.empty() && kColumns.at(column).is_needed) fault(shown + ": is empty");
        if (found.size() > kLongestField) fault(shown + ": is longer than 200 bytes");
        return found;
    }
    std::optional<calendar::Date> date(const std::vector<std::string>& fields, Place column) {
        const std::string found = text(fields, column);
        if (found.empty()) return std::nullopt;
        const auto read = calendar::date_from(found);
        if (read) return *read;
        fault(std::string{kColumns.at(column).chinese} + ": " + read.error().message());
        return std::nullopt;
    }

    const Places& places_;
    const std::vector<std::string>& categories_;
    Faults& faults_;
    std::set<std::string> numbers_;
    std::size_t line_ = 0;
    bool is_good_ = true;
};

}  // namespace

std::expected<std::vector<RosterPerson>, RowFaults>
parse_roster(std::string_view bytes, const std::vector<std::string>& categories) {
    if (bytes.size() > kMostRosterBytes)
        return std::unexpected(RowFaults{{0, "is longer than 64 KiB: split it into several rosters"}});
    const auto whole = calendar::csv_text(bytes);
    if (!whole) return std::unexpected(RowFaults{{0, "is neither UTF-8 nor Big5: save it as CSV UTF-8"}});
    Faults faults;
    std::optional<Places> places;
    std::optional<RowReader> reader;
    std::vector<RosterPerson> persons;
    std::string_view rest = *whole;
    for (std::size_t line = 1; !rest.empty(); ++line) {
        std::string_view row = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(rest.size(), row.size() + 1));
        if (row.ends_with('\r')) row.remove_suffix(1);
        if (row.find_first_not_of(" \t,") == std::string_view::npos) continue;
        const auto fields = calendar::split_csv_line(row);
        if (!fields) {
            faults.add(line, "a quotation mark is not closed, or something stands behind it");
            continue;
        }
        if (!places) {
            places = read_header(*fields, faults);
            if (!faults.are_none()) return std::unexpected(faults.take());
            reader.emplace(*places, categories, faults);
            continue;
        }
        if (auto person = reader->read(*fields, line)) persons.push_back(std::move(*person));
    }
    if (!places) faults.add(0, "is empty: the first row names the columns");
    if (!faults.are_none()) return std::unexpected(faults.take());
    std::ranges::sort(persons, {}, &RosterPerson::number);
    return persons;
}

RosterDifferences
compare_rosters(const std::vector<RosterPerson>& before, const std::vector<RosterPerson>& after) {
    RosterDifferences found;
    auto old = before.begin();
    for (const RosterPerson& person : after) {
        while (old != before.end() && old->number < person.number)
            found.removed.push_back((old++)->number);
        if (old == before.end() || person.number < old->number) {
            found.added.push_back(person.number);
            continue;
        }
        if (*old != person) found.changed.push_back(person.number);
        ++old;
    }
    while (old != before.end())
        found.removed.push_back((old++)->number);
    return found;
}

}  // namespace sluice::access
