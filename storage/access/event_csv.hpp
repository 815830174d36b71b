#pragma once

#include "storage/access/card.hpp"
#include "storage/access/event.hpp"
#include "storage/access/inventory.hpp"

#include <chrono>
#include <cstddef>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::access {

constexpr std::size_t kMostCsvBytes = 64UL << 20U;
constexpr std::size_t kMostCsvRows = 500'000;
constexpr std::size_t kMostCsvFaults = 1000;  ///< more are counted, not listed

/// What is wrong with a row and what to do. Line 0: the file as a whole; then nothing of it is taken.
struct CsvFault {
    std::size_t line = 0;
    std::string column;  ///< as the file calls it, or empty
    std::string text;
    friend bool operator==(const CsvFault&, const CsvFault&) = default;
};

/// What the file does not say itself.
struct CsvSender {
    std::string source;                               ///< of all events
    ControllerClock clock = ControllerClock::taipei;  ///< what its times mean
    std::map<std::string, std::string> doors;         ///< names in the file → slug
    std::map<std::string, Direction> readers;         ///< names in the file → which way its reader lets in
};

/// Of the controller's events; one without a source has its slug for one.
[[nodiscard]] CsvSender csv_sender(const Controller& controller);

struct CsvEvents {
    std::vector<Event> events;       ///< in the order of the file
    std::vector<std::size_t> lines;  ///< of each of them
    std::vector<CsvFault> faults;    ///< at most kMostCsvFaults
    std::size_t faulty_rows = 0;
};

/// What a controller's program exports: a header with columns by any of their names (日期, 時間, 卡號, 姓名,
/// 部門, 門名稱, 事件, 進出, 讀卡機, 狀態, …) in any order, a row an event. UTF-8 with or without BOM, or
/// Big5; dates like 2019-10-02 or in years of the Republic. A row that can't be read is a fault and no event;
/// the others are taken. A row has no id of its own: it is what it says, so that the same row in two exports
/// is one event; rows that say the same within one file are counted. Error: the faults of a file that is
/// none.
[[nodiscard]] std::expected<CsvEvents, std::vector<CsvFault>>
parse_event_csv(std::string_view bytes, const CsvSender& sender, const CardKey& key, UtcTime received);

/// The code that an event's and a state's words stand for; "access.unknown": none.
[[nodiscard]] std::string_view code_of_words(std::string_view event, std::string_view state) noexcept;
/// "18:00:05", "6:00", "下午 06:00:05" or "06:00:05 PM". nullopt: no time of a day.
[[nodiscard]] std::optional<std::chrono::seconds> time_of_day_from(std::string_view text);

}  // namespace sluice::access
