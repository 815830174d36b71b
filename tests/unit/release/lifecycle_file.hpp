#pragma once

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

/// tests/data/lifecycle.csv: the life cycle as it was written down by hand.
namespace sluice::release::test {

/// A row in words, as the file has it.
struct Line {
    std::string state;
    std::string action;
    std::string role;
    std::string guard;
    std::string result;  ///< a state, or the code of a refusal
    std::string article;
    friend bool operator==(const Line&, const Line&) = default;
};

/// `source`: the folder of the sources.
inline std::vector<Line> read_lifecycle(const std::string& source) {
    std::ifstream file{source + "/tests/data/lifecycle.csv"};
    std::vector<Line> lines;
    std::string text;
    REQUIRE(std::getline(file, text));
    REQUIRE(text == "state,action,role,guard,result,article");
    while (std::getline(file, text)) {
        Line line;
        std::istringstream cells{text};
        for (std::string* cell :
             {&line.state, &line.action, &line.role, &line.guard, &line.result, &line.article})
            REQUIRE(std::getline(cells, *cell, ','));
        lines.push_back(line);
    }
    return lines;
}

}  // namespace sluice::release::test
