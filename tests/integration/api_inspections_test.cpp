#include "config/base/files.hpp"
#include "storage/calendar/date.hpp"
#include "storage/calendar/office_csv.hpp"
#include "tests/integration/office_stage.hpp"

#include <filesystem>

namespace sluice::test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

/// At a time of a day of October 2019 in Taiwan, with the office calendar of the year.
struct October : OfficeStage {
    October() {
        const auto path =
            std::filesystem::path{SLUICE_SOURCE_DIR} / "tests" / "data" / "office_calendar_2019.csv";
        const std::string table = read_text_file(path, calendar::kMostCalendarBytes).value();
        REQUIRE(
            fetch(port(), "POST", "/v1/calendar/imports", {secretary, "Content-Type: text/csv"}, table)
                .status == 201
        );
    }
    void set(const char* day, Microseconds time) {
        clock.set(calendar::start_of(*calendar::date_from(day)) + time);
    }
    [[nodiscard]] Reply fill(
        const std::string& who,
        const char* day,
        const json& answers,
        std::vector<std::string> headers = {}
    ) const {
        return send(who, "PUT", std::string{"/v1/inspections/"} + day, answers, std::move(headers));
    }
};

const json kAllWell{
    {"access_works", true},
    {"access_had_problem", false},
    {"cctv_works", true},
    {"cctv_had_problem", false}
};

json with(const json& base, const json& more) {
    json made = base;
    made.update(more);
    return made;
}

TEST_CASE(
    "a day is due at 08:30, filled once, and corrected beside what was there",
    "[api][inspections][integration]"
) {
    October office;
    office.set("2019-10-02", 8h);
    CHECK(office.read("/v1/inspections/2019-10-02")["state"] == "due");
    office.set("2019-10-02", 8h + 30min);
    CHECK(office.read("/v1/inspections/108-10-02")["state"] == "late");
    CHECK(office.fill(office.colleague, "2019-10-02", kAllWell).status == 201);
    CHECK(office.fill(office.colleague, "2019-10-02", kAllWell).status == 200);  // the same again
    const json filled = office.read("/v1/inspections/2019-10-02");
    CHECK(filled["state"] == "filled_late");
    CHECK(filled["entry"]["by"] == "李秘書");
    CHECK(filled["entry"]["access"]["marks"] == json{{"works", "√"}, {"problem", "√"}});
    CHECK(filled["versions"].size() == 1);

    const json fault =
        with(kAllWell, {{"cctv_had_problem", true}, {"remark", "鏡頭模糊"}, {"reason", "漏填"}});
    CHECK(
        OfficeStage::refusal_of(office.fill(office.secretary, "2019-10-02", fault)) == "428 IF_MATCH_NEEDED"
    );
    CHECK(office.fill(office.secretary, "2019-10-02", fault, {"If-Match: \"7\""}).status == 412);
    CHECK(
        OfficeStage::refusal_of(
            office.fill(office.secretary, "2019-10-02", with(fault, {{"reason", ""}}), {"If-Match: \"1\""})
        ) == "422 MEMBER_MISSING reason"
    );
    CHECK(office.fill(office.secretary, "2019-10-02", fault, {"If-Match: \"1\""}).status == 200);
    const json corrected = office.read("/v1/inspections/2019-10-02");
    CHECK(corrected["versions"].size() == 2);
    CHECK(corrected["versions"][0]["by"] == "李秘書");
    CHECK(corrected["entry"]["cctv"]["marks"]["problem"] == "×");
    CHECK(corrected["entry"]["reason"] == "漏填");

    const json tickets = office.read("/v1/repairs?state=open");
    REQUIRE(tickets["items"].size() == 1);
    CHECK(tickets["items"][0]["source"] == "inspection:2019-10-02:cctv");
    CHECK(tickets["items"][0]["detail"] == "鏡頭模糊");
    CHECK(
        office.database.query("SELECT string_agg(action, ' ' ORDER BY filed_at) FROM ledger_records WHERE "
                              "action LIKE 'inspection.%'") == "inspection.filled inspection.corrected"
    );
}

TEST_CASE(
    "a sheet that is not whole or not possible is refused with its cure",
    "[api][inspections][integration]"
) {
    October office;
    office.set("2019-10-02", 8h);
    const auto refused = [&](const json& answers) {
        return OfficeStage::refusal_of(office.fill(office.secretary, "2019-10-02", answers));
    };
    CHECK(refused(with(kAllWell, {{"access_works", false}})) == "422 INSPECTION_REMARK_MISSING remark");
    CHECK(
        refused(with(kAllWell, {{"cctv_had_problem", true}, {"remark", "  "}})) ==
        "422 INSPECTION_REMARK_MISSING remark"
    );
    CHECK(refused(with(kAllWell, {{"cctv_works", "yes"}})) == "400 INVALID_MEMBER cctv_works");
    json three = kAllWell;
    three.erase("cctv_had_problem");
    CHECK(refused(three) == "422 MEMBER_MISSING cctv_had_problem");
    CHECK(
        OfficeStage::refusal_of(office.fill(office.secretary, "2019-10-03", kAllWell)) ==
        "422 INSPECTION_NOT_YET"
    );
    CHECK(office.fill(office.secretary, "2019-02-29", kAllWell).status == 404);
    CHECK(office.fill(office.guard, "2019-10-02", kAllWell).status == 403);
    CHECK(office.status_as(office.guard, "/v1/inspections/2019-10-02") == 403);
    CHECK(office.read("/v1/repairs")["items"].empty());
}

TEST_CASE(
    "a √ without any footage of the day is a discrepancy, also on a day off",
    "[api][inspections][integration]"
) {
    October office;
    office.set("2019-10-10", 12h);
    const json before = office.read("/v1/inspections/2019-10-10");
    CHECK(before["state"] == "day_off");
    CHECK(before["evidence"]["cctv_ok"] == false);
    CHECK(before["evidence"]["access_ok"] == nullptr);
    CHECK(before["discrepancies"].empty());  // nobody has said anything
    CHECK(office.fill(office.secretary, "2019-10-10", kAllWell).status == 201);
    const json after = office.read("/v1/inspections/2019-10-10");
    CHECK(after["state"] == "filled");
    CHECK(after["discrepancies"] == json{"cctv"});
}

TEST_CASE(
    "a month is closed by its head when it is over, and printed as the form is",
    "[api][inspections][integration]"
) {
    October office;
    office.set("2019-10-02", 8h);
    REQUIRE(office.fill(office.secretary, "2019-10-02", kAllWell).status == 201);
    const auto close = [&](const std::string& who) {
        return office.post(who, "/v1/inspection-months/2019-10/close", json::object());
    };
    CHECK(OfficeStage::code_of(close(office.head)) == "MONTH_NOT_OVER");
    office.set("2019-11-01", 9h);
    CHECK(close(office.secretary).status == 403);
    CHECK(OfficeStage::code_of(close(office.person("他單位主管", {"unit_head"}))) == "ROLE_NOT_ALLOWED");
    const Reply closed = close(office.head);
    REQUIRE(closed.status == 200);
    const json month = json::parse(closed.body);
    CHECK(office.read("/v1/inspection-months/2019-10") == month);
    CHECK(month["closed"]["by"] == "陳主任");
    CHECK(month["days"].size() == 31);
    CHECK(month["days"][1]["state"] == "filled");
    CHECK(month["days"][9]["state"] == "day_off");
    CHECK(month["closed"]["missed"].size() == 21);  // 22 working days
    CHECK(close(office.head).status == 200);        // once is enough
    CHECK(OfficeStage::code_of(office.fill(office.secretary, "2019-10-03", kAllWell)) == "MONTH_CLOSED");
    const Reply html =
        fetch(office.port(), "GET", "/v1/inspection-months/2019-10/sheet.html", {office.auditor});
    CHECK(html.header("content-type").starts_with("text/html"));
    CHECK(html.body.find("當天是否正常運作") != std::string::npos);
    CHECK(html.body.find("陳主任") != std::string::npos);
    const Reply pdf =
        fetch(office.port(), "GET", "/v1/inspection-months/2019-10/sheet.pdf", {office.auditor});
    CHECK(pdf.body.starts_with("%PDF"));
    CHECK(office.status_as(office.secretary, "/v1/inspection-months/2019-13") == 404);
}

}  // namespace
}  // namespace sluice::test
