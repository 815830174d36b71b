#pragma once

#include "config/base/files.hpp"
#include "config/base/time.hpp"
#include "storage/print/document.hpp"
#include "storage/print/pdf.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temp_folder.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch.hpp>

/// Pages as another program reads them.
namespace sluice::print {

using namespace std::chrono_literals;

inline UtcTime at(const char* text) {
    return from_rfc3339(text).value();
}

/// Without white space of any width: a renderer breaks lines where it must.
inline std::string solid(std::string text) {
    for (const std::string_view blank : {"　", "\f"})
        for (auto place = text.find(blank); place != std::string::npos; place = text.find(blank))
            text.erase(place, blank.size());
    std::erase_if(text, [](char letter) {
        return letter == ' ' || letter == '\n' || letter == '\t' || letter == '\r';
    });
    return text;
}

/// What another program reads on the pages, in the order of drawing.
inline std::string words_of(const Document& document) {
    const auto pdf = to_pdf(document);
    if (!pdf) FAIL(pdf.error().message());
    const test::TempFolder folder;
    const auto file = folder.path() / "page.pdf";
    REQUIRE(replace_file(file, *pdf, 0600));
    const auto read =
        test::run_to_end({"/usr/bin/pdftotext", "-raw", "-enc", "UTF-8", file.string(), "-"}, 30s);
    REQUIRE(read);
    REQUIRE(read->status.code == 0);
    return read->output;
}

/// The first of the labels that does not follow those before it; empty: all do.
inline std::string missing_in_order(const std::string& text, const std::vector<std::string>& labels) {
    const std::string page = solid(text);
    std::size_t place = 0;
    for (const std::string& label : labels) {
        const auto found = page.find(solid(label), place);
        if (found == std::string::npos) return label;
        place = found + solid(label).size();
    }
    return {};
}

/// Of a file in tests/data of the source folder.
inline std::vector<std::string> lines_of(const std::filesystem::path& source, const char* name) {
    const auto path = source / "tests" / "data" / name;
    std::istringstream text{read_text_file(path, 1U << 16U).value()};
    std::vector<std::string> lines;
    for (std::string line; std::getline(text, line);)
        lines.push_back(line);
    return lines;
}

inline std::string tagless(const std::string& html) {
    std::string out;
    bool is_tag = false;
    for (const char letter : html.substr(html.find("<body>"))) {
        if (letter == '<') is_tag = true;
        if (!is_tag) out += letter;
        if (letter == '>') is_tag = false;
    }
    return out;
}

}  // namespace sluice::print
