#pragma once

#include "storage/catalogue/register_repository.hpp"
#include "storage/print/pages.hpp"

#include <string>
#include <vector>

namespace sluice::api::dossiers {

/// A line for each dossier: a view over its entries, which come in the order of their lines. What an entry
/// does not say leaves its cell empty. Pure.
[[nodiscard]] std::vector<print::RegisterLine> register_lines(
    const std::vector<catalogue::RegisterEntry>& entries
);

/// RFC 4180 with the headings of the register, UTF-8 with a byte order mark. A cell that a spreadsheet would
/// take for a formula begins with an apostrophe. Pure.
[[nodiscard]] std::string register_csv(const std::vector<print::RegisterLine>& lines);

}  // namespace sluice::api::dossiers
