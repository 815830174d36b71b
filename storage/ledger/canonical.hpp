#pragma once

#include "config/base/error.hpp"

#include <string>
#include <string_view>

namespace sluice::ledger {

/// RFC 8785 of a JSON text: members by UTF-16 code units, no blanks, the shortest strings. Numbers are whole
/// and between -(2^53 - 1) and 2^53 - 1: those every reader understands alike. Error: refuse, for anything
/// that is no such JSON, a member that stands twice, bytes that are not UTF-8, more than 64 levels, or over
/// 16 MiB.
[[nodiscard]] Result<std::string> canonical_json(std::string_view json);

}  // namespace sluice::ledger
