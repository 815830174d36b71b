#include "storage/volume/journal.hpp"

#include "tests/support/faulty_files.hpp"
#include "tests/support/temp_folder.hpp"

#include <cmath>
#include <fstream>
#include <limits>
#include <ranges>

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::test;
using namespace std::chrono_literals;
using namespace sluice::volume;

namespace {

namespace fs = std::filesystem;

const UtcTime kNow{std::chrono::sys_days{std::chrono::year{2026} / 11 / 23} + 10h};

Uuid make_id(unsigned number) {
    Uuid id;
    id.bytes[14] = static_cast<std::uint8_t>(number >> 8U);
    id.bytes[15] = static_cast<std::uint8_t>(number);
    return id;
}

JournalLine line_at(UtcTime at, unsigned number) {
    return {.written = at, .fact = GapClosed{.gap_id = make_id(number), .to = at}};
}

unsigned number_of(const JournalLine& line) {
    const Uuid& id = std::get<GapClosed>(line.fact).gap_id;
    return id.bytes[14] * 256U + id.bytes[15];
}

std::vector<unsigned> numbers_of(const JournalBatch& batch) {
    std::vector<unsigned> numbers;
    for (const JournalLine& line : batch.lines)
        numbers.push_back(number_of(line));
    return numbers;
}

Status append(Journal& journal, const JournalLine& line) {
    return journal.append(std::span{&line, 1});
}

JournalBatch read(const fs::path& root, const JournalPosition& from = {}, std::size_t limit = 1000) {
    auto batch = read_journal(root, from, limit);
    REQUIRE(batch);
    return std::move(*batch);
}

std::string to_text(const JournalLine& line) {
    return to_line(line);
}

}  // namespace

TEST_CASE("every fact comes back from its line as it was", "[journal]") {
    const std::vector<JournalFact> facts{
        RunStarted{
            .run_id = make_id(1), .stream_id = make_id(2), .at = kNow + 123456us, .clock_synchronised = true
        },
        RunStarted{
            .run_id = make_id(1), .stream_id = make_id(2), .at = kNow, .clock_synchronised = std::nullopt
        },
        RunEnded{
            .run_id = make_id(1),
            .at = kNow,
            .cause = GapCause::stream_stalled,
            .measured_fps = 21.25,
            .media_rate = 0.875
        },
        GapOpened{
            .gap_id = make_id(3),
            .stream_id = make_id(2),
            .from = kNow,
            .cause = GapCause::auth_failed,
            .detail = "迎賓車道: \"401\"\nsecond line\t\x01",
        },
        GapClosed{.gap_id = make_id(3), .to = kNow + 1us},
        GapClosed{
            .gap_id = make_id(3),
            .to = kNow + 1us,
            .opened = GapOpened{make_id(3), make_id(2), kNow, GapCause::disk_full, "滿"}
        },
        RunEnded{
            .run_id = make_id(1),
            .at = kNow,
            .cause = GapCause::shutdown,
            .started = RunStarted{make_id(1), make_id(2), kNow, false}
        },
        ConfigLoaded{.sha256 = std::string(64, 'a'), .summary = "16 cameras added"},
        Refused{.what = "/media/disk", .reason = "another installation's"},
        Started{.version = "0.1.0"},
        Stopped{.all_streams_ended = false},
        PowerChanged{
            .ups = "ups-1",
            .state = PowerState::battery_low,
            .at = kNow,
            .feeds_recorder = true,
            .feeds_locks = true,
            .charge_percent = 12.5,
            .detail = "OB LB"
        },
        PowerChanged{
            .ups = "ups-2",
            .state = PowerState::unknown,
            .at = kNow,
            .charge_percent = {},
            .detail = "DATA-STALE"
        },
    };
    for (const JournalFact& fact : facts) {
        const std::string text = to_text({.written = kNow, .fact = fact});
        CAPTURE(text);
        CHECK(text.ends_with('\n'));
        CHECK(std::ranges::count(text, '\n') == 1);
        const auto back = from_line(text);
        REQUIRE(back);
        CHECK(back->written == kNow);
        CHECK(back->fact.index() == fact.index());
        CHECK(to_text(*back) == text);
    }
}

TEST_CASE("words that are no UTF-8, too long, or no number still make a line that can be read", "[journal]") {
    const std::string odd = "broken \xff\xfe" + std::string(100'000, '\x02');
    const auto text = to_text({.written = kNow, .fact = Refused{.what = odd, .reason = odd}});
    CHECK(text.size() <= kJournalLineLimit);
    REQUIRE(from_line(text));
    std::string chinese;
    for (int i = 0; i < 5000; ++i)
        chinese += "車";
    const auto back = from_line(to_text({.written = kNow, .fact = Refused{.what = chinese, .reason = ""}}));
    REQUIRE(back);
    const std::string& cut = std::get<Refused>(back->fact).what;
    CHECK(cut.size() > 4000);
    CHECK(chinese.starts_with(cut));
    CHECK(cut.size() % 3 == 0);
    const double nan = std::numeric_limits<double>::quiet_NaN();
    RunEnded strange;
    strange.measured_fps = nan;
    strange.media_rate = nan;
    const auto ended = from_line(to_text({.written = kNow, .fact = strange}));
    REQUIRE(ended);
    CHECK(std::get<RunEnded>(ended->fact).measured_fps == 0);
}

TEST_CASE("the beginning of a line is no line", "[journal]") {
    const std::string whole = to_text(line_at(kNow, 1));
    for (std::size_t size = 0; size + 1 < whole.size(); ++size)
        CHECK_FALSE(from_line(whole.substr(0, size)));
}

TEST_CASE("a line that can't be understood is an error and never half a fact", "[journal]") {
    const std::string text = GENERATE(
        as<std::string>{},
        "null",
        "[]",
        "{}",
        "7",
        R"({"written":"2026-11-23T10:00:00Z"})",
        R"({"written":"2026-11-23T10:00:00Z","fact":"unheard_of"})",
        R"({"written":"2026-11-23T10:00:00Z","fact":"gap_closed","gap":7,"to":"2026-11-23T10:00:00Z"})",
        R"({"written":"2026-11-23T10:00:00Z","fact":"gap_closed","gap":"x","to":"2026-11-23T10:00:00Z"})",
        R"({"written":"2026-11-23T10:00:00Z","fact":"run_ended","run":"00000000-0000-0000-0000-000000000001","at":"2026-11-23T10:00:00Z","cause":"boredom","measured_fps":1,"media_rate":1})"
    );
    CAPTURE(text);
    const auto back = from_line(text);
    REQUIRE_FALSE(back);
    CHECK(back.error().remedy() == Remedy::abandon_file);
    CHECK_FALSE(from_line(std::string(kJournalLineLimit + 1, ' ')));
    CHECK_FALSE(from_line(std::string(kJournalLineLimit, '[')));
}

TEST_CASE("I13: lines go to the file of their UTC day with one sync a call", "[journal][disk]") {
    const TempFolder folder;
    FaultyFiles files{folder.path()};
    Journal journal{files, folder.path()};
    REQUIRE(append(journal, line_at(kNow, 1)));
    CHECK(files.count(Call::sync_data) == 1);
    const std::vector<JournalLine> more{line_at(kNow, 2), line_at(kNow, 3), line_at(kNow, 4)};
    REQUIRE(journal.append(more));
    CHECK(files.count(Call::sync_data) == 2);
    CHECK(files.count(Call::write) == 2);
    const std::vector<JournalLine> midnight{line_at(kNow + 13h, 5), line_at(kNow + 14h, 6)};
    REQUIRE(journal.append(midnight));
    CHECK(fs::exists(folder.path() / "journal/2026-11-23.jsonl"));
    CHECK(fs::exists(folder.path() / "journal/2026-11-24.jsonl"));
    CHECK(numbers_of(read(folder.path())) == std::vector<unsigned>{1, 2, 3, 4, 5, 6});
    REQUIRE(journal.append({}));
}

TEST_CASE("I13: what append confirmed survives a power cut at any step", "[journal][fault]") {
    for (const UnsyncedEntries entries : {UnsyncedEntries::gone, UnsyncedEntries::kept}) {
        for (const Unsynced unsynced : {Unsynced::gone, Unsynced::half, Unsynced::zeros}) {
            bool passed = false;
            for (std::size_t nth = 1; !passed; ++nth) {
                REQUIRE(nth < 60);
                CAPTURE(nth, static_cast<int>(unsynced), static_cast<int>(entries));
                const TempFolder folder;
                FaultyFiles files{folder.path()};
                files.die_at_nth_call(nth);
                unsigned confirmed = 0;
                {
                    Journal journal{files, folder.path()};
                    while (confirmed < 4 && append(journal, line_at(kNow + confirmed * 7h, confirmed + 1)))
                        ++confirmed;
                }
                passed = confirmed == 4;
                files.heal();
                files.power_cut(unsynced, entries);
                Journal journal{files, folder.path()};
                REQUIRE(append(journal, line_at(kNow + 24h, 99)));
                files.power_cut();
                const JournalBatch batch = read(folder.path());
                auto numbers = numbers_of(batch);
                REQUIRE_FALSE(numbers.empty());
                CHECK(numbers.back() == 99);
                numbers.pop_back();
                if (numbers.size() == confirmed + 1)
                    numbers.pop_back();  // written, not confirmed, kept by the disk
                std::vector<unsigned> expected(confirmed);
                std::ranges::iota_view<unsigned, unsigned> count{1, confirmed + 1};
                std::ranges::copy(count, expected.begin());
                CHECK(numbers == expected);
                CHECK(batch.unreadable <= 1);
            }
        }
    }
}

TEST_CASE("a torn last line is closed, counted, and hides no line after it", "[journal][disk]") {
    const TempFolder folder;
    FaultyFiles files{folder.path()};
    {
        Journal journal{files, folder.path()};
        REQUIRE(append(journal, line_at(kNow, 1)));
        files.fail_nth(Call::write, 1);  // leaves half of the line
        REQUIRE_FALSE(append(journal, line_at(kNow, 2)));
        REQUIRE(append(journal, line_at(kNow, 2)));  // the same journal, and the same lines again
    }
    const JournalBatch batch = read(folder.path());
    CHECK(numbers_of(batch) == std::vector<unsigned>{1, 2});
    CHECK(batch.unreadable == 1);
}

TEST_CASE("I4: after a failed sync the day goes on in another file", "[journal][fault]") {
    const TempFolder folder;
    FaultyFiles files{folder.path()};
    Journal journal{files, folder.path()};
    REQUIRE(append(journal, line_at(kNow, 1)));
    for (unsigned i = 2; i <= 12; ++i) {
        files.fail_nth(Call::sync_data, 1);
        const auto failed = append(journal, line_at(kNow, i));
        REQUIRE_FALSE(failed);
        CHECK(failed.error().remedy() == Remedy::abandon_file);
        REQUIRE(append(journal, line_at(kNow, i)));
    }
    CHECK(fs::exists(folder.path() / "journal/2026-11-23_02.jsonl"));
    CHECK(fs::exists(folder.path() / "journal/2026-11-23_12.jsonl"));
    REQUIRE(append(journal, line_at(kNow + 24h, 13)));
    CHECK(fs::exists(folder.path() / "journal/2026-11-24.jsonl"));
    files.power_cut();
    auto numbers = numbers_of(read(folder.path()));
    numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());  // a line may come twice
    CHECK(numbers == std::vector<unsigned>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13});
}

TEST_CASE("I5: a failed sync of the journal's folder stops the volume", "[journal][fault]") {
    const TempFolder folder;
    fs::create_directory(folder.path() / "journal");
    std::ofstream{folder.path() / "journal/other"} << "x";
    FaultyFiles files{folder.path()};
    files.fail_nth(Call::sync_directory, 1);
    Journal journal{files, folder.path()};
    const auto failed = append(journal, line_at(kNow, 1));
    REQUIRE_FALSE(failed);
    CHECK(failed.error().remedy() == Remedy::stop_volume);
}

TEST_CASE("a clock that ran back opens no file that a reader has left behind", "[journal][disk]") {
    const TempFolder folder;
    RealFiles files;
    Journal journal{files, folder.path()};
    REQUIRE(append(journal, line_at(kNow + 24h, 1)));
    const JournalPosition after = read(folder.path()).next;
    REQUIRE(append(journal, line_at(kNow, 2)));
    Journal restarted{files, folder.path()};
    REQUIRE(append(restarted, line_at(kNow, 3)));
    CHECK(numbers_of(read(folder.path(), after)) == std::vector<unsigned>{2, 3});
}

TEST_CASE("reading goes on where it stood, over files and in steps of any size", "[journal][disk]") {
    const TempFolder folder;
    RealFiles files;
    Journal journal{files, folder.path()};
    for (unsigned i = 0; i < 40; ++i)
        REQUIRE(append(journal, line_at(kNow + i * 3h, i)));
    const std::size_t limit = GENERATE(1U, 3U, 7U, 40U, 1000U);
    JournalPosition position;
    std::vector<unsigned> numbers;
    for (;;) {
        const JournalBatch batch = read(folder.path(), position, limit);
        CHECK(batch.lines.size() <= limit);
        if (batch.next == position) break;
        std::ranges::copy(numbers_of(batch), std::back_inserter(numbers));
        position = batch.next;
    }
    REQUIRE(numbers.size() == 40);
    CHECK(std::ranges::is_sorted(numbers));
    REQUIRE(append(journal, line_at(kNow + 200h, 77)));
    CHECK(numbers_of(read(folder.path(), position, limit)) == std::vector<unsigned>{77});
}

TEST_CASE(
    "a line on its way is waited for; in a file that has a successor it is passed over",
    "[journal][disk]"
) {
    const TempFolder folder;
    fs::create_directory(folder.path() / "journal");
    const std::string first = to_text(line_at(kNow, 1));
    const fs::path today = folder.path() / "journal/2026-11-23.jsonl";
    std::ofstream{today} << first << first.substr(0, 20);
    JournalBatch batch = read(folder.path());
    CHECK(batch.lines.size() == 1);
    CHECK(batch.unreadable == 0);
    CHECK(batch.next == JournalPosition{"2026-11-23.jsonl", first.size()});
    std::ofstream{folder.path() / "journal/2026-11-24.jsonl"} << to_text(line_at(kNow + 24h, 2));
    batch = read(folder.path(), batch.next);
    CHECK(numbers_of(batch) == std::vector<unsigned>{2});
    CHECK(batch.unreadable == 1);
    CHECK(batch.next.file == "2026-11-24.jsonl");
}

TEST_CASE(
    "endless lines, strange files and positions past the end cost nothing but their count",
    "[journal][disk]"
) {
    const TempFolder folder;
    fs::create_directories(folder.path() / "journal/2026-11-22.jsonl");  // a folder
    for (const char* name : {"journal/zzzz-zz-zz.jsonl", "journal/2026-11-23.jsonl.bak", "journal/notes"}) {
        std::ofstream{folder.path() / name} << to_text(line_at(kNow, 9));
    }
    const std::string line = to_text(line_at(kNow, 1));
    std::ofstream{folder.path() / "journal/2026-11-23.jsonl"} << line << std::string(300'000, 'x') << "\n"
                                                              << line << "\n"
                                                              << std::string(10, '\0') << "\n"
                                                              << line;
    const JournalBatch batch = read(folder.path());
    CHECK(batch.lines.size() == 3);
    CHECK(batch.unreadable == 3);
    CHECK(read(folder.path(), {"2026-11-23.jsonl", 1'000'000'000}).lines.empty());
    CHECK(read(folder.path(), {"2026-11-20.jsonl", 77}).lines.size() == 3);  // that file is gone
    CHECK(read(folder.path(), {"2027-01-01.jsonl", 0}).lines.empty());
    const TempFolder empty;
    CHECK(read(empty.path()).lines.empty());
}
