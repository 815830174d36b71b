#include "tests/support/catalogue_rows.hpp"

#include <algorithm>
#include <array>
#include <iterator>

namespace sluice::test {
namespace {

struct Table {
    const char* name;
    const char* rows;  ///< as text
};

constexpr std::array<Table, 16> kTables{{
    {"volumes", "SELECT v::text FROM volumes v"},
    {"recorders", "SELECT r::text FROM recorders r"},
    {"channels", "SELECT c::text FROM channels c"},
    {"cameras", "SELECT c::text FROM cameras c"},
    {"streams", "SELECT s::text FROM streams s"},
    {"runs", "SELECT r::text FROM runs r"},
    {"formats", "SELECT f::text FROM formats f"},
    {"segments", "SELECT s::text FROM segments s"},
    {"segment_index", "SELECT i::text FROM segment_index i"},
    {"coverage", "SELECT c::text FROM coverage c"},
    {"gaps", "SELECT g::text FROM gaps g"},
    {"journal_positions", "SELECT p::text FROM journal_positions p"},
    {"recorder_events", "SELECT e::text FROM recorder_events e"},
    {"contractor_clips", "SELECT k::text FROM contractor_clips k"},
    {"originals", "SELECT o::text FROM originals o"},
    {"imported_segments", "SELECT i::text FROM imported_segments i"},
}};

std::vector<std::string> load(const Database& database, const char* rows) {
    // One value a row's text, and the rows between control characters that no text holds.
    const std::string all = database.query(
        "SELECT string_agg(t.row, E'\\x1e' ORDER BY t.row COLLATE \"C\") FROM (" + std::string{rows} +
        ") AS t (row)"
    );
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < all.size();) {
        const std::size_t end = std::min(all.find('\x1e', at), all.size());
        lines.push_back(all.substr(at, end - at));
        at = end + 1;
    }
    std::ranges::sort(lines);
    return lines;
}

}  // namespace

std::vector<std::string> compare_catalogues(const Database& before, const Database& after) {
    std::vector<std::string> differences;
    for (const Table& table : kTables) {
        const auto old_rows = load(before, table.rows);
        const auto new_rows = load(after, table.rows);
        const auto tell = [&](const auto& from, const auto& without, const std::string& which) {
            std::vector<std::string> only;
            std::ranges::set_difference(from, without, std::back_inserter(only));
            for (const std::string& row : only)
                differences.push_back(std::string{table.name} + " only " + which + ": " + row);
        };
        tell(old_rows, new_rows, "before");
        tell(new_rows, old_rows, "after");
    }
    return differences;
}

}  // namespace sluice::test
