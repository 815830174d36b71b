#include "storage/print/detail/type_setter.hpp"

namespace sluice::print::detail {
namespace {

constexpr const char* kFamily = "Noto Serif CJK TC";
constexpr double kPointsPerInch = 72;

double points(int units) {
    return static_cast<double>(units) / PANGO_SCALE;
}

}  // namespace

TypeSetter::TypeSetter()
    : fonts_(::pango_cairo_font_map_new()),
      context_(::pango_font_map_create_context(fonts_.get())) {
    ::pango_cairo_context_set_resolution(context_.get(), kPointsPerInch);
    ::pango_context_set_language(context_.get(), ::pango_language_from_string("zh-TW"));
    // Positions that do not depend on a screen.
    cairo_font_options_t* options = ::cairo_font_options_create();
    ::cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
    ::cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
    ::pango_cairo_context_set_font_options(context_.get(), options);
    ::cairo_font_options_destroy(options);
}

Status TypeSetter::check_font() const {
    const SetText sample = set("申請", 1000, 10, false);
    if (::pango_layout_get_unknown_glyphs_count(sample.layout.get()) == 0) return {};
    return failure(
        Remedy::operator_acts,
        "no font for Chinese is installed: install the package fonts-noto-cjk",
        "FONT_MISSING"
    );
}

SetText TypeSetter::set(const std::string& text, double width_points, double size_points, bool is_centred)
    const {
    SetText made;
    made.layout.reset(::pango_layout_new(context_.get()));
    PangoLayout* layout = made.layout.get();
    const Handle<PangoFontDescription> font{::pango_font_description_new()};
    ::pango_font_description_set_family_static(font.get(), kFamily);
    ::pango_font_description_set_size(font.get(), static_cast<int>(size_points * PANGO_SCALE));
    ::pango_layout_set_font_description(layout, font.get());
    ::pango_layout_set_width(layout, static_cast<int>(width_points * PANGO_SCALE));
    ::pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
    if (is_centred) ::pango_layout_set_alignment(layout, PANGO_ALIGN_CENTER);
    ::pango_layout_set_text(layout, text.data(), static_cast<int>(text.size()));
    PangoLayoutIter* line = ::pango_layout_get_iter(layout);
    do {
        PangoRectangle box{};
        ::pango_layout_iter_get_line_extents(line, nullptr, &box);
        made.lines.push_back(
            {.top = points(box.y),
             .height = points(box.height),
             .baseline = points(::pango_layout_iter_get_baseline(line)),
             .left = points(box.x)}
        );
    } while (::pango_layout_iter_next_line(line) != 0);
    ::pango_layout_iter_free(line);
    return made;
}

}  // namespace sluice::print::detail
