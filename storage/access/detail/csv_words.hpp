#pragma once

#include <optional>
#include <string_view>

namespace sluice::access::detail {

/// What a column of an export holds.
enum class Column { date_time, date, time, card, name, unit, door, event, direction, reader, state, index };
[[nodiscard]] std::optional<Column> column_from(std::string_view title);

}  // namespace sluice::access::detail
