#include "storage/check/compare.hpp"

#include "storage/check/pace.hpp"
#include "tests/unit/segment/footage.hpp"

#include <random>
#include <set>

#include <catch2/catch.hpp>

namespace sluice::check {
namespace {

using namespace std::chrono_literals;
using catalogue::SegmentRow;
using catalogue::SegmentState;
using test::footage::kRunStart;
using test::footage::make_id;

constexpr std::string_view kFolder = "live/2026-11-23/drive-left/main/";
const UtcTime kNow = kRunStart + 1h;

std::string name_of(std::uint8_t id, std::string_view suffix) {
    return std::string{kFolder} + "20261123T100000Z_" + to_string(make_id(id)) + std::string{suffix};
}
FileEntry
file(std::uint8_t id, std::string_view suffix, std::uint64_t bytes = 1000, UtcTime touched = kRunStart) {
    FileEntry entry = to_entry(name_of(id, suffix));
    entry.bytes = bytes;
    entry.touched = touched;
    return entry;
}
SegmentRow row(std::uint8_t id, SegmentState state, std::string_view suffix) {
    SegmentRow made;
    made.id = make_id(id);
    made.state = state;
    made.path = name_of(id, suffix);
    made.range = {kRunStart, kRunStart + 60s};
    made.bytes = 1000;
    return made;
}
/// "kind kind …" of what is found.
std::string found(std::vector<FileEntry> files, std::vector<SegmentRow> rows, Depth depth = Depth::names) {
    std::string words;
    for (const Finding& finding : compare_folder(files, rows, depth, kNow))
        words += (words.empty() ? "" : " ") + std::string{to_string(finding.kind)};
    return words;
}

TEST_CASE("a file's name tells its kind, id and second, and nothing else is one of ours", "[check]") {
    CHECK(to_entry(name_of(7, ".mp4")).kind == FileKind::finished);
    CHECK(to_entry(name_of(7, ".mp4.part")).kind == FileKind::part);
    CHECK(to_entry(name_of(7, ".mp4.suspect")).kind == FileKind::suspect);
    CHECK(to_entry(name_of(7, ".mp4.empty")).kind == FileKind::empty);
    CHECK(to_entry(name_of(7, ".original")).kind == FileKind::original);
    CHECK(to_entry(name_of(7, ".receipt")).kind == FileKind::receipt);
    CHECK(to_entry(name_of(7, ".receipt.part")).kind == FileKind::part);
    CHECK(found({file(7, ".original")}, {}) == "unknown_file");  // among segments
    CHECK(to_entry(name_of(7, ".mp4")).segment_id == make_id(7));
    CHECK(to_entry(name_of(7, ".mp4")).began == kRunStart);
    for (const std::string& stranger :
         {std::string{"holiday.mp4"},
          name_of(7, ".avi"),
          name_of(7, ".mp4.part.part"),
          std::string{kFolder} + "20261123T100000Z_.mp4",
          std::string{kFolder} + "20261399T100000Z_" + to_string(make_id(1)) + ".mp4",
          std::string{kFolder} + "x20261123T100000Z_" + to_string(make_id(1)) + ".mp4"}) {
        CAPTURE(stranger);
        CHECK(to_entry(stranger).kind == FileKind::unknown);
    }
}

TEST_CASE("files and rows that agree are clean at every depth", "[check][rule]") {
    const std::vector<FileEntry> files{
        file(1, ".mp4"), file(2, ".mp4.part", 10, kNow - 1s), file(3, ".mp4.empty")
    };
    const std::vector<SegmentRow> rows{
        row(1, SegmentState::finished, ".mp4"), row(2, SegmentState::open, ".mp4.part")
    };
    CHECK(found(files, rows, Depth::names).empty());
    CHECK(found(files, rows, Depth::sizes).empty());
}

TEST_CASE("each way in which a file and a row can disagree has its finding", "[check][rule]") {
    const auto finished = row(1, SegmentState::finished, ".mp4");
    const auto open = row(1, SegmentState::open, ".mp4.part");
    const auto suspect = row(1, SegmentState::suspect, ".mp4.suspect");
    CHECK(found({file(1, ".mp4")}, {}) == "file_without_row");
    CHECK(found({}, {finished}) == "row_without_file");
    CHECK(found({}, {open}) == "row_without_file");
    CHECK(found({file(1, ".mp4")}, {open}) == "state_differs");
    CHECK(found({file(1, ".mp4")}, {suspect}) == "state_differs");
    CHECK(found({file(1, ".mp4.suspect")}, {finished}) == "state_differs");
    CHECK(found({file(1, ".mp4.suspect")}, {suspect}) == "left_over_suspect");
    CHECK(found({file(1, ".mp4.suspect")}, {}) == "left_over_suspect");
    CHECK(found({file(1, ".mp4.part")}, {open}) == "left_over_part");
    CHECK(found({file(1, ".mp4.part")}, {}) == "left_over_part");
    CHECK(found({file(1, ".mp4.part")}, {finished}) == "state_differs");
    CHECK(found({to_entry(std::string{kFolder} + "notes.txt")}, {}) == "unknown_file");
    auto elsewhere = finished;
    elsewhere.path = "live/2026-11-24/drive-left/main/other.mp4";
    CHECK(found({file(1, ".mp4")}, {elsewhere}) == "state_differs");
    auto damaged = finished;
    damaged.is_damaged = true;
    CHECK(found({file(1, ".mp4")}, {damaged}) == "marked_damaged");
}

TEST_CASE("a .part is nobody's after five minutes without a write, not one moment earlier", "[check][rule]") {
    const auto open = row(1, SegmentState::open, ".mp4.part");
    CHECK(found({file(1, ".mp4.part", 10, kNow - kPartIdle)}, {open}).empty());
    CHECK(found({file(1, ".mp4.part", 10, kNow - kPartIdle - 1us)}, {open}) == "left_over_part");
    CHECK(found({file(1, ".mp4.part", 10, kNow - kPartIdle)}, {}).empty());
    CHECK(found({file(1, ".mp4.part", 10, kNow + 1h)}, {}).empty());  // a clock that ran back
}

TEST_CASE("sizes count from the depth of sizes on, and what a shorter file lacks is named", "[check][rule]") {
    const auto finished = row(1, SegmentState::finished, ".mp4");
    CHECK(found({file(1, ".mp4", 400)}, {finished}, Depth::names).empty());
    const std::vector files{file(1, ".mp4", 400)};
    const auto findings = compare_folder(files, {&finished, 1}, Depth::sizes, kNow);
    REQUIRE(findings.size() == 1);
    CHECK(findings[0].kind == FindingKind::size_differs);
    REQUIRE(findings[0].damage.size() == 1);
    CHECK(findings[0].damage[0] == catalogue::Damage{400, 1000, catalogue::DamageKind::lost});
    CHECK(found({file(1, ".mp4", 1001)}, {finished}, Depth::sizes) == "size_differs");
    // Of a growing file the row tells what is durable.
    CHECK(found({file(2, ".mp4.part", 5000, kNow)}, {row(2, SegmentState::open, ".mp4.part")}, Depth::sizes)
              .empty());
}

TEST_CASE(
    "every file and row is either in step or in exactly one finding, whatever the mixture",
    "[check][rule]"
) {
    std::mt19937 random{20261123};  // NOLINT: the same mixtures every time
    constexpr std::array<std::string_view, 2> suffixes{".mp4", ".mp4.suspect"};
    for (int round = 0; round < 200; ++round) {
        std::vector<FileEntry> files;
        std::vector<SegmentRow> rows;
        std::set<Uuid> lone;
        for (std::uint8_t id = 1; id < 40; ++id) {
            const bool has_file = random() % 4 != 0;
            const bool has_row = random() % 4 != 0;
            const bool is_suspect = random() % 5 == 0;
            const auto suffix = suffixes[is_suspect ? 1 : 0];
            if (has_file) files.push_back(file(id, suffix));
            if (has_row)
                rows.push_back(row(id, is_suspect ? SegmentState::suspect : SegmentState::finished, suffix));
            if (has_file != has_row || (has_file && is_suspect)) lone.insert(make_id(id));
        }
        std::ranges::shuffle(files, random);
        std::ranges::shuffle(rows, random);
        std::set<Uuid> told;
        for (const Finding& finding : compare_folder(files, rows, Depth::sizes, kNow)) {
            REQUIRE(finding.segment_id);
            CHECK(told.insert(*finding.segment_id).second);
        }
        CHECK(told == lone);
    }
}

TEST_CASE("a pace makes a reader wait exactly for what it has read too early", "[check][rule]") {
    STATIC_REQUIRE(wait_for_pace(1000, 0, 0us) == 0us);
    STATIC_REQUIRE(wait_for_pace(1000, 1000, 0us) == 1s);
    STATIC_REQUIRE(wait_for_pace(1000, 1000, 400ms) == 600ms);
    STATIC_REQUIRE(wait_for_pace(1000, 1000, 2s) == 0us);
    STATIC_REQUIRE(wait_for_pace(std::uint64_t{1} << 62U, std::uint64_t{1} << 40U, 0us) == 4'194'304s);
}

}  // namespace
}  // namespace sluice::check
