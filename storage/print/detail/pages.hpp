#pragma once

#include "storage/print/detail/type_setter.hpp"
#include "storage/print/document.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace sluice::print::detail {

/// A cell that is set, and how far it is drawn.
struct SetCell {
    SetText text;
    double left = 0;  ///< points from the margin
    double width = 0;
    bool is_label = false;
    std::size_t next_line = 0;
};
struct SetRow {
    std::vector<SetCell> cells;
    bool has_frame = false;
};

/// Puts rows on pages, one below the other. A document is drawn from its first block to its last, once.
class Pages {
public:
    Pages(const Document& document, std::string& out);
    void draw();
    /// Error: of the library that writes the file. After `draw`.
    [[nodiscard]] Status finish();

private:
    void draw_block(const Block& block);
    void draw_table(const Table& table);
    /// Pre: `head` is another row, or null.
    void draw_row(SetRow row, const Row* head, const Table* table);
    void draw_part(SetRow& row, double height);
    void begin_page();
    void end_page();
    void go_on(const Row* head, const Table* table);
    [[nodiscard]] SetRow set_line(const std::string& text, double size, bool is_centred) const;
    [[nodiscard]] SetRow set_row(const Row& row, const Table& table) const;
    [[nodiscard]] double width() const;
    [[nodiscard]] double room() const;
    void draw_text(const SetText& text, std::size_t line, double left, double top);

    const Document& document_;
    TypeSetter setter_;
    double page_width_;
    double page_height_;
    Handle<cairo_surface_t> surface_;
    Handle<cairo_t> context_;
    double y_ = 0;
    unsigned page_ = 0;
    bool is_fresh_ = true;  ///< nothing but a table's head stands on the page
};

}  // namespace sluice::print::detail
