#include "config/base/files.hpp"
#include "storage/calendar/office_csv.hpp"
#include "tests/integration/api_stage.hpp"

#include <filesystem>

#include <nlohmann/json.hpp>

namespace sluice::test {
namespace {

using nlohmann::json;

struct Office : ApiStage {
    Office() {
        start();
        keeper = authorization_of("王秘書", "secretariat");
    }
    [[nodiscard]] Reply
    send(const std::string& target, const std::string& body, const std::string& type = "text/csv") {
        return fetch(port(), "POST", target, {keeper, "Content-Type: " + type}, body);
    }
    [[nodiscard]] json read(const std::string& target) {
        return json::parse(fetch(port(), "GET", target, {keeper}).body);
    }
    std::string keeper;
};

std::string published(const char* name = "office_calendar_2019.csv") {
    const auto path = std::filesystem::path{SLUICE_SOURCE_DIR} / "tests" / "data" / name;
    return read_text_file(path, calendar::kMostCalendarBytes).value();
}

TEST_CASE(
    "a calendar is tried, imported once, and read as deadlines see it",
    "[api][calendar][integration]"
) {
    Office office;
    const json before = office.read("/v1/calendar?year=2019");
    CHECK(before["import"] == nullptr);
    CHECK(before["days"][282] == json{{"date", "2019-10-10"}, {"is_working_day", true}, {"note", ""}});

    const Reply tried = office.send("/v1/calendar/imports?dry_run=true", published());
    REQUIRE(tried.status == 200);
    CHECK(json::parse(tried.body)["days_off"] == 115);
    CHECK(office.read("/v1/calendar?year=2019")["import"] == nullptr);

    CHECK(office.send("/v1/calendar/imports", published("office_calendar_2019_big5.csv")).status == 201);
    CHECK(office.send("/v1/calendar/imports", published("office_calendar_2019_big5.csv")).status == 200);
    const json after = office.read("/v1/calendar?year=2019");
    CHECK(after["import"]["by"] == "王秘書");
    CHECK(after["days"].size() == 365);
    CHECK(after["days"][282] == json{{"date", "2019-10-10"}, {"is_working_day", false}, {"note", "國慶日"}});

    const json typhoon{
        {"date", "108-10-14"}, {"is_working_day", false}, {"reason", "颱風"}, {"approver", "市長"}
    };
    const Reply placed = office.send("/v1/calendar/overrides", typhoon.dump(), "application/json");
    REQUIRE(placed.status == 201);
    CHECK(json::parse(placed.body)["date"] == "2019-10-14");
    const json last = office.read("/v1/calendar?year=2019");
    CHECK(last["days"][286]["is_working_day"] == false);
    CHECK(last["overrides"][0]["approver"] == "市長");
    CHECK(
        office.database.query("SELECT string_agg(action, ' ' ORDER BY filed_at) FROM ledger_records WHERE "
                              "action LIKE 'calendar.%'") == "calendar.imported calendar.overridden"
    );
}

TEST_CASE(
    "what is no calendar is refused with every fault, and nothing is kept",
    "[api][calendar][integration]"
) {
    Office office;
    std::string wrong = published();
    wrong.replace(wrong.find("20191010,四"), std::string_view{"20191010,四"}.size(), "20191010,五");
    const Reply refused = office.send("/v1/calendar/imports", wrong);
    REQUIRE(refused.status == 422);
    const json problem = json::parse(refused.body);
    CHECK(problem["code"] == "CALENDAR_INVALID");
    CHECK(problem["faults"][0]["line"] == 284);
    CHECK(problem["faults"][1]["line"] == nullptr);
    CHECK(office.read("/v1/calendar?year=2019")["import"] == nullptr);
    CHECK(office.send("/v1/calendar/imports", published(), "application/json").status == 415);
    const auto override_with = [&](const json& body) {
        return office.send("/v1/calendar/overrides", body.dump(), "application/json").status;
    };
    const json good{{"date", "2019-10-14"}, {"is_working_day", false}, {"reason", "x"}, {"approver", "y"}};
    for (const char* missing : {"date", "is_working_day", "reason", "approver"}) {
        CAPTURE(missing);
        json body = good;
        body.erase(missing);
        CHECK(override_with(body) >= 400);
    }
    json body = good;
    body["date"] = "2019-02-29";
    CHECK(override_with(body) == 422);
    const std::string guard = office.authorization_of("警衛", "guard");
    CHECK(
        fetch(office.port(), "POST", "/v1/calendar/imports", {guard, "Content-Type: text/csv"}, published())
            .status == 403
    );
    CHECK(fetch(office.port(), "GET", "/v1/calendar?year=1911", {office.keeper}).status == 400);
    CHECK(fetch(office.port(), "GET", "/v1/calendar?year=2019x", {office.keeper}).status == 400);
}

}  // namespace
}  // namespace sluice::test
