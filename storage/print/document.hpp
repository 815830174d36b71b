#pragma once

#include "config/base/time.hpp"

#include <string>
#include <variant>
#include <vector>

/// What is printed, described once and rendered as HTML and as PDF.
namespace sluice::print {

struct Heading {
    std::string text;
};
struct Paragraph {
    std::string text;
    bool is_draft = false;  ///< not the office's wording yet: marked where it stands, and in the page's head
};

struct Cell {
    std::string text;
    unsigned span = 1;      ///< columns
    bool is_label = false;  ///< names what stands beside or below it
    bool is_draft = false;
};
using Row = std::vector<Cell>;
struct Table {
    std::vector<unsigned>
        widths;  ///< of the columns, in proportion; the spans of a row add up to their number
    std::vector<Row> rows;
    bool has_head = false;  ///< the first row stands again on every page
};

using Block = std::variant<Heading, Paragraph, Table>;

struct Document {
    std::string title;
    // NOLINTBEGIN(readability-redundant-member-init): without {} whoever leaves them out gets a warning
    std::string reference{};  ///< stands at the foot of every page: a dossier's number, a period
    bool is_landscape = false;
    bool is_dense = false;       ///< tables in small letters, as landscape pages have them
    bool carries_draft = false;  ///< a part of a text is one, and is marked there
    UtcTime made;                ///< the same document made at the same time is the same bytes
    std::vector<Block> blocks{};
    // NOLINTEND(readability-redundant-member-init)
};

[[nodiscard]] bool has_draft(const Document& document);
/// The text with the mark of a draft in front of it, when it is one.
[[nodiscard]] std::string marked(const std::string& text, bool is_draft);
/// Well-formed UTF-8 without control characters but line breaks: what a renderer takes.
[[nodiscard]] std::string printable(const std::string& text);

/// "☑" or "☐" before what may be ticked.
[[nodiscard]] std::string box(bool is_ticked);

}  // namespace sluice::print
