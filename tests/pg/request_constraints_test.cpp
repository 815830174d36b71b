#include "config/base/token.hpp"
#include "storage/catalogue/principal_repository.hpp"
#include "tests/pg/catalogue_site.hpp"

#include <pqxx/pqxx>

namespace sluice::catalogue {
namespace {

/// Statements as superuser: rights are not in question here, only what a row may be.
struct CaseTables {
    Site site;
    Pool owner{site.database.conninfo("sluice_super"), 1};
    std::string person = quoted(
        need(create_person_token(owner, "秘書", {"secretariat"}, token_hash(make_token()), kStart)).value().id
    );
    std::string camera = quoted(site.inventory.cameras[0].id);
    std::string request = quoted(make_uuid_v7(kStart));

    CaseTables() {
        site.database.execute(
            "INSERT INTO requests (id, channel, kind, state, state_since, applicant, unit, cameras, from_at, "
            "to_at, "
            "form, entered_by, enterer, created_at, submitted_at) VALUES (" +
            request + ", 'external', 'view', 'submitted', '2026-11-23 10:00Z', '王小明', '-', ARRAY[" +
            camera + "]::uuid[], '2026-11-22 10:00Z', '2026-11-22 10:20Z', '{}', " + person +
            ", '秘書', '2026-11-23 09:00Z', '2026-11-23 10:00Z')"
        );
    }
    static std::string quoted(const Uuid& id) { return "'" + to_string(id) + "'"; }

    /// Name of the constraint that refuses it, or the whole text of another complaint; "" when nothing does.
    [[nodiscard]] std::string refusal(const std::string& sql) const {
        try {
            site.database.execute(sql);
            return "";
        } catch (const pqxx::sql_error& error) {
            return constraint_of(error);
        }
    }
    [[nodiscard]] std::string set(const std::string& columns) const {
        return refusal("UPDATE requests SET " + columns + " WHERE id = " + request);
    }
    [[nodiscard]] std::string accept(const std::string& at = "2026-11-23 11:00Z") const {
        return refusal(
            "DO $$ DECLARE number text; BEGIN number := open_dossier(" + request + ", '{}', " + person +
            ", '秘書', '" + at + "'); UPDATE requests SET state = 'accepted', state_since = '" + at +
            "', handler_id = " + person + ", handler = '秘書', accepted_at = '" + at +
            "', policy_version = 1, dossier_number = number WHERE id = " + request + "; END $$"
        );
    }
    /// Of the accepted case: a line of the register, and the state that goes with it.
    [[nodiscard]] std::string enter(const std::string& entry, const std::string& state, const std::string& at)
        const {
        return refusal(
            "DO $$ BEGIN PERFORM add_register_entry('115/000001', '" + entry + "', '{}', NULL, 'x', '" + at +
            "'); UPDATE requests SET state = '" + state + "', state_since = '" + at +
            "', decision = '{}', decided_at = '" + at + "' WHERE id = " + request + "; END $$"
        );
    }
    [[nodiscard]] std::string end(const std::string& state, const std::string& at) const {
        return enter(state, state, at);
    }
    /// In `appealed`, from a state that it need not have had.
    void appeal(const std::string& from) const {
        site.database.execute(
            "INSERT INTO request_events (id, request_id, at, action, from_state, to_state, part, principal) "
            "VALUES "
            "(gen_random_uuid(), " +
            request + ", now(), 'appeal', '" + from + "', 'appealed', 'handler', '秘書')"
        );
        REQUIRE(set("state = 'appealed', state_since = '2026-11-25 10:00Z'").empty());
    }
};

TEST_CASE("a request is asked for to the minute, whole once it is submitted", "[pg][request]") {
    const CaseTables tables;
    CHECK(tables.set("from_at = '2026-11-22 10:00:01Z'") == "requests_interval");
    CHECK(tables.set("to_at = from_at") == "requests_interval");
    CHECK(tables.set("unit = ''") == "requests_submitted_whole");
    CHECK(tables.set("cameras = '{}'") == "requests_submitted_whole");
    CHECK(tables.set("state = 'draft', unit = ''").empty());
    CHECK(tables.set("state = 'deciding'") == "requests_dossier_before_more");
}

TEST_CASE("nothing goes on without a dossier, which an acceptance alone opens", "[pg][request][article8]") {
    const CaseTables tables;
    CHECK(tables.set("state = 'screening'") == "requests_dossier_before_more");
    CHECK(tables.set("handler = '秘書'") == "requests_accepted_whole");
    CHECK(tables.accept().empty());
    CHECK(tables.site.database.query("SELECT number FROM dossiers") == "115/000001");
    CHECK(tables.site.database.query("SELECT kind || line FROM register_entries") == "opened1");
    // A second time it is not submitted any more; and what it was accepted with stays.
    CHECK_FALSE(tables.accept().empty());
    CHECK_FALSE(tables
                    .set("policy_version = NULL, handler = NULL, handler_id = NULL, accepted_at = NULL, "
                         "dossier_number = NULL, state = 'draft'")
                    .empty());
    CHECK_FALSE(tables.set("to_at = to_at + interval '1 hour'").empty());
}

TEST_CASE("a dossier's number is of the year in Taiwan", "[pg][request][article8]") {
    const CaseTables tables;
    CHECK(tables.accept("2026-12-31 16:00Z").empty());  // midnight in Taipei
    CHECK(tables.site.database.query("SELECT number FROM dossiers") == "116/000001");
}

TEST_CASE("what stands in register and history is changed by nobody", "[pg][request][article9]") {
    const CaseTables tables;
    CHECK(tables.accept().empty());
    tables.site.database.execute(
        "INSERT INTO request_events (id, request_id, at, action, to_state, part, principal) VALUES "
        "(gen_random_uuid(), " +
        tables.request + ", now(), 'accept', 'accepted', 'handler', '秘書')"
    );
    for (const char* sql :
         {"UPDATE register_entries SET facts = '{\"x\":1}'",
          "DELETE FROM register_entries",
          "UPDATE request_events SET principal = 'x'",
          "DELETE FROM request_events",
          "UPDATE dossiers SET opened_at = now()",
          "DELETE FROM dossiers"}) {
        CAPTURE(sql);
        CHECK_FALSE(tables.refusal(sql).empty());
    }
}

TEST_CASE(
    "a case does not end without its line in the register, nor is anything granted without a grant",
    "[pg][request][article9]"
) {
    const CaseTables tables;
    CHECK(tables.accept().empty());
    const std::string decided =
        ", decision = '{}', decided_at = '2026-11-24 10:00Z', state_since = '2026-11-24 10:00Z'";
    for (const char* state : {"completed", "refused", "not_held", "withdrawn", "lapsed", "revoked"}) {
        CAPTURE(state);
        CHECK_THAT(tables.set(std::string{"state = '"} + state + "'" + decided), Catch::Contains("no entry"));
    }
    for (const char* state : {"granted", "granted_partial", "scheduled", "in_session"}) {
        CAPTURE(state);
        CHECK_THAT(
            tables.set(std::string{"state = '"} + state + "'" + decided),
            Catch::Contains("nothing is granted")
        );
    }
    CHECK_THAT(tables.set("state = 'closed'"), Catch::Contains("no entry"));
    CHECK(tables.end("refused", "2026-11-24 10:00Z").empty());
    CHECK(tables.set("state = 'closed'").empty());
}

TEST_CASE(
    "what a decision in part has refused is entered when the appeal against it fails",
    "[pg][request][article9]"
) {
    const CaseTables tables;
    REQUIRE(tables.accept().empty());
    // An earlier refusal that was remanded says nothing of this decision.
    REQUIRE(tables.end("refused", "2026-11-24 10:00Z").empty());
    tables.appeal("refused");
    tables.appeal("granted_partial");
    const std::string at = "2026-11-26 10:00Z";
    const std::string closed = "state = 'closed', state_since = '" + at + "'";
    CHECK_THAT(tables.set(closed), Catch::Contains("no entry"));
    CHECK_THAT(tables.enter("completed", "closed", at), Catch::Contains("no entry"));
    SECTION("then it is closed") {
        CHECK(tables.enter("refused", "closed", at).empty());
    }
    SECTION("a refusal that was upheld has its line from before") {
        tables.appeal("refused");
        CHECK(tables.set(closed).empty());
    }
}

TEST_CASE("one person signs once in a chain, and a grant stays inside what was asked", "[pg][request]") {
    const CaseTables tables;
    const auto sign = [&](const char* seat) {
        return tables.refusal(
            "INSERT INTO request_signatures (request_id, chain, round, seat, signer_id, signer, signed_at) "
            "VALUES (" +
            tables.request + ", 'a', 1, '" + seat + "', " + tables.person + ", '秘書', now())"
        );
    };
    CHECK(sign("applicant").empty());
    CHECK(sign("unit_head") == "request_signatures_person_once");
    CHECK(
        tables.refusal(
            "INSERT INTO request_opinions (request_id, round, part, stance, giver_id, giver, given_at) "
            "VALUES (" +
            tables.request + ", 1, 'ethics', 'object', " + tables.person + ", '政風', now())"
        ) == "request_opinions_objection_grounded"
    );
    const auto grant = [&](const char* id) {
        return tables.refusal(
            std::string{
                "INSERT INTO grants (id, request_id, kind, decided_at, valid_to, is_masked, decider_id, "
                "decider) VALUES ('00000000-0000-4000-8000-00000000000"
            } +
            id + "', " + tables.request + ", 'view', '2026-11-24', '2026-12-24', false, " + tables.person +
            ", '局長')"
        );
    };
    CHECK(grant("1").empty());
    CHECK_THAT(grant("2"), Catch::Contains("grants_one_in_force"));
    CHECK(
        tables.refusal(
            "INSERT INTO grant_items (grant_id, camera_id, stream, asked_from, asked_to, from_at, to_at) "
            "VALUES "
            "('00000000-0000-4000-8000-000000000001', " +
            tables.camera +
            ", 'main', '2026-11-22 10:00Z', '2026-11-22 10:20Z', '2026-11-22 09:59:58Z', '2026-11-22 10:20Z')"
        ) == "grant_items_inward"
    );
}

TEST_CASE("a decision is put off once", "[pg][request]") {
    const CaseTables tables;
    CHECK(tables.set("extended_at = now()") == "requests_extended_accepted");
    REQUIRE(tables.accept().empty());
    CHECK(tables.set("extended_at = '2026-11-24 10:00Z'").empty());
    CHECK_THAT(tables.set("extended_at = '2026-11-25 10:00Z'"), Catch::Contains("put off once"));
    CHECK_THAT(tables.set("extended_at = NULL"), Catch::Contains("put off once"));
}

TEST_CASE("a third person is asked once at a time, and an answer stays", "[pg][request][article10]") {
    const CaseTables tables;
    const auto ask = [&](const std::string& person, const std::string& due) {
        return tables.refusal(
            "INSERT INTO third_party_inquiries (id, request_id, person, document, asker_id, asker, asked_at, "
            "due_at) VALUES (gen_random_uuid(), " +
            tables.request + ", '" + person + "', '7', " + tables.person +
            ", '秘書', '2026-11-24 10:00Z', '" + due + "')"
        );
    };
    const auto answer = [&](const std::string& columns) {
        return tables.refusal("UPDATE third_party_inquiries SET " + columns);
    };
    CHECK(ask("甲", "2026-11-24 10:00Z") == "third_party_inquiries_due_later");
    CHECK(ask("", "2026-12-04 16:00Z") == "third_party_inquiries_texts_present");
    CHECK(ask("甲", "2026-12-04 16:00Z").empty());
    CHECK(ask("甲", "2026-12-05 16:00Z") == "third_party_inquiries_one_open");
    CHECK(answer("answer = 'objected'") == "third_party_inquiries_answered_whole");
    const std::string rest =
        ", answered_at = now(), note = '', answerer = '秘書', answerer_id = " + tables.person;
    CHECK(answer("answer = 'perhaps'" + rest) == "third_party_inquiries_answer_known");
    CHECK(answer("answer = 'objected'" + rest).empty());
    CHECK_THAT(answer("answer = 'consented'"), Catch::Contains("stays as it was given"));
    CHECK(ask("甲", "2026-12-05 16:00Z").empty());
}

TEST_CASE(
    "papers of a dossier go a year after the case was closed at the earliest, once",
    "[pg][request][article9]"
) {
    const CaseTables tables;
    REQUIRE(tables.accept("2026-11-23 11:00Z").empty());
    const auto destroy = [&](const std::string& at) {
        return tables.refusal(
            "INSERT INTO dossier_destructions (dossier_number, at, principal_id, principal, document, "
            "reason, "
            "papers) VALUES ('115/000001', '" +
            at + "', " + tables.person + ", '秘書', '12', '逾期', '[]')"
        );
    };
    CHECK_THAT(destroy("2030-01-01 00:00Z"), Catch::Contains("a year at least"));
    REQUIRE(tables.end("withdrawn", "2026-11-24 09:00Z").empty());
    REQUIRE(tables.set("state = 'closed', state_since = '2026-11-24 10:00Z'").empty());
    CHECK_THAT(destroy("2027-11-24 09:59Z"), Catch::Contains("a year at least"));
    CHECK(destroy("2027-11-24 10:00Z").empty());
    CHECK(destroy("2028-11-24 10:00Z") == "dossier_destructions_pkey");
    CHECK_FALSE(tables.refusal("DELETE FROM dossier_destructions").empty());
    CHECK_FALSE(tables.refusal("UPDATE dossier_destructions SET reason = 'x'").empty());
}

}  // namespace
}  // namespace sluice::catalogue
