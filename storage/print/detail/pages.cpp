#include "storage/print/detail/pages.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include <cairo-pdf.h>

namespace sluice::print::detail {
namespace {

// Points.
constexpr double kShortSide = 595.28;
constexpr double kLongSide = 841.89;
constexpr double kMargin = 42;
constexpr double kFoot = 20;  ///< above the lower margin, for reference and page
constexpr double kPadding = 3;
constexpr double kAfterLine = 4;
constexpr double kAfterTable = 8;
constexpr double kTitleSize = 15;
constexpr double kHeadingSize = 12;
constexpr double kTextSize = 10.5;
constexpr double kSmallSize = 8;
constexpr double kLabelGrey = 0.92;
constexpr double kFrame = 0.6;

cairo_status_t append(void* closure, const unsigned char* data, unsigned length) {
    static_cast<std::string*>(closure)->append(reinterpret_cast<const char*>(data), length);
    return CAIRO_STATUS_SUCCESS;
}

/// What is left of the row: the tallest of its cells.
double rest_height(const SetRow& row) {
    double tallest = 0;
    for (const SetCell& cell : row.cells)
        if (cell.next_line < cell.text.lines.size())
            tallest = std::max(tallest, cell.text.height() - cell.text.lines[cell.next_line].top);
    return tallest;
}

double first_line(const SetRow& row) {
    double tallest = 0;
    for (const SetCell& cell : row.cells)
        if (cell.next_line < cell.text.lines.size())
            tallest = std::max(tallest, cell.text.lines[cell.next_line].height);
    return tallest;
}

bool is_begun(const SetRow& row) {
    return std::ranges::any_of(row.cells, [](const SetCell& cell) { return cell.next_line > 0; });
}

bool is_drawn(const SetRow& row) {
    return std::ranges::all_of(row.cells, [](const SetCell& cell) {
        return cell.next_line >= cell.text.lines.size();
    });
}

}  // namespace

Pages::Pages(const Document& document, std::string& out)
    : document_(document),
      page_width_(document.is_landscape ? kLongSide : kShortSide),
      page_height_(document.is_landscape ? kShortSide : kLongSide),
      surface_(::cairo_pdf_surface_create_for_stream(append, &out, page_width_, page_height_)),
      context_(::cairo_create(surface_.get())) {
    // The library would take the time of writing.
    const std::string made = to_rfc3339(document.made).substr(0, 19) + "Z";
    ::cairo_pdf_surface_set_metadata(surface_.get(), CAIRO_PDF_METADATA_CREATE_DATE, made.c_str());
    const std::string title = printable(document.title);
    ::cairo_pdf_surface_set_metadata(surface_.get(), CAIRO_PDF_METADATA_TITLE, title.c_str());
}

double Pages::width() const {
    return page_width_ - 2 * kMargin;
}

double Pages::room() const {
    return page_height_ - kMargin - kFoot - y_;
}

void Pages::draw_text(const SetText& text, std::size_t line, double left, double top) {
    const Line& place = text.lines[line];
    ::cairo_move_to(context_.get(), left + place.left, top + place.baseline);
    ::pango_cairo_show_layout_line(
        context_.get(), ::pango_layout_get_line_readonly(text.layout.get(), static_cast<int>(line))
    );
}

SetRow Pages::set_line(const std::string& text, double size, bool is_centred) const {
    SetRow row;
    row.cells.push_back({.text = setter_.set(printable(text), width(), size, is_centred), .width = width()});
    return row;
}

SetRow Pages::set_row(const Row& row, const Table& table) const {
    const double whole = std::accumulate(table.widths.begin(), table.widths.end(), 0.0);
    SetRow made{.cells = {}, .has_frame = true};
    const double size = document_.is_landscape || document_.is_dense ? kSmallSize : kTextSize;
    double left = 0;
    std::size_t column = 0;
    for (const Cell& cell : row) {
        double share = 0;
        for (unsigned i = 0; i < cell.span && column < table.widths.size(); ++i)
            share += table.widths[column++];
        const double cell_width = width() * share / whole;
        made.cells.push_back(
            {.text = setter_.set(
                 printable(marked(cell.text, cell.is_draft)),
                 std::max(cell_width - 2 * kPadding, 1.0),
                 size,
                 false
             ),
             .left = left,
             .width = cell_width,
             .is_label = cell.is_label}
        );
        left += cell_width;
    }
    return made;
}

void Pages::begin_page() {
    ++page_;
    y_ = kMargin;
    if (!has_draft(document_)) return;
    const SetText mark = setter_.set("草案", width(), kSmallSize, false);
    draw_text(mark, 0, page_width_ - kMargin - 2 * kSmallSize, kMargin / 2);
}

void Pages::end_page() {
    const std::string foot = (document_.reference.empty() ? "" : printable(document_.reference) + "　") +
                             "第" + std::to_string(page_) + "頁";
    const SetText text = setter_.set(foot, width(), kSmallSize, false);
    draw_text(text, 0, kMargin, page_height_ - kMargin - kFoot / 2);
    ::cairo_show_page(context_.get());
}

void Pages::go_on(const Row* head, const Table* table) {
    end_page();
    begin_page();
    if (head != nullptr && table != nullptr) draw_row(set_row(*head, *table), nullptr, nullptr);
    is_fresh_ = true;
}

/// Draws as many lines as fit into `height`, at least one of what is left, with the frame around them.
void Pages::draw_part(SetRow& row, double height) {
    const double pad = row.has_frame ? kPadding : 0;
    std::vector<std::pair<SetCell*, std::size_t>> parts;  // where each cell's part begins
    double used = 0;
    for (SetCell& cell : row.cells) {
        const std::size_t first = cell.next_line;
        const double origin = first < cell.text.lines.size() ? cell.text.lines[first].top : 0;
        while (cell.next_line < cell.text.lines.size()) {
            const Line& line = cell.text.lines[cell.next_line];
            const double bottom = line.top + line.height - origin;
            if (bottom > height - 2 * pad && cell.next_line > first) break;
            used = std::max(used, bottom);
            ++cell.next_line;
        }
        parts.emplace_back(&cell, first);
    }
    for (const auto& [cell, first] : parts) {
        const double left = kMargin + cell->left;
        if (row.has_frame) {
            ::cairo_rectangle(context_.get(), left, y_, cell->width, used + 2 * pad);
            if (cell->is_label) {
                ::cairo_set_source_rgb(context_.get(), kLabelGrey, kLabelGrey, kLabelGrey);
                ::cairo_fill_preserve(context_.get());
                ::cairo_set_source_rgb(context_.get(), 0, 0, 0);
            }
            ::cairo_set_line_width(context_.get(), kFrame);
            ::cairo_stroke(context_.get());
        }
        const double origin = first < cell->text.lines.size() ? cell->text.lines[first].top : 0;
        for (std::size_t i = first; i < cell->next_line; ++i)
            draw_text(cell->text, i, left + pad, y_ + pad - origin);
    }
    y_ += used + 2 * pad;
}

void Pages::draw_row(SetRow row, const Row* head, const Table* table) {
    const double pads = row.has_frame ? 2 * kPadding : 0;
    const double whole_page = page_height_ - 2 * kMargin - kFoot;
    while (!is_drawn(row)) {
        const double needed = rest_height(row) + pads;
        // Half a page and less is not torn, and no line stands in the foot.
        const bool is_torn = needed > room() && !is_begun(row) && needed <= whole_page / 2;
        if ((is_torn || first_line(row) + pads > room()) && !is_fresh_) go_on(head, table);
        draw_part(row, room());
        is_fresh_ = false;
        if (!is_drawn(row)) go_on(head, table);
    }
}

void Pages::draw_table(const Table& table) {
    const Row* head = table.has_head && !table.rows.empty() ? &table.rows.front() : nullptr;
    for (const Row& row : table.rows)
        draw_row(set_row(row, table), &row == head ? nullptr : head, &table);
    y_ += kAfterTable;
}

void Pages::draw_block(const Block& block) {
    if (const auto* table = std::get_if<Table>(&block)) return draw_table(*table);
    if (const auto* heading = std::get_if<Heading>(&block))
        draw_row(set_line(heading->text, kHeadingSize, false), nullptr, nullptr);
    if (const auto* paragraph = std::get_if<Paragraph>(&block))
        draw_row(set_line(marked(paragraph->text, paragraph->is_draft), kTextSize, false), nullptr, nullptr);
    y_ += kAfterLine;
}

void Pages::draw() {
    begin_page();
    draw_row(set_line(document_.title, kTitleSize, true), nullptr, nullptr);
    y_ += kAfterTable;
    for (const Block& block : document_.blocks)
        draw_block(block);
    end_page();
}

Status Pages::finish() {
    ::cairo_surface_finish(surface_.get());
    const cairo_status_t status = ::cairo_surface_status(surface_.get());
    if (status == CAIRO_STATUS_SUCCESS) return {};
    return failure(
        Remedy::operator_acts, std::string{"the PDF can't be made: "} + ::cairo_status_to_string(status)
    );
}

}  // namespace sluice::print::detail
