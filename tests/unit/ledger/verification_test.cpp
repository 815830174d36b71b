// An export that was tampered with: what was done to it is found, and the record is named.
#include "storage/ledger/verification.hpp"

#include "storage/ledger/export_folder.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temp_folder.hpp"
#include "tests/unit/ledger/forest.hpp"

#include <fstream>
#include <functional>
#include <iterator>
#include <set>

#include <catch2/catch.hpp>

namespace sluice::ledger {
namespace {

namespace fs = std::filesystem;

Act act(std::size_t number) {
    return {
        .action = "clip.opened",
        .actor = system_actor("sluice-api"),
        .subject = {.kind = "clip", .id = std::to_string(number)},
    };
}

/// A log in memory.
class Log final : public LogReader {
public:
    explicit Log(std::size_t count) {
        for (std::size_t i = 0; i < count; ++i)
            add(act(i));
    }
    void add(const Act& what) {
        const auto record = make_record(what, UtcTime{}).value();
        leaves.push_back(leaf_data(record.salt, record.text));
        forest.add(leaves.back());
        entries.push_back(
            {.index = entries.size(),
             .id = record.id,
             .text = record.text,
             .salt = record.salt,
             .erased_by = {}}
        );
    }
    void erase(std::size_t index) {
        add(
            {.action = "ledger.erased",
             .actor = system_actor("sluice-worker"),
             .subject = {.kind = "record", .id = to_string(entries[index].id)}}
        );
        entries[index].text.reset();
        entries[index].salt.reset();
        entries[index].erased_by = entries.back().id;
    }
    Result<std::vector<Hash>> load(std::uint32_t level, std::uint64_t first, std::uint64_t count) override {
        return forest.load(level, first, count);
    }
    Result<std::vector<Sha256Digest>> load_leaves(std::uint64_t first, std::uint64_t count) override {
        const auto begin = leaves.begin() + static_cast<std::ptrdiff_t>(first);
        return std::vector<Sha256Digest>{begin, begin + static_cast<std::ptrdiff_t>(count)};
    }
    Result<std::vector<Entry>> next_entries(std::size_t limit) override {
        const std::size_t count = std::min(limit, entries.size() - at_);
        const auto begin = entries.begin() + static_cast<std::ptrdiff_t>(at_);
        at_ += count;
        return std::vector<Entry>{begin, begin + static_cast<std::ptrdiff_t>(count)};
    }
    [[nodiscard]] Checkpoint head() const {
        return {.origin = key.verifier().name, .size = forest.size(), .root = forest.frontier.root()};
    }

    SigningKey key = SigningKey::make("test/log", KeyKind::log);
    test::Forest forest;
    std::vector<Sha256Digest> leaves;
    std::vector<Entry> entries;

private:
    std::size_t at_ = 0;
};

std::string text_of(const fs::path& file) {
    std::ifstream in{file, std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
}

/// An export of a log of this many records, and what is done to it.
struct Export {
    explicit Export(Log log_to_write) : log(std::move(log_to_write)) {
        const auto written = write_export(
            log,
            log.head(),
            {.checkpoint = sign_checkpoint(log.forest.size(), log.forest.frontier.root(), log.key),
             .witnessed = {},
             .key = log.key.verifier()},
            path
        );
        REQUIRE(written);
    }
    explicit Export(std::size_t count) : Export(Log{count}) {}

    void change(const std::string& file, const std::function<void(std::string&)>& how) const {
        std::string text = text_of(path / file);
        how(text);
        std::ofstream{path / file, std::ios::binary} << text;
    }
    /// The lines of records.jsonl.
    void change_lines(const std::function<void(std::vector<std::string>&)>& how) const {
        change("records.jsonl", [&](std::string& text) {
            std::vector<std::string> lines;
            for (std::size_t end = 0; (end = text.find('\n')) != std::string::npos; text.erase(0, end + 1))
                lines.push_back(text.substr(0, end + 1));
            how(lines);
            text.clear();
            for (const std::string& line : lines)
                text += line;
        });
    }
    [[nodiscard]] LogReport verify(const std::vector<Checkpoint>& earlier = {}) const {
        const ExportHead head = load_export_head(path).value();
        const auto checkpoint = open_checkpoint(parse_note(head.checkpoint).value(), head.key).value();
        ExportReader reader{path, checkpoint.size};
        auto report = verify_log(reader, checkpoint, earlier);
        if (!report) FAIL(report.error().describe());
        return std::move(*report);
    }
    /// Kind and index of the only finding.
    [[nodiscard]] std::pair<FindingKind, std::uint64_t> only() const {
        const LogReport report = verify();
        for (const LogFinding& finding : report.findings)
            UNSCOPED_INFO(to_string(finding.kind) << ": " << finding.what);
        REQUIRE(report.findings.size() == 1);
        return {report.findings[0].kind, report.findings[0].index.value_or(~std::uint64_t{0})};
    }

    test::TempFolder folder;
    fs::path path = folder.path() / "export";
    Log log;
};

using Named = std::pair<FindingKind, std::uint64_t>;

TEST_CASE("a log that nobody touched is clean, whatever its size", "[ledger]") {
    for (const std::size_t count : {0U, 1U, 7U, 255U, 256U, 257U, 600U}) {
        CAPTURE(count);
        const Export made{count};
        const LogReport report = made.verify();
        CHECK(report.is_clean());
        CHECK(report.size == count);
        CHECK_FALSE(report.is_truncation_excluded);
    }
}

TEST_CASE("an export is read by the independent implementation", "[ledger]") {
    Log log{300};
    log.erase(17);
    const Export made{std::move(log)};
    const auto judged = test::run_to_end(
        {"/usr/bin/python3", SLUICE_SOURCE_DIR "/tests/ledger/independent.py", "export", made.path.string()},
        std::chrono::minutes{2}
    );
    REQUIRE(judged);
    INFO(judged->errors);
    CHECK(judged->status.code == 0);
    CHECK(judged->output == "301 records, 1 erased\n");
}

TEST_CASE("a changed record is found and named", "[ledger]") {
    const Export made{300};
    made.change_lines([](auto& lines) {
        std::string& line = lines[123];
        line.replace(line.find("clip.opened"), 11, "clip.closed");
    });
    CHECK(made.only() == Named{FindingKind::changed, 123});
}

TEST_CASE("a record under another id, or with another salt, is a changed one", "[ledger]") {
    const Export made{3};
    made.change_lines([](auto& lines) {
        const std::size_t id = lines[1].find("\"id\":\"") + 6;
        lines[1][id] = lines[1][id] == '0' ? '1' : '0';
    });
    CHECK(made.only() == Named{FindingKind::changed, 1});
    const Export salted{3};
    salted.change_lines([](auto& lines) {
        const std::size_t salt = lines[2].find("\"salt\":\"") + 8;
        lines[2][salt] = lines[2][salt] == '0' ? '1' : '0';
    });
    CHECK(salted.only() == Named{FindingKind::changed, 2});
}

TEST_CASE("a dropped record is found and named, in the middle and at the end", "[ledger]") {
    for (const std::size_t index : {0U, 5U, 256U, 299U}) {
        const Export made{300};
        made.change_lines([&](auto& lines) {
            lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(index));
        });
        CHECK(made.only() == Named{FindingKind::dropped, index});
    }
}

TEST_CASE("records that changed places are found and named", "[ledger]") {
    const Export made{300};
    made.change_lines([](auto& lines) {
        std::swap(lines[10], lines[270]);
        // The numbers are made to fit, so that only the contents give it away.
        lines[10].replace(lines[10].find("\"index\":270"), 11, "\"index\":10");
        lines[270].replace(lines[270].find("\"index\":10"), 10, "\"index\":270");
    });
    const LogReport report = made.verify();
    REQUIRE(report.findings.size() == 2);
    std::set<std::uint64_t> places;
    for (const LogFinding& finding : report.findings) {
        CHECK(finding.kind == FindingKind::reordered);
        places.insert(finding.index.value());
    }
    CHECK(places == std::set<std::uint64_t>{10, 270});
}

TEST_CASE("each copy of one record in place of another is found", "[ledger]") {
    const Export made{10};
    made.change_lines([](auto& lines) {
        for (const std::size_t place : {5U, 6U}) {
            Entry copy = entry_from(lines[3]).value();
            copy.index = place;
            lines[place] = to_json_line(copy);
        }
    });
    const LogReport report = made.verify();
    REQUIRE(report.findings.size() == 2);
    CHECK(report.findings[0].index == 5);
    CHECK(report.findings[1].index == 6);
    CHECK(report.findings[1].kind == FindingKind::reordered);
}

TEST_CASE("a record that was never logged is found", "[ledger]") {
    const Export made{5};
    made.change_lines([](auto& lines) {
        lines.push_back(lines[4]);
        lines[5].replace(lines[5].find("\"index\":4"), 9, "\"index\":5");
    });
    CHECK(made.only() == Named{FindingKind::foreign, 5});
    const Export twice{5};
    twice.change_lines([](auto& lines) { lines.insert(lines.begin() + 3, lines[2]); });
    CHECK(twice.only() == Named{FindingKind::reordered, 2});
}

TEST_CASE("a changed leaf is found even when record and tile were made to fit", "[ledger]") {
    const Export made{300};
    Log other{1};
    made.change("tile/entries/000", [&](std::string& bytes) {
        bytes.replace(7 * 34 + 2, 32, as_text(other.leaves[0]));
    });
    made.change_lines([&](auto& lines) {
        Entry entry = other.entries[0];
        entry.index = 7;
        lines[7] = to_json_line(entry);
    });
    const LogReport half = made.verify();
    CHECK(half.findings.size() == 3);  // the leaf's own hash, the one above, and the root
    CHECK(half.findings[0].index == 7);
    made.change("tile/0/000", [&](std::string& bytes) {
        bytes.replace(7 * 32, 32, as_text(leaf_hash(other.leaves[0])));
    });
    CHECK(made.verify().findings.size() == 2);
}

TEST_CASE("records cut off at the end are found by an earlier checkpoint and by nothing else", "[ledger]") {
    Log log{300};
    const Checkpoint later = log.head();
    const SigningKey key = SigningKey::from_text(log.key.to_text()).value();
    Log cut{0};
    cut.key = SigningKey::from_text(log.key.to_text()).value();
    for (std::size_t i = 0; i < 200; ++i) {
        cut.leaves.push_back(log.leaves[i]);
        cut.forest.add(log.leaves[i]);
        cut.entries.push_back(log.entries[i]);
    }
    const Checkpoint before = cut.head();
    const Export made{std::move(cut)};
    CHECK(made.verify().is_clean());
    CHECK_FALSE(made.verify().is_truncation_excluded);
    CHECK(made.verify({before}).is_clean());
    CHECK(made.verify({before}).is_truncation_excluded);
    const LogReport report = made.verify({later});
    REQUIRE(report.findings.size() == 1);
    CHECK(report.findings[0].kind == FindingKind::history);
    CHECK(report.findings[0].what.contains("records 200 to 299 were cut off"));
    Checkpoint other = before;
    other.size = 100;
    REQUIRE(made.verify({other}).findings.size() == 1);
    CHECK(made.verify({other}).findings[0].kind == FindingKind::history);
}

TEST_CASE("an erased record leaves the log clean, one that was merely taken away does not", "[ledger]") {
    Log log{20};
    log.erase(7);
    const Export made{std::move(log)};
    CHECK(made.verify().is_clean());
    CHECK(made.verify().erased == 1);
    made.change_lines([](auto& lines) {
        Entry entry = entry_from(lines[9]).value();
        entry.text.reset();
        entry.salt.reset();
        lines[9] = to_json_line(entry);
    });
    CHECK(made.only() == Named{FindingKind::erased, 9});
}

TEST_CASE("an export goes into an empty folder only, and a broken one says where", "[ledger]") {
    const Export made{3};
    Log log{3};
    CHECK_FALSE(write_export(
        log, log.head(), {.checkpoint = "x", .witnessed = {}, .key = log.key.verifier()}, made.path
    ));
    made.change_lines([](auto& lines) { lines[1] = "{\"index\":1}\n"; });
    ExportReader reader{made.path, 3};
    const auto report = verify_log(reader, made.log.head(), {});
    REQUIRE_FALSE(report);
    CHECK(report.error().message().contains("records.jsonl:2"));
    for (const char* line : {"", "[]", "{\"index\":-1}", "{\"index\":0,\"id\":\"x\"}"})
        CHECK_FALSE(entry_from(line));
}

}  // namespace
}  // namespace sluice::ledger
