#include "storage/catalogue/calendar_repository.hpp"

#include "config/base/files.hpp"
#include "config/base/token.hpp"
#include "storage/calendar/office_csv.hpp"
#include "storage/catalogue/principal_repository.hpp"
#include "tests/pg/catalogue_site.hpp"

#include <filesystem>

namespace sluice::catalogue {
namespace {

using calendar::date_from;

struct Office {
    test::Database database;
    Pool owner{database.conninfo("sluice_super"), 1};
    Pool api{database.conninfo("sluice_api"), 2};
    ledger::Actor secretary{
        .id = need(create_person_token(owner, "王小明", {"secretariat"}, token_hash(make_token()), kStart))
                  .value()
                  .id,
        .name = "王小明",
        .role = "secretariat"
    };

    [[nodiscard]] CalendarImport import(const std::string& text) const {
        return {
            .table = calendar::parse_office_csv(text).value(),
            .sha256 = sha256(as_bytes(text)),
            .importer = secretary,
        };
    }
};

std::string published() {
    const auto path =
        std::filesystem::path{SLUICE_SOURCE_DIR} / "tests" / "data" / "office_calendar_2019.csv";
    return need(read_text_file(path, calendar::kMostCalendarBytes));
}

std::string with(std::string text, std::string_view from, std::string_view to) {
    text.replace(text.find(from), from.size(), to);
    return text;
}

constexpr UtcTime kAutumn = UtcTime{std::chrono::sys_days{std::chrono::year{2019} / 9 / 26}};

TEST_CASE("an imported year is the calendar of deadlines from its commit on", "[pg][calendar]") {
    Office office;
    CHECK(need(load_missing_years(office.api, kAutumn)) == std::vector<int>{2019});
    CHECK_FALSE(need(find_calendar_year(office.api, 2019)));
    CHECK(need(import_calendar(office.api, office.import(published()), kAutumn)));
    CHECK(need(load_missing_years(office.api, kAutumn)).empty());
    CHECK(need(load_missing_years(office.api, kAutumn + std::chrono::days{70})) == std::vector<int>{2020});
    const auto calendar = need(load_calendar(office.api, kAutumn));
    const auto start = calendar::taipei_date(kAutumn);
    CHECK(calendar::to_iso(calendar::due_date(start, 15, calendar).date) == "2019-10-14");
    const auto year = need(find_calendar_year(office.api, 2019));
    REQUIRE(year);
    CHECK(year->table == office.import(published()).table);
    CHECK(year->importer == "王小明");
}

TEST_CASE(
    "the same file twice is one import; another one stands instead and says what it changed",
    "[pg][calendar]"
) {
    Office office;
    CHECK(need(import_calendar(office.api, office.import(published()), kAutumn)));
    CHECK_FALSE(need(import_calendar(office.api, office.import(published()), kAutumn + 1s)));
    const auto corrected = with(published(), "20191011,五,2,調整放假", "20191011,五,0,");
    CHECK(need(import_calendar(office.api, office.import(corrected), kAutumn + 2s)));
    CHECK(need(load_calendar(office.api, kAutumn)).is_working_day(date_from("2019-10-11").value()));
    CHECK(office.database.query("SELECT count(*) FROM calendar_imports") == "2");
    CHECK(
        office.database.query("SELECT record::jsonb #>> '{facts,changes}' FROM ledger_records WHERE "
                              "record::jsonb ->> 'action' = "
                              "'calendar.imported' AND record::jsonb #> '{facts,changes}' IS NOT NULL"
        ) == R"(["2019-10-11: working day"])"
    );
}

TEST_CASE(
    "a typhoon day is decided by somebody and counts at once; the last decision counts",
    "[pg][calendar]"
) {
    Office office;
    CHECK(need(import_calendar(office.api, office.import(published()), kAutumn)));
    const auto place = [&](bool is_off, UtcTime now) {
        need(place_calendar_override(
            office.api,
            {.id = make_uuid_v7(now),
             .day = {.date = date_from("2019-10-14").value(), .is_off = is_off, .note = "颱風"},
             .approver = "市長",
             .placer = {},
             .placed = {}},
            office.secretary,
            now
        ));
    };
    const auto is_worked = [&] {
        return need(load_calendar(office.api, kAutumn)).is_working_day(date_from("2019-10-14").value());
    };
    place(true, kAutumn + 1h);
    CHECK_FALSE(is_worked());
    place(false, kAutumn + 2h);
    CHECK(is_worked());
    const auto rows = need(load_calendar_overrides(office.api, 2019));
    REQUIRE(rows.size() == 2);
    CHECK(rows[0].approver == "市長");
    CHECK(rows[0].placer == "王小明");
    CHECK(need(load_calendar_overrides(office.api, 2020)).empty());
}

TEST_CASE("the database itself takes no calendar that is not whole", "[pg][calendar][constraints]") {
    Office office;
    CalendarImport import = office.import(published());
    import.table.days.pop_back();
    const auto refused = import_calendar(office.api, import, kAutumn);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().remedy() == Remedy::refuse);
    CHECK(office.database.query("SELECT count(*) FROM calendar_imports") == "0");
    import = office.import(published());
    import.table.days.back().date += calendar::days{1};  // 2020-01-01
    CHECK_FALSE(import_calendar(office.api, import, kAutumn));
    CHECK(office.database.query("SELECT count(*) FROM calendar_days") == "0");
}

}  // namespace
}  // namespace sluice::catalogue
