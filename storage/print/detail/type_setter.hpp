#pragma once

#include "config/base/error.hpp"
#include "storage/print/detail/pango.hpp"

#include <string>
#include <vector>

namespace sluice::print::detail {

/// A line of a text that was set: everything in points, from the text's upper edge.
struct Line {
    double top = 0;
    double height = 0;
    double baseline = 0;
    double left = 0;
};
/// A text in its column, of which some lines may be drawn already.
struct SetText {
    Handle<PangoLayout> layout;
    std::vector<Line> lines;
    [[nodiscard]] double height() const { return lines.empty() ? 0 : lines.back().top + lines.back().height; }
};

/// Sets texts in Chinese. Own font map: nothing is shared with other threads.
class TypeSetter {
public:
    TypeSetter();
    /// Error: operator_acts, when the font can't show Chinese.
    [[nodiscard]] Status check_font() const;
    [[nodiscard]] SetText
    set(const std::string& text, double width_points, double size_points, bool is_centred) const;

private:
    Handle<PangoFontMap> fonts_;
    Handle<PangoContext> context_;
};

}  // namespace sluice::print::detail
