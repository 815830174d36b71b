#include "storage/calendar/office_csv.hpp"

#include "storage/calendar/csv.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>

namespace sluice::calendar {
namespace {

constexpr std::array<std::string_view, 4> kHeader{"西元日期", "星期", "是否放假", "備註"};
// In the order of std::chrono::weekday::c_encoding.
constexpr std::array<std::string_view, 7> kWeekdays{"日", "一", "二", "三", "四", "五", "六"};
constexpr std::size_t kMostNoteBytes = 600;

class Faults {
public:
    void add(std::size_t line, std::string text) {
        if (rows_.size() < kMostRowFaults) rows_.push_back({line, std::move(text)});
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

std::expected<std::string, RowFaults> to_utf8(std::string_view bytes) {
    if (bytes.size() > kMostCalendarBytes)
        return std::unexpected(RowFaults{{0, "is longer than 1 MiB: give the file of one year"}});
    if (auto text = csv_text(bytes)) return std::move(*text);
    return std::unexpected(RowFaults{{0, "is neither UTF-8 nor Big5: save it as CSV UTF-8"}});
}

/// Eight digits, as the government writes them.
std::optional<Date> date_of(std::string_view text) {
    if (text.size() != 8) return std::nullopt;
    const std::string iso = std::string{text.substr(0, 4)} + '-' + std::string{text.substr(4, 2)} + '-' +
                            std::string{text.substr(6)};
    const auto date = date_from(iso);
    if (!date) return std::nullopt;
    return *date;
}

std::string_view weekday_of(Date date) {
    return kWeekdays.at(std::chrono::weekday{date}.c_encoding());
}

/// The day of one row; nullopt after a fault.
std::optional<Day> day_of(const std::vector<std::string>& fields, std::size_t line, Faults& faults) {
    if (fields.size() != kHeader.size()) {
        faults.add(line, "has " + std::to_string(fields.size()) + " fields, must have 4");
        return std::nullopt;
    }
    const auto date = date_of(fields[0]);
    if (!date) {
        faults.add(line, "西元日期: \"" + fields[0] + "\" is no date; write it like 20261010");
        return std::nullopt;
    }
    if (fields[1] != weekday_of(*date)) {
        faults.add(
            line,
            "星期: \"" + fields[1] + "\", but " + to_iso(*date) + " is a " + std::string{weekday_of(*date)} +
                "; correct the date or the weekday"
        );
        return std::nullopt;
    }
    if (fields[2] != "0" && fields[2] != "2") {
        faults.add(line, "是否放假: \"" + fields[2] + "\", must be 0 (working day) or 2 (off)");
        return std::nullopt;
    }
    if (fields[3].size() > kMostNoteBytes) {
        faults.add(line, "備註: is longer than 600 bytes; shorten it");
        return std::nullopt;
    }
    return Day{.date = *date, .is_off = fields[2] == "2", .note = fields[3]};
}

class Reader {
public:
    /// Line 1 is the header.
    void take(std::size_t line, std::string_view text) {
        const auto fields = split_csv_line(text);
        if (!fields)
            return faults_.add(line, "has a quotation mark that does not end; close it on the same line");
        if (line == 1) return take_header(*fields);
        if (text.empty()) return;
        const auto day = day_of(*fields, line, faults_);
        if (!day) return;
        if (!days_.empty() && year_of(day->date) != year_of(days_.begin()->first))
            return faults_.add(
                line,
                to_iso(day->date) + " is not of the year " + std::to_string(year_of(days_.begin()->first)) +
                    ", with which the file begins; give one year a file"
            );
        if (const auto [place, is_new] = days_.try_emplace(day->date, Row{line, *day}); !is_new)
            faults_.add(
                line,
                to_iso(day->date) + " stands on line " + std::to_string(place->second.line) +
                    " already; keep one"
            );
    }

    [[nodiscard]] std::expected<YearTable, RowFaults> finish() {
        if (days_.empty() && faults_.are_none())
            faults_.add(0, "has no days: give the calendar of a whole year");
        if (!days_.empty()) find_missing();
        if (!faults_.are_none()) return std::unexpected(faults_.take());
        YearTable table{.year = year_of(days_.begin()->first), .days = {}};
        for (auto& [date, row] : days_)
            table.days.push_back(std::move(row.day));
        return table;
    }

private:
    struct Row {
        std::size_t line = 0;
        Day day;
    };

    void take_header(const std::vector<std::string>& fields) {
        if (!std::ranges::equal(fields, kHeader))
            faults_.add(1, "the header must be 西元日期,星期,是否放假,備註: is this the office calendar?");
    }

    void find_missing() {
        const std::chrono::year year{year_of(days_.begin()->first)};
        const Date last = to_date(year / std::chrono::December / 31);
        for (Date date = to_date(year / std::chrono::January / 1); date <= last; date += days{1})
            if (!days_.contains(date)) faults_.add(0, to_iso(date) + " is missing; add its row");
    }

    std::map<Date, Row> days_;
    Faults faults_;
};

}  // namespace

std::expected<YearTable, RowFaults> parse_office_csv(std::string_view bytes) {
    const auto text = to_utf8(bytes);
    if (!text) return std::unexpected(text.error());
    Reader reader;
    std::string_view rest = *text;
    for (std::size_t line = 1; line == 1 || !rest.empty(); ++line) {
        const std::size_t end = rest.find('\n');
        std::string_view row = rest.substr(0, end);
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
        if (row.ends_with('\r')) row.remove_suffix(1);
        reader.take(line, row);
    }
    return reader.finish();
}

std::string describe(const RowFaults& faults) {
    std::string text;
    for (const RowFault& fault : faults) {
        if (!text.empty()) text += '\n';
        if (fault.line != 0) text += "line " + std::to_string(fault.line) + ": ";
        text += fault.text;
    }
    return text;
}

}  // namespace sluice::calendar
