#pragma once

#include "storage/print/document.hpp"

#include <string>

namespace sluice::print {

/// A4 pages. Long texts wrap, tables go on over pages with their head, a row that is longer than a page is
/// continued. The same document is the same bytes on one machine. Takes some tenths of a second; any thread,
/// no shared state. Error: operator_acts, when no Chinese font is installed.
[[nodiscard]] Result<std::string> to_pdf(const Document& document);

}  // namespace sluice::print
