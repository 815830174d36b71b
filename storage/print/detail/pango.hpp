#pragma once

#include <memory>

#include <cairo.h>
#include <pango/pangocairo.h>

/// Handles of the C libraries, one owner each.
namespace sluice::print::detail {

struct Unref {
    void operator()(cairo_surface_t* surface) const noexcept { ::cairo_surface_destroy(surface); }
    void operator()(cairo_t* context) const noexcept { ::cairo_destroy(context); }
    void operator()(PangoLayout* layout) const noexcept { ::g_object_unref(layout); }
    void operator()(PangoContext* context) const noexcept { ::g_object_unref(context); }
    void operator()(PangoFontMap* map) const noexcept { ::g_object_unref(map); }
    void operator()(PangoFontDescription* description) const noexcept {
        ::pango_font_description_free(description);
    }
};
template <class T>
using Handle = std::unique_ptr<T, Unref>;

}  // namespace sluice::print::detail
