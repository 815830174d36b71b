#include "storage/print/document.hpp"

#include "config/base/utf8.hpp"

#include <algorithm>

namespace sluice::print {

bool has_draft(const Document& document) {
    return document.carries_draft || std::ranges::any_of(document.blocks, [](const Block& block) {
               if (const auto* paragraph = std::get_if<Paragraph>(&block)) return paragraph->is_draft;
               const auto* table = std::get_if<Table>(&block);
               return table != nullptr && std::ranges::any_of(table->rows, [](const Row& row) {
                          return std::ranges::any_of(row, &Cell::is_draft);
                      });
           });
}

std::string marked(const std::string& text, bool is_draft) {
    return is_draft ? "〔草案〕" + text : text;
}

std::string printable(const std::string& text) {
    if (!is_utf8(text)) return "?";
    std::string out = text;
    std::ranges::replace_if(
        out,
        [](char letter) {
            const auto code = static_cast<unsigned char>(letter);
            return (code < 0x20 && letter != '\n') || code == 0x7F;
        },
        ' '
    );
    return out;
}

std::string box(bool is_ticked) {
    return is_ticked ? "☑" : "☐";
}

}  // namespace sluice::print
