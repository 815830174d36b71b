#include "daemon/ups/protocol.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::ups;
using namespace std::chrono_literals;

namespace {

using Lines = std::vector<std::string>;

Lines answer(const std::string& status) {
    return {
        "BEGIN LIST VAR ups1",
        "VAR ups1 battery.charge \"87.5\"",
        "VAR ups1 battery.runtime \"14400\"",
        "VAR ups1 device.mfr \"A \\\"quoted\\\" maker \\\\ more\"",
        "VAR ups1 ups.status \"" + status + "\"",
        "END LIST VAR ups1",
    };
}

}  // namespace

TEST_CASE("a line's words may stand in quotes, with a backslash before what would end them", "[ups]") {
    CHECK(
        split_words("VAR ups1 ups.status \"OL CHRG\"").value() ==
        Lines{"VAR", "ups1", "ups.status", "OL CHRG"}
    );
    CHECK(split_words("  a   b \r\n").value() == Lines{"a", "b"});
    CHECK(split_words("\"\" \"a\\\"b\\\\\"").value() == Lines{"", "a\"b\\"});
    CHECK(split_words("").value().empty());
    CHECK_FALSE(split_words("VAR \"never ends"));
    CHECK_FALSE(split_words(std::string(kLineLimit + 1, 'a')));
    for (const std::string word : {"ups1", "two words", "a\"b", "back\\slash", ""})
        CHECK(split_words(quote(word)).value() == Lines{word});
}

TEST_CASE("an answer's variables become a reading, and what is not known is passed over", "[ups]") {
    const auto reading = read_list("ups1", answer("OL CHRG"));
    REQUIRE(reading);
    CHECK(*reading == Reading{.words = "OL CHRG", .charge_percent = 87.5, .runtime = 14400s});
    const auto bare =
        read_list("ups1", Lines{"BEGIN LIST VAR ups1", "VAR ups1 ups.status \"OB\"", "END LIST VAR ups1"});
    REQUIRE(bare);
    CHECK(*bare == Reading{.words = "OB"});
}

TEST_CASE("a number of the UPS that is none is no number here", "[ups]") {
    for (const std::string odd : {"", "NA", "-1", "1e999", "nan", "87.5%", "1e12"}) {
        const auto reading = read_list(
            "ups1",
            Lines{
                "BEGIN LIST VAR ups1",
                "VAR ups1 battery.runtime \"" + odd + "\"",
                "VAR ups1 ups.status \"OL\"",
                "END LIST VAR ups1"
            }
        );
        CAPTURE(odd);
        REQUIRE(reading);
        CHECK_FALSE(reading->runtime);
    }
}

TEST_CASE("an answer that is cut, of another unit, or an error is no reading and says why", "[ups]") {
    Lines cut = answer("OL");
    cut.pop_back();
    CHECK_FALSE(read_list("ups1", cut));
    CHECK_FALSE(read_list("ups2", answer("OL")));
    CHECK_FALSE(read_list("ups1", Lines{}));
    CHECK_FALSE(read_list("ups1", Lines{"HTTP/1.1 400 Bad Request"}));
    CHECK_FALSE(read_list("ups1", Lines{"BEGIN LIST VAR ups1", "END LIST VAR ups1"}));
    Lines other = answer("OL");
    other.insert(other.begin() + 1, "VAR ups2 ups.status \"OL\"");
    CHECK_FALSE(read_list("ups1", other));
    const auto says = [](const char* line) { return read_list("ups1", Lines{line}).error().message(); };
    CHECK(says("ERR UNKNOWN-UPS").find("no unit of that name") != std::string::npos);
    CHECK(says("ERR DATA-STALE").find("lost the UPS") != std::string::npos);
    CHECK(says("ERR DRIVER-NOT-CONNECTED").find("driver does not run") != std::string::npos);
    CHECK(says("ERR").find("ERR") != std::string::npos);
    CHECK(read_consent("OK"));
    CHECK(read_consent("OK Goodbye\r"));
    CHECK_FALSE(read_consent("BEGIN"));
    CHECK_FALSE(read_consent(""));
    CHECK(read_consent("ERR ACCESS-DENIED").error().message().find("password") != std::string::npos);
}

TEST_CASE("the words of ups.status say what feeds the machine", "[ups]") {
    struct Row {
        const char* words;
        PowerState state;
    };
    const Row rows[] = {
        {"OL", PowerState::mains},
        {"OL CHRG", PowerState::mains},
        {"OL LB", PowerState::mains},  // back on line, the battery still empty
        {"OL BYPASS", PowerState::mains},
        {"ALARM OL RB", PowerState::mains},
        {"OB", PowerState::battery},
        {"OB DISCHRG", PowerState::battery},
        {"OB LB", PowerState::battery_low},
        {"LB OB", PowerState::battery_low},
        {"OL OB", PowerState::battery},
        {"FSD OL", PowerState::battery_low},
        {"FSD OB LB", PowerState::battery_low},
        {"OFF", PowerState::unknown},
        {"WAIT", PowerState::unknown},
        {"OLB", PowerState::unknown},
        {"", PowerState::unknown},
        {"\"", PowerState::unknown},
    };
    for (const Row& row : rows) {
        CAPTURE(row.words);
        CHECK(judge(row.words) == row.state);
    }
}
