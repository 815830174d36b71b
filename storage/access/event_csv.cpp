#include "storage/access/event_csv.hpp"

#include "storage/access/detail/csv_words.hpp"
#include "storage/access/detail/scrub.hpp"
#include "storage/calendar/csv.hpp"
#include "storage/calendar/date.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>

#include <nlohmann/json.hpp>

namespace sluice::access {
namespace {

using detail::Column;
using namespace std::chrono_literals;

constexpr std::size_t kMostColumns = 64;
constexpr std::size_t kLongestRow = 8192;

std::optional<unsigned> digits(std::string_view text) {
    unsigned number = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || text.size() > 9 || code != std::errc{} || end != text.data() + text.size())
        return std::nullopt;
    return number;
}

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool take(std::string_view& text, std::string_view word) {
    if (text.starts_with(word)) {
        text.remove_prefix(word.size());
    } else if (text.ends_with(word)) {
        text.remove_suffix(word.size());
    } else {
        return false;
    }
    text = trimmed(text);
    return true;
}

/// "2019/10/02", "20191002", "108/10/2", "1081002", "民國108年10月2日" as date_from reads it.
std::string plain_date(std::string_view text) {
    take(text, "民國");
    std::string plain{text};
    for (const std::string_view unit : {"年", "月"})
        if (const auto at = plain.find(unit); at != std::string::npos) plain.replace(at, unit.size(), "-");
    if (plain.ends_with("日")) plain.erase(plain.size() - std::string_view{"日"}.size());
    std::ranges::replace(plain, '/', '-');
    std::ranges::replace(plain, '.', '-');
    if (digits(plain) && plain.size() >= 7 && plain.size() <= 8) {
        plain.insert(plain.size() - 2, "-");
        plain.insert(plain.size() - 5, "-");
    }
    return plain;
}

class RowReader {
public:
    RowReader(const CsvSender& sender, const CardKey& key, UtcTime received)
        : sender_(sender),
          key_(key),
          received_(received) {}

    /// The fault of a header that makes the file useless.
    std::optional<CsvFault> take_header(const std::vector<std::string>& titles) {
        if (titles.size() > kMostColumns) return CsvFault{0, "", "has more than 64 columns"};
        for (std::size_t i = 0; i < titles.size(); ++i) {
            const auto column = detail::column_from(titles[i]);
            titles_.push_back(titles[i]);
            if (column && !columns_.try_emplace(*column, i).second)
                return CsvFault{0, titles[i], "stands twice; keep one column of a kind"};
        }
        width_ = titles.size();
        const bool has_time = columns_.contains(Column::date_time) ||
                              (columns_.contains(Column::date) && columns_.contains(Column::time));
        if (!has_time)
            return CsvFault{
                0, "", "the header needs 日期 and 時間, or 日期時間: is this an export of events?"
            };
        if (!columns_.contains(Column::event) && !columns_.contains(Column::state))
            return CsvFault{0, "", "the header needs 事件 or 狀態: nothing says what happened"};
        return std::nullopt;
    }

    void take_row(std::size_t line, const std::vector<std::string>& fields) {
        if (fields.size() != width_)
            return note(
                line,
                "",
                "has " + std::to_string(fields.size()) + " fields, the header has " + std::to_string(width_)
            );
        for (std::size_t i = 0; i < fields.size(); ++i)
            if (const auto wrong = unfit(fields[i]); !wrong.empty()) return note(line, titles_[i], wrong);
        const auto time = time_of_row(line, fields);
        if (!time) return;
        Event event;
        event.source = sender_.source;
        event.received = received_;
        event.device_time = *time;
        fill(event, fields);
        if (!read_index(line, fields, event)) return;
        if (!is_time_plausible(*time, received_))
            return note(line, "", "is older than a year or of the future: events are kept for one year");
        event.id = id_of_row(event, fields);
        result_.events.push_back(std::move(event));
        result_.lines.push_back(line);
    }

    void note(std::size_t line, std::string column, std::string text) {
        ++result_.faulty_rows;
        if (result_.faults.size() < kMostCsvFaults)
            result_.faults.push_back({line, std::move(column), std::move(text)});
    }
    [[nodiscard]] CsvEvents take() { return std::move(result_); }

private:
    static std::string unfit(const std::string& field) {
        if (field.size() > kLongestName) return "is longer than 200 bytes; shorten it";
        const bool has_control = std::ranges::any_of(field, [](char letter) {
            return static_cast<unsigned char>(letter) < 0x20 || letter == 0x7F;
        });
        return has_control ? "has a control character; take it out" : "";
    }

    [[nodiscard]] std::string_view field(const std::vector<std::string>& fields, Column column) const {
        const auto found = columns_.find(column);
        return found == columns_.end() ? std::string_view{} : trimmed(fields[found->second]);
    }
    [[nodiscard]] std::string title(Column column) const {
        const auto found = columns_.find(column);
        return found == columns_.end() ? std::string{} : titles_[found->second];
    }

    std::optional<UtcTime> time_of_row(std::size_t line, const std::vector<std::string>& fields) {
        std::string_view date = field(fields, Column::date);
        std::string_view time = field(fields, Column::time);
        const bool is_one = columns_.contains(Column::date_time);
        if (is_one) {
            const std::string_view both = field(fields, Column::date_time);
            const auto gap = both.find_first_of(" T");
            date = both.substr(0, gap);
            time = gap == std::string_view::npos ? std::string_view{} : trimmed(both.substr(gap + 1));
        }
        const auto day = calendar::date_from(plain_date(date));
        if (!day) {
            // The value may be what somebody put into the wrong column: it is not repeated.
            note(
                line,
                title(is_one ? Column::date_time : Column::date),
                "no date; write 2019-10-02 or 108-10-02"
            );
            return std::nullopt;
        }
        const auto clock = time_of_day_from(time);
        if (!clock) {
            note(line, title(is_one ? Column::date_time : Column::time), "no time of a day; write 18:00:05");
            return std::nullopt;
        }
        const UtcTime midnight = sender_.clock == ControllerClock::taipei ? calendar::start_of(*day)
                                                                          : UtcTime{day->time_since_epoch()};
        return midnight + *clock;
    }

    bool read_index(std::size_t line, const std::vector<std::string>& fields, Event& event) {
        const std::string_view text = field(fields, Column::index);
        if (text.empty()) return true;
        if (const auto number = digits(text)) {
            event.index = *number;
            return true;
        }
        note(line, title(Column::index), "no whole number below 1000000000");
        return false;
    }

    void fill(Event& event, const std::vector<std::string>& fields) const {
        const std::string card{field(fields, Column::card)};
        if (!card.empty()) event.card = key_.seal(card);
        const std::string_view what = field(fields, Column::event);
        const std::string_view state = field(fields, Column::state);
        event.code = code_of_words(what, state);
        const std::string door{field(fields, Column::door)};
        const auto known = sender_.doors.find(door);
        event.door = detail::without_number(known == sender_.doors.end() ? door : known->second, card);
        event.unit = field(fields, Column::unit);
        event.reader = detail::without_number(std::string{field(fields, Column::reader)}, card);
        event.direction = direction_of(field(fields, Column::direction), event.reader);
        nlohmann::json data = nlohmann::json::object();
        const auto keep = [&](const char* name, std::string_view text) {
            if (!text.empty()) data[name] = text;
        };
        keep("event", what);
        keep("state", state);
        keep("name", field(fields, Column::name));
        for (std::size_t i = 0; i < fields.size(); ++i)
            if (!detail::column_from(titles_[i]) && !fields[i].empty())
                data["columns"][titles_[i]] = fields[i];
        static_cast<void>(detail::scrub(data, card));
        event.data = data.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    }

    [[nodiscard]] Direction direction_of(std::string_view word, const std::string& reader) const {
        for (const std::string_view in : {"進", "進入", "入", "in", "IN", "In"})
            if (word == in) return Direction::in;
        for (const std::string_view out : {"出", "外出", "離開", "out", "OUT", "Out"})
            if (word == out) return Direction::out;
        const auto known = sender_.readers.find(reader);
        return known == sender_.readers.end() ? Direction::unknown : known->second;
    }

    /// Of all that the row says, in its own words: what they mean to us may change. And how often the file
    /// has said it before.
    std::string id_of_row(Event event, const std::vector<std::string>& fields) {
        event.code.clear();
        event.direction = Direction::unknown;
        event.door = field(fields, Column::door);
        event.data += field(fields, Column::direction);
        const std::string said = to_hex(ByteView{digest_of(event)}.first(16));
        const unsigned before = seen_[said]++;
        return before == 0 ? "row:" + said : "row:" + said + ':' + std::to_string(before);
    }

    const CsvSender& sender_;
    const CardKey& key_;
    UtcTime received_;
    std::map<Column, std::size_t> columns_;
    std::vector<std::string> titles_;
    std::size_t width_ = 0;
    std::map<std::string, unsigned> seen_;
    CsvEvents result_;
};

std::unexpected<std::vector<CsvFault>> whole(std::string column, std::string text) {
    return std::unexpected(std::vector<CsvFault>{{0, std::move(column), std::move(text)}});
}

}  // namespace

CsvSender csv_sender(const Controller& controller) {
    return {
        .source = controller.source.empty() ? "/controllers/" + controller.slug : controller.source,
        .clock = controller.clock,
        .doors = {},
        .readers = {},
    };
}

std::optional<std::chrono::seconds> time_of_day_from(std::string_view text) {
    text = trimmed(text);
    const bool is_morning = take(text, "上午") || take(text, "AM");
    const bool is_evening = !is_morning && (take(text, "下午") || take(text, "PM"));
    std::array<unsigned, 3> parts{};
    std::size_t count = 0;
    for (std::string_view rest = text; !rest.empty(); ++count) {
        const std::string_view part = rest.substr(0, rest.find(':'));
        const auto number = digits(part);
        if (!number || part.size() > 2 || count == parts.size()) return std::nullopt;
        parts.at(count) = *number;
        rest.remove_prefix(std::min(part.size() + 1, rest.size()));
    }
    auto [hours, minutes, seconds] = parts;
    if (count < 2 || hours > 23 || minutes > 59 || seconds > 59) return std::nullopt;
    if ((is_morning || is_evening) && hours > 12) return std::nullopt;
    if (is_morning && hours == 12) hours = 0;
    if (is_evening && hours < 12) hours += 12;
    return std::chrono::hours{hours} + std::chrono::minutes{minutes} + std::chrono::seconds{seconds};
}

std::expected<CsvEvents, std::vector<CsvFault>>
parse_event_csv(std::string_view bytes, const CsvSender& sender, const CardKey& key, UtcTime received) {
    if (bytes.size() > kMostCsvBytes) return whole("", "is longer than 64 MiB: cut it into parts");
    const auto text = calendar::csv_text(bytes);
    if (!text) return whole("", "is neither UTF-8 nor Big5: save it as CSV UTF-8");
    RowReader reader{sender, key, received};
    std::string_view rest = *text;
    bool has_header = false;
    std::size_t rows = 0;
    for (std::size_t line = 1; !rest.empty(); ++line) {
        const std::size_t end = rest.find('\n');
        std::string_view row = rest.substr(0, end);
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
        if (row.ends_with('\r')) row.remove_suffix(1);
        if (row.empty()) continue;
        if (has_header && ++rows > kMostCsvRows)
            return whole("", "has more than 500000 rows: cut it into parts");
        const auto fields = row.size() > kLongestRow ? std::nullopt : calendar::split_csv_line(row);
        if (!fields && !has_header) return whole("", "the header can't be read");
        if (!fields) {
            reader.note(line, "", "is longer than 8192 bytes or has a quotation mark that does not end");
        } else if (!has_header) {
            if (auto wrong = reader.take_header(*fields))
                return std::unexpected(std::vector{std::move(*wrong)});
            has_header = true;
        } else {
            reader.take_row(line, *fields);
        }
    }
    if (!has_header) return whole("", "is empty: give an export with a header");
    return reader.take();
}

}  // namespace sluice::access
