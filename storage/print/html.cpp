#include "storage/print/html.hpp"

#include "config/base/base64.hpp"
#include "config/base/bytes.hpp"

#include <algorithm>
#include <numeric>
#include <string_view>

namespace sluice::print {
namespace {

constexpr std::string_view kStyle =
    "body{font-family:\"Noto Serif CJK TC\",\"PMingLiU\",serif;max-width:60em;margin:1em auto;padding:0 1em}"
    "h1{font-size:1.3em;text-align:center}h2{font-size:1.05em}"
    "table{border-collapse:collapse;width:100%;table-layout:fixed;margin:.7em 0}"
    "th,td{border:1px solid #000;padding:.3em .4em;text-align:left;vertical-align:top;white-space:pre-wrap;"
    "overflow-wrap:anywhere;font-weight:normal}th{background:#eee}p{white-space:pre-wrap}"
    ".draft{text-align:right}thead{display:table-header-group}tr{break-inside:avoid}"
    "@media print{body{max-width:none;margin:0}}";

std::string escaped(const std::string& text) {
    std::string out;
    for (const char letter : printable(text)) {
        switch (letter) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            case '\'':
                out += "&#39;";
                break;
            default:
                out += letter;
        }
    }
    return out;
}

std::string to_base64(ByteView bytes) {
    std::string text = to_base64url(bytes);
    std::ranges::replace(text, '-', '+');
    std::ranges::replace(text, '_', '/');
    while (text.size() % 4 != 0)
        text += '=';
    return text;
}

void append_row(std::string& out, const Row& row) {
    out += "<tr>";
    for (const Cell& cell : row) {
        const std::string_view tag = cell.is_label ? "th" : "td";
        out += '<';
        out += tag;
        if (cell.span > 1) out += " colspan=\"" + std::to_string(cell.span) + '"';
        out += '>' + escaped(marked(cell.text, cell.is_draft)) + "</";
        out += tag;
        out += '>';
    }
    out += "</tr>\n";
}

void append_table(std::string& out, const Table& table) {
    out += "<table>\n<colgroup>";
    // No width: a style attribute would need another policy. The columns of a narrow page are alike.
    for (std::size_t i = 0; i < table.widths.size(); ++i)
        out += "<col>";
    out += "</colgroup>\n";
    std::size_t first = 0;
    if (table.has_head && !table.rows.empty()) {
        out += "<thead>";
        append_row(out, table.rows.front());
        out += "</thead>\n";
        first = 1;
    }
    out += "<tbody>\n";
    for (std::size_t i = first; i < table.rows.size(); ++i)
        append_row(out, table.rows[i]);
    out += "</tbody>\n</table>\n";
}

}  // namespace

std::string to_html(const Document& document) {
    std::string out =
        "<!DOCTYPE html>\n<html lang=\"zh-Hant-TW\">\n<head>\n<meta charset=\"utf-8\">\n<title>" +
        escaped(document.title) + "</title>\n<style>" + std::string{kStyle} + "</style>\n</head>\n<body>\n";
    if (has_draft(document)) out += "<p class=\"draft\">草案</p>\n";
    out += "<h1>" + escaped(document.title) + "</h1>\n";
    for (const Block& block : document.blocks) {
        if (const auto* heading = std::get_if<Heading>(&block))
            out += "<h2>" + escaped(heading->text) + "</h2>\n";
        if (const auto* paragraph = std::get_if<Paragraph>(&block))
            out += "<p>" + escaped(marked(paragraph->text, paragraph->is_draft)) + "</p>\n";
        if (const auto* table = std::get_if<Table>(&block)) append_table(out, *table);
    }
    if (!document.reference.empty()) out += "<footer>" + escaped(document.reference) + "</footer>\n";
    return out + "</body>\n</html>\n";
}

std::string html_security_policy() {
    const Sha256Digest digest = sha256(as_bytes(kStyle));
    return "default-src 'none'; style-src 'sha256-" + to_base64(digest) + "'; frame-ancestors 'none'";
}

}  // namespace sluice::print
