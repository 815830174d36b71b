#include "storage/print/pdf.hpp"

#include "storage/print/detail/pages.hpp"

namespace sluice::print {

Result<std::string> to_pdf(const Document& document) {
    if (auto font = detail::TypeSetter{}.check_font(); !font) return std::unexpected(font.error());
    std::string out;
    detail::Pages pages{document, out};
    pages.draw();
    if (auto finished = pages.finish(); !finished) return std::unexpected(finished.error());
    return out;
}

}  // namespace sluice::print
