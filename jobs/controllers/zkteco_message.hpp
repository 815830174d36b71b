#pragma once

#include "jobs/controllers/sender.hpp"
#include "storage/access/event.hpp"

#include <cstddef>
#include <string_view>
#include <vector>

/// What ZKTeco's devices push: lines of text, as the vendor's descriptions of its PUSH protocols (attendance,
/// security 3.1) and programs that speak them have it. Pure.
namespace sluice::controllers::zkteco {

inline constexpr std::size_t kMostRows = 20'000;  ///< of one body

/// Our word for a number of the security protocol. "access.unknown" for what has none, or is no number.
[[nodiscard]] std::string_view code_of(std::string_view number) noexcept;

/// Whether a table holds events: the only ones of which anything is kept. Others hold names, pictures,
/// fingerprints and settings.
[[nodiscard]] bool has_events(std::string_view table);

struct Rows {
    std::vector<access::Event> events;  ///< one a line
    std::size_t unreadable = 0;         ///< of them, that are kept as "access.unknown" and nothing else
    bool is_too_long = false;           ///< more lines than kMostRows: none is read
};
/// Lines of "rtlog" (`time=… pin=… cardno=… eventaddr=… event=… inoutstatus=…`, tabs between) or of "ATTLOG"
/// (the same, or person, time, state, way of verification, with tabs between). A line is known again by what
/// it says, so that a body that is sent once more brings nothing twice. Card numbers are sealed, persons'
/// numbers stand there as a hash.
[[nodiscard]] Rows read_rows(std::string_view body, const Sender& sender, UtcTime received);

}  // namespace sluice::controllers::zkteco
