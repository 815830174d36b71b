#include "storage/release/codes.hpp"

#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

/// The table of codes against tests/data/codes.csv, which was written by hand from the rules: first the codes
/// that they name, then those of the life cycle's own guards.
namespace sluice::release {
namespace {

/// Article, HTTP status, whether it can be cured, whether a decision may refuse on it: as the file has them.
using Cells = std::vector<std::string>;
using Table = std::map<std::string, Cells>;

Table read_expected() {
    std::ifstream file{std::string{SLUICE_SOURCE_DIR} + "/tests/data/codes.csv"};
    std::string text;
    REQUIRE(std::getline(file, text));
    REQUIRE(text == "code,article,http,curable,ground");
    Table table;
    while (std::getline(file, text)) {
        std::istringstream line{text};
        std::string code;
        REQUIRE(std::getline(line, code, ','));
        Cells cells(4);
        for (std::string& cell : cells)
            REQUIRE(std::getline(line, cell, ','));
        INFO(code << " stands twice");
        CHECK(table.emplace(code, cells).second);
    }
    return table;
}

Cells cells_of(const CodeRow& row) {
    const auto word = [](bool is_so) { return std::string{is_so ? "yes" : "no"}; };
    return {
        std::string{row.article},
        std::to_string(row.status),
        word(row.is_curable),
        word(row.is_refusal_ground),
    };
}

TEST_CASE("the codes are the ones that were written down, cell by cell", "[release][rules]") {
    const Table expected = read_expected();
    CHECK(all_codes().size() == expected.size());
    for (const CodeRow& row : all_codes()) {
        CAPTURE(row.code);
        const auto found = expected.find(std::string{row.code});
        REQUIRE(found != expected.end());
        CHECK(cells_of(row) == found->second);
    }
    for (const auto& [code, cells] : expected) {
        CAPTURE(code);
        CHECK(find_code(code) != nullptr);
    }
}

}  // namespace
}  // namespace sluice::release
