#include "config/base/bytes.hpp"
#include "config/base/files.hpp"
#include "config/base/log.hpp"
#include "config/base/time.hpp"
#include "config/base/unique_fd.hpp"
#include "config/base/uuid.hpp"
#include "config/base/words.hpp"
#include "tests/support/temp_folder.hpp"

#include <array>
#include <filesystem>
#include <random>
#include <set>

#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>

using namespace sluice;
using namespace std::chrono_literals;

TEST_CASE("RFC 3339 times survive the round trip and sort as texts", "[time]") {
    std::mt19937_64 random{7};  // NOLINT(cert-msc51-cpp): a fixed seed makes a failure repeatable
    std::uniform_int_distribution<std::int64_t> any_time{0, 253'402'300'799'999'999};
    for (int i = 0; i < 2000; ++i) {
        const UtcTime a = from_epoch_us(any_time(random));
        const UtcTime b = from_epoch_us(any_time(random));
        const auto parsed = from_rfc3339(to_rfc3339(a));
        REQUIRE(parsed);
        REQUIRE(*parsed == a);
        REQUIRE((a < b) == (to_rfc3339(a) < to_rfc3339(b)));
    }
}

TEST_CASE("RFC 3339 takes offsets, fractions and blanks, and refuses the rest", "[time]") {
    const auto reference = from_rfc3339("2019-10-02T10:00:00Z");
    REQUIRE(reference);
    CHECK(to_epoch_us(*reference) == 1'570'010'400'000'000);
    for (const char* same :
         {"2019-10-02T18:00:00+08:00", "2019-10-02 10:00:00.000000000z", "2019-10-02t08:30:00-01:30"}) {
        CHECK(from_rfc3339(same) == reference);
    }
    for (const char* wrong :
         {"",
          "2019-10-02",
          "2019-02-29T00:00:00Z",
          "2019-10-02T24:00:00Z",
          "2019-10-02T10:00:60Z",
          "2019-10-02T10:00:00",
          "2019-10-02T10:00:00Zx",
          "2019-10-02T10:00:00.Z",
          "2019-10-02T10:00:00+0800",
          "1969-12-31T23:59:59Z",
          "2019-10-02T10:00:00.1234567890Z",
          "２０19-10-02T10:00:00Z"}) {
        INFO(wrong);
        CHECK_FALSE(from_rfc3339(wrong));
    }
}

TEST_CASE("a range holds its start and not its end", "[time]") {
    const UtcTime zero{};
    const TimeRange range{zero + 10s, zero + 20s};
    CHECK(range.contains(zero + 10s));
    CHECK_FALSE(range.contains(zero + 20s));
    CHECK_FALSE(range.overlaps({zero + 20s, zero + 30s}));
    CHECK(range.clamp({zero + 15s, zero + 30s}) == TimeRange{zero + 15s, zero + 20s});
    CHECK(range.clamp({zero + 30s, zero + 40s}).is_empty());
}

TEST_CASE("a new id says its millisecond and its version, and none comes twice", "[uuid]") {
    std::set<Uuid> seen;
    const UtcTime now = from_epoch_us(1'570'010'400'123'456);
    for (int i = 0; i < 10'000; ++i) {
        const Uuid id = make_uuid_v7(now);
        CHECK((id.bytes[6] >> 4U) == 7);
        CHECK((id.bytes[8] >> 6U) == 2);
        seen.insert(id);
    }
    CHECK(seen.size() == 10'000);
    CHECK(to_string(*seen.begin()).substr(0, 13) == "016d8be9-857b");
    CHECK(make_uuid_v7(now) < make_uuid_v7(now + 1ms));
    CHECK(uuid_from_string(to_string(*seen.begin())) == *seen.begin());
    CHECK_FALSE(uuid_from_string("016d8c0b-d93b-7000-8000-00000000000"));
    CHECK_FALSE(uuid_from_string("016d8c0bd93b-7000-8000-000000000000-"));
}

TEST_CASE("a log line is one JSON object whatever the fields hold", "[log]") {
    const std::string line = log::to_json_line(
        "2026-11-23T00:00:00Z",
        "test",
        log::Level::warn,
        "event_name",
        {{"camera", "迎賓車道左側"},
         {"text", "a\"b\\c\nd\x01"},
         {"broken", "\xff\xc0\xaf ok"},
         {"bytes", 7},
         {"flag", true}}
    );
    CHECK(
        line ==
        "{\"time\":\"2026-11-23T00:00:00Z\",\"level\":\"warn\",\"program\":\"test\",\"event\":\"event_name\","
        "\"camera\":\"迎賓車道左側\","
        "\"text\":\"a\\\"b\\\\c\\u000ad\\u0001\",\"broken\":\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD "
        "ok\",\"bytes\":7,\"flag\":true}"
    );
}

TEST_CASE("I20: an address in the log has neither user nor query", "[log]") {
    CHECK(
        log::redact_url("rtsp://admin:p@ss@192.0.2.1:554/a?channel=1&token=x") ==
        "rtsp://***@192.0.2.1:554/a?…"
    );
    CHECK(log::redact_url("rtsp://192.0.2.1/a@b") == "rtsp://192.0.2.1/a@b");
    CHECK(log::redact_url("nonsense") == "nonsense");
}

TEST_CASE("SHA-256 in pieces is SHA-256 of the whole", "[bytes]") {
    Sha256 hash;
    hash.update(as_bytes("a"));
    const Sha256Digest early = hash.digest();
    hash.update(as_bytes("bc"));
    CHECK(to_hex(hash.digest()) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(early == sha256(as_bytes("a")));
    CHECK(from_hex("0aFF") == Bytes{0x0a, 0xff});
    CHECK_FALSE(from_hex("0a0"));
    CHECK_FALSE(from_hex("0g"));
}

TEST_CASE("every word reads back as itself", "[words]") {
    for (int i = 0; i <= static_cast<int>(GapCause::unknown); ++i) {
        const auto cause = static_cast<GapCause>(i);
        CHECK_FALSE(to_string(cause).empty());
        CHECK(gap_cause_from(to_string(cause)) == cause);
    }
    CHECK_FALSE(gap_cause_from("Shutdown"));
    CHECK(stream_kind_from("sub") == StreamKind::sub);
    CHECK(codec_from("h265") == Codec::h265);
}

TEST_CASE("replacing a file leaves the new content with the asked mode and no second file", "[disk]") {
    const test::TempFolder temporary;
    const std::filesystem::path& folder = temporary.path();
    REQUIRE(replace_file(folder / "state.json", "one", 0600));
    REQUIRE(replace_file(folder / "state.json", "two", 0640));
    CHECK(read_text_file(folder / "state.json", 100) == "two");
    CHECK(std::filesystem::status(folder / "state.json").permissions() == std::filesystem::perms{0640});
    CHECK(std::distance(std::filesystem::directory_iterator{folder}, {}) == 1);
    CHECK_FALSE(read_text_file(folder / "state.json", 2));
    CHECK_FALSE(replace_file(folder / "missing" / "x", "y", 0600));
}

TEST_CASE("replacing a file does not follow a link planted under its temporary name", "[disk]") {
    const test::TempFolder temporary;
    const std::filesystem::path& folder = temporary.path();
    REQUIRE(replace_file(folder / "victim", "precious", 0600));
    std::filesystem::create_symlink(folder / "victim", folder / "state.json.new");
    REQUIRE(replace_file(folder / "state.json", "state", 0644));
    CHECK(read_text_file(folder / "victim", 100) == "precious");
    CHECK(read_text_file(folder / "state.json", 100) == "state");
}

TEST_CASE("a log that nobody reads costs its lines and never the caller", "[log]") {
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    const UniqueFd reader{ends[0]};
    const UniqueFd writer{ends[1]};
    const UniqueFd terminal{::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)};
    REQUIRE(::dup2(writer.get(), STDERR_FILENO) == STDERR_FILENO);
    const std::string text(1000, 'x');
    for (int i = 0; i < 200; ++i)  // three times what a pipe holds; a write that waited would never end
        log::error("nobody_listens", {{"text", text}});
    REQUIRE(::dup2(terminal.get(), STDERR_FILENO) == STDERR_FILENO);
    std::array<char, 64> line{};
    CHECK(::read(reader.get(), line.data(), line.size()) > 0);
}
