#include "storage/catalogue/coverage.hpp"

#include <chrono>
#include <string>

#include <catch2/catch.hpp>

namespace sluice::catalogue {
namespace {

using namespace std::chrono_literals;

constexpr UtcTime kStart{std::chrono::sys_days{std::chrono::year{2026} / 11 / 23} + 10h};
constexpr TimeRange kAlways{UtcTime{}, UtcTime::max()};
const Uuid kCamera{{1}};
const Uuid kOther{{2}};
const Uuid kRun{{3}};
const Uuid kLater{{4}};

TimeRange seconds(int from, int to) {
    return {kStart + std::chrono::seconds{from}, kStart + std::chrono::seconds{to}};
}

CoverageRow piece(int from, int to, const Uuid& run = kRun, const Uuid& stream = kCamera) {
    return {stream, run, seconds(from, to)};
}

GapRow
gap(int from, std::optional<int> to, GapCause cause = GapCause::volume_missing, const Uuid& stream = kCamera
) {
    GapRow row;
    row.id = Uuid{{9}};
    row.stream_id = stream;
    row.from = kStart + std::chrono::seconds{from};
    if (to) row.to = kStart + std::chrono::seconds{*to};
    row.cause = cause;
    return row;
}

template <class Row>
std::string text_of(const std::vector<Row>& rows, auto range_of) {
    std::string text;
    for (const Row& row : rows) {
        const auto [from, to] = range_of(row);
        text += (text.empty() ? "" : " ") + std::to_string((from - kStart) / 1s) + "-" +
                (to ? std::to_string((*to - kStart) / 1s) : "");
    }
    return text;
}
std::string text_of(const std::vector<CoverageRow>& rows) {
    return text_of(rows, [](const CoverageRow& row) {
        return std::pair{row.range.from, std::optional{row.range.to}};
    });
}
std::string text_of(const std::vector<GapRow>& rows) {
    return text_of(rows, [](const GapRow& row) { return std::pair{row.from, row.to}; });
}

TEST_CASE(
    "pieces of a run that lie half a second apart are one stretch, those of two runs never",
    "[catalogue][coverage]"
) {
    CoverageRow close = piece(60, 120);
    close.range.from += kCoverageTolerance;
    CHECK(text_of(unite_pieces({close, piece(0, 60)})) == "0-120");
    close.range.from += 1us;
    CHECK(unite_pieces({close, piece(0, 60)}).size() == 2);
    CHECK(text_of(unite_pieces({piece(0, 60), piece(60, 90, kLater)})) == "0-60 60-90");
    CHECK(text_of(unite_pieces({piece(0, 60), piece(60, 90, kRun, kOther)})) == "0-60 60-90");
    CHECK(text_of(unite_pieces({piece(0, 100), piece(10, 20), piece(100, 101)})) == "0-101");
    CHECK(unite_pieces({}).empty());
}

TEST_CASE(
    "closed gaps cut all runs of their stream, open ones none, and no other stream",
    "[catalogue][coverage][I15]"
) {
    const std::vector stretches{piece(0, 100), piece(50, 150, kLater), piece(0, 100, kRun, kOther)};
    const std::vector gaps{
        gap(10, 20), gap(15, 30), gap(90, 110), gap(95, 97), gap(120, std::nullopt), gap(40, 40)
    };
    CHECK(text_of(cut_gaps(stretches, gaps, kAlways)) == "0-10 30-90 50-90 110-150 0-100");
    // What the range does not meet is left out; what it meets is whole.
    CHECK(text_of(cut_gaps(stretches, gaps, seconds(30, 50))) == "30-90 0-100");
    CHECK(text_of(cut_gaps({piece(0, 10)}, {gap(0, 10)}, kAlways)).empty());
    CHECK(text_of(cut_gaps({piece(5, 10)}, {gap(0, 5), gap(10, 20)}, kAlways)) == "5-10");
}

TEST_CASE(
    "a copy takes its time out of the gap that the disk made, and keeps id and cause",
    "[catalogue][coverage][I15]"
) {
    const auto relieved = relieve_gaps({gap(0, 100)}, {piece(0, 40), piece(50, 60)}, kAlways);
    CHECK(text_of(relieved) == "40-50 60-100");
    for (const GapRow& row : relieved) {
        CHECK(row.id == Uuid{{9}});
        CHECK(row.cause == GapCause::volume_missing);
    }
    CHECK(
        text_of(relieve_gaps({gap(0, std::nullopt, GapCause::disk_full)}, {piece(0, 40)}, kAlways)) == "40-"
    );
    CHECK(relieve_gaps({gap(10, 40)}, {piece(0, 40)}, kAlways).empty());
    CHECK(text_of(relieve_gaps({gap(0, 100)}, {piece(0, 40, kRun, kOther)}, kAlways)) == "0-100");
    // Packets that never came are in no copy.
    CHECK(text_of(relieve_gaps({gap(10, 20, GapCause::packet_loss)}, {piece(0, 40)}, kAlways)) == "10-20");
    // What is left of it may lie beside the question.
    CHECK(relieve_gaps({gap(0, 100)}, {piece(0, 40)}, seconds(10, 30)).empty());
}

}  // namespace
}  // namespace sluice::catalogue
