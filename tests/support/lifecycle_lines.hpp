#pragma once

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <tuple>
#include <vector>

#include <catch2/catch.hpp>

/// A life cycle as it was written down by hand, to hold the program's table to: tests/data/lifecycle.csv,
/// incident_lifecycle.csv.
namespace sluice::test {

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

inline std::vector<Line> read_lifecycle(const std::filesystem::path& csv) {
    std::ifstream file{csv};
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

/// What one (state, action, role) comes to: its guards in the order in which they count.
using Matrix = std::map<std::tuple<std::string, std::string, std::string>, std::vector<Line>>;

inline Matrix to_matrix(const std::vector<Line>& lines) {
    Matrix matrix;
    for (const Line& line : lines)
        matrix[{line.state, line.action, line.role}].push_back(line);
    return matrix;
}

/// The key of the first (state, action, role) of which they do not say the same; "" when they agree. Every
/// key that stands in either is looked at, so whatever stands in neither is refused by both.
inline std::string first_difference(const Matrix& code, const Matrix& expected) {
    if (code == expected) return "";
    const auto name = [](const auto& key) {
        return std::get<0>(key) + ' ' + std::get<1>(key) + ' ' + std::get<2>(key);
    };
    for (const auto& [key, lines] : expected) {
        const auto found = code.find(key);
        if (found == code.end() || found->second != lines) return name(key);
    }
    for (const auto& [key, lines] : code)
        if (!expected.contains(key)) return name(key) + " is in no line";
    return "?";
}

}  // namespace sluice::test
