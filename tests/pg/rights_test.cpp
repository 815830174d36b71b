#include "tests/pg/catalogue_site.hpp"

#include <array>
#include <string_view>

#include <pqxx/pqxx>

namespace sluice::catalogue {
namespace {

constexpr std::array<const char*, 4> kRoles{
    "sluice_recorder",
    "sluice_worker",
    "sluice_api",
    "sluice_auditor"
};

/// What each role may do with a table, written by hand: s(elect), i(nsert), u(pdate of some columns).
/// d(elete) and t(runcate) stand nowhere: footage is destroyed by destroy_marked alone, which only the worker
/// may call.
struct TableRights {
    const char* table;
    const char* changeable;               ///< a column that the recorder or the worker may set, if any
    const char* fixed;                    ///< one that nobody may
    std::array<std::string_view, 4> may;  ///< recorder, worker, API, auditor
};
constexpr TableRights kTables[] = {
    {"volumes", "path", "installation_id", {"siu", "s", "s", "s"}},
    {"recorders", "name", "installation_id", {"siu", "s", "s", "s"}},
    {"channels", "", "number", {"si", "s", "s", "s"}},
    {"cameras", "name", "installation_id", {"siu", "s", "s", "s"}},
    {"streams", "", "camera_id", {"si", "s", "s", "s"}},
    {"runs", "to_at", "stream_id", {"siu", "s", "s", "s"}},
    {"formats", "", "decoder_config", {"si", "s", "s", "s"}},
    {"segments", "state", "stream_id", {"siu", "s", "s", "s"}},
    {"segment_index", "", "data", {"si", "s", "s", "s"}},
    {"coverage", "", "to_at", {"s", "s", "s", "s"}},
    {"gaps", "to_at", "stream_id", {"siu", "s", "s", "s"}},
    {"tombstones", "", "rule", {"s", "s", "s", "s"}},
    {"journal_positions", "byte_offset", "volume_id", {"siu", "s", "", "s"}},
    {"recorder_events", "derived_at", "detail", {"si", "su", "", "s"}},
    {"principals", "", "roles", {"", "s", "s", "s"}},
    // Kept by functions; what is secret in them is column by column, below.
    {"accounts", "", "departed_at", {"", "s", "s", "s"}},
    {"passwords", "", "hash", {"", "", "", ""}},
    {"second_factors", "", "last_step", {"", "", "", ""}},
    {"proposed_factors", "", "secret", {"", "", "", ""}},
    {"login_attempts", "", "failures", {"", "s", "", "s"}},
    {"delegations", "revoked_at", "role", {"", "s", "siu", "s"}},
    {"live_approvals", "revoker", "valid_to", {"", "s", "siu", "s"}},
    {"credentials", "", "revoked_at", {"", "", "", ""}},  // column by column, below
    {"sessions", "", "end_reason", {"", "", "", ""}},     // likewise; changed by functions alone
    {"live_marks", "number", "stream_id", {"", "s", "siu", "s"}},
    {"schema_migrations", "", "sha256", {"s", "s", "s", "s"}},
    {"jobs", "state", "kind", {"", "siu", "si", "s"}},
    {"segment_damage", "", "what", {"", "s", "s", "s"}},  // through mark_damaged
    {"segment_copies", "problem", "volume_id", {"", "siu", "s", "s"}},
    {"scrub_cycles", "position_id", "volume_id", {"", "siu", "s", "s"}},
    {"catalogue_state", "", "is_confirmed", {"s", "s", "s", "s"}},
    // Added to, never changed but through the owner's functions.
    {"ledger_records", "", "record", {"i", "si", "si", "s"}},  // some columns only, below
    {"ledger_nodes", "", "hash", {"", "s", "s", "s"}},
    {"ledger_tree", "", "root", {"", "s", "s", "s"}},
    {"ledger_cosignatures", "", "line", {"", "s", "si", "s"}},
    {"ledger_hours", "", "hour", {"", "si", "", "s"}},
    {"policy_versions", "", "valid_from", {"s", "s", "s", "s"}},  // changed by functions alone
    {"holds", "expires_at", "kind", {"", "siu", "siu", "s"}},
    {"hold_cameras", "", "camera_id", {"", "si", "si", "s"}},
    // Incidents: steps, notes and pointers are added to.
    {"incidents", "severity", "kind", {"", "si", "siu", "s"}},
    {"incident_steps", "", "facts", {"", "s", "si", "s"}},
    {"incident_notes", "", "text", {"", "si", "si", "s"}},
    {"incident_links", "", "target", {"", "si", "si", "s"}},
    {"incident_footage", "", "from_at", {"", "si", "si", "s"}},
    {"duty_periods", "end_reason", "from_at", {"", "s", "siu", "s"}},
    // What is entered day by day is added to; ends are ends.
    {"inspections", "", "remark", {"", "s", "si", "s"}},
    {"inspection_evidence", "", "facts", {"", "si", "s", "s"}},
    {"inspection_months", "", "closer", {"", "s", "si", "s"}},
    {"duties", "retired_at", "name", {"", "s", "siu", "s"}},
    {"duty_turns", "", "evidence", {"", "s", "si", "s"}},
    {"assets", "location", "property_number", {"", "s", "siu", "s"}},
    {"repairs", "result", "source", {"", "si", "siu", "s"}},
    {"follow_ups", "evidence", "due_on", {"", "s", "siu", "s"}},
    {"duty_period_items", "note", "text", {"", "s", "siu", "s"}},
    {"notices", "acknowledger", "due_at", {"", "si", "siu", "s"}},
    {"notice_deliveries", "state", "target", {"", "siu", "su", "s"}},
    {"notice_outbox", "place", "only_row", {"", "su", "", "s"}},
    {"calendar_imports", "", "sha256", {"", "s", "si", "s"}},
    {"calendar_days", "", "is_off", {"", "s", "si", "s"}},
    {"calendar_overrides", "", "reason", {"", "s", "si", "s"}},
    {"backups", "", "verified_at", {"", "s", "s", "s"}},  // the tool's, as superuser
    // Destruction is the worker's, and only through destroy_marked.
    {"purge_runs", "state", "destroyed_segments", {"", "siu", "s", "s"}},
    {"purge_marks", "", "rule", {"", "si", "s", "s"}},
    {"destroyed", "", "rule", {"", "s", "s", "s"}},
    {"purge_certificates", "", "body", {"", "si", "s", "s"}},
    {"hold_certificates", "", "body", {"", "si", "s", "s"}},
    {"hold_copies", "verified_at", "path", {"", "siu", "s", "s"}},
    {"hold_copy_problems", "problem", "hold_id", {"", "siu", "s", "s"}},
    // Cases: what somebody did is added to; dossiers and register are filled by functions alone.
    {"requests", "state", "channel", {"", "su", "siu", "s"}},
    {"request_events", "", "action", {"", "si", "si", "s"}},
    {"request_evidence", "", "sha256", {"", "s", "si", "s"}},
    {"request_signatures", "", "signer", {"", "s", "si", "s"}},
    {"request_opinions", "", "stance", {"", "s", "si", "s"}},
    {"request_grounds", "", "answer", {"", "s", "si", "s"}},
    {"consents", "withdrawn_at", "person", {"", "s", "siu", "s"}},
    {"third_party_inquiries", "answer", "due_at", {"", "s", "siu", "s"}},
    {"dossier_destructions", "", "papers", {"", "s", "si", "s"}},
    {"request_slots", "tries", "code_sha256", {"", "", "siu", ""}},  // column by column, below
    {"dossier_counters", "", "last", {"", "", "", ""}},
    {"dossiers", "", "number", {"", "s", "s", "s"}},
    {"register_counter", "", "last", {"", "", "", ""}},
    {"register_entries", "", "facts", {"", "s", "s", "s"}},
    {"grants", "revoked_at", "valid_to", {"", "su", "siu", "s"}},
    {"grant_items", "", "from_at", {"", "s", "si", "s"}},
    // What a grant opens: deliveries are added to, an end is an end, packages are the worker's.
    {"viewing_sessions", "ended_at", "grant_id", {"", "u", "siu", ""}},  // column by column, below
    {"viewing_playlists", "", "began_at", {"", "s", "si", "s"}},
    {"viewing_paces", "", "camera_id", {"", "s", "si", "s"}},
    {"deliveries", "", "bytes", {"", "s", "si", "s"}},
    {"copies", "", "due_at", {"", "s", "si", "s"}},  // what became of it, column by column
    {"packages", "destroyed_at", "sha256", {"", "siu", "s", "s"}},
    // Doors: inventory is changed, never taken out; what was decided against a schedule is ended once.
    {"controllers", "name", "slug", {"", "s", "siu", "s"}},
    {"doors", "boundary", "slug", {"", "s", "siu", "s"}},
    {"door_cameras", "", "camera_id", {"", "s", "s", "s"}},  // through set_door_cameras
    {"readers", "side", "slug", {"", "s", "siu", "s"}},
    {"door_overrides", "ended_at", "mode", {"", "siu", "siu", "s"}},
    // Persons at the doors: the worker sees of a card what it needs to know one.
    {"person_categories", "name", "slug", {"", "s", "siu", "s"}},
    {"rosters", "", "sha256", {"", "s", "si", "s"}},
    {"roster_persons", "", "name", {"", "", "si", "s"}},
    {"door_credentials", "state", "card_hmac", {"", "", "siu", "s"}},  // the worker: column by column, below
    {"visitors", "out_at", "name", {"", "", "siu", "s"}},
    {"vehicle_permits", "revoked_at", "plate", {"", "", "siu", "s"}},
    {"clock_sightings", "synchronised_at", "installation_id", {"", "siu", "s", "s"}},
    {"forecasts", "made_at", "place", {"", "siu", "s", "s"}},
    // ---- access events: added to, never changed
    {"access_batches", "", "events", {"", "si", "si", "s"}},
    {"access_event_keys", "", "digest", {"", "si", "si", ""}},
    {"access_events", "", "code", {"", "si", "si", "s"}},
    {"access_events_rest", "", "code", {"", "", "", ""}},
    {"access_alarms", "", "kind", {"", "si", "s", "s"}},  // what is said of it, column by column
    {"access_derivation", "place", "only_row", {"", "su", "", "s"}},
    {"access_rederivations", "derived_at", "from_at", {"", "su", "", "s"}},  // filled by triggers
    {"access_imports", "", "accepted", {"", "s", "si", "s"}},
    // ----
    // The contractor's: clips are changed by functions alone, secrets are written and never read by the
    // service.
    {"contractor_cameras", "state", "slug", {"", "s", "siu", "s"}},
    {"contractor_secrets", "", "password", {"", "s", "", ""}},
    {"contractor_heartbeats", "said_at", "principal_id", {"", "s", "siu", "s"}},
    {"contractor_slots", "state", "number", {"", "s", "siu", "s"}},
    {"contractor_clips", "", "state", {"", "s", "si", "s"}},
    {"originals", "", "path", {"", "s", "s", "s"}},
    {"imported_segments", "", "clip_id", {"", "s", "s", "s"}},
    {"quarantined_clips", "removed_at", "path", {"", "su", "s", "s"}},
    // What recorders tell of themselves: the worker hears it.
    {"recorder_links", "state", "recorder", {"", "siu", "s", "s"}},
    {"recorder_clock_readings", "", "offset_ms", {"", "si", "s", "s"}},
    {"recorder_titles", "shown", "channel", {"", "siu", "s", "s"}},
    {"recorder_pictures", "problem", "channel", {"", "siu", "s", "s"}},
    {"controller_links", "heard_at", "source", {"", "siu", "s", "s"}},
    {"recorder_acts", "", "verdict", {"", "si", "s", "s"}},
    {"segments_rest", "", "path", {"", "", "", ""}},  // partitions have no door of their own
    {"segment_index_rest", "", "data", {"", "", "", ""}},
};

/// Whether PostgreSQL lets `role` do it; any other complaint than missing rights means yes. Nothing is kept.
bool is_allowed(pqxx::connection& connection, const std::string& sql) {
    try {
        pqxx::work transaction{connection};
        transaction.exec(sql);
        return true;
    } catch (const pqxx::insufficient_privilege&) {
        return false;
    } catch (const pqxx::sql_error&) {
        return true;
    }
}

bool has(std::string_view letters, char letter) {
    return letters.find(letter) != std::string_view::npos;
}

TEST_CASE(
    "each role may do with each table what is written here and nothing else",
    "[pg][catalogue][rights]"
) {
    const test::Database database;
    // The table above is whole: no table of the schema is missing in it.
    // But for what draws the order of a history, of which nobody has a number (below).
    std::string named = "'request_events_place_seq','incident_steps_place_seq'";
    for (const auto& row : kTables)
        named += std::string{",'"} + row.table + "'";
    CHECK(
        database.query(
            "SELECT string_agg(relname, ' ') FROM pg_class WHERE relnamespace = 'public'::regnamespace "
            "AND relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND relname NOT IN (" +
            named + ")"
        ) == ""
    );
    for (std::size_t i = 0; i < kRoles.size(); ++i) {
        pqxx::connection connection{database.conninfo(kRoles[i])};
        for (const auto& row : kTables) {
            const std::string table = row.table;
            const std::string_view may = row.may[i];
            CAPTURE(kRoles[i], table);
            CHECK(is_allowed(connection, "SELECT * FROM " + table + " LIMIT 1") == has(may, 's'));
            CHECK(is_allowed(connection, "INSERT INTO " + table + " DEFAULT VALUES") == has(may, 'i'));
            if (*row.changeable != '\0')
                CHECK(
                    is_allowed(
                        connection, "UPDATE " + table + " SET " + row.changeable + " = DEFAULT WHERE false"
                    ) == has(may, 'u')
                );
            CHECK_FALSE(
                is_allowed(connection, "UPDATE " + table + " SET " + row.fixed + " = DEFAULT WHERE false")
            );
            CHECK_FALSE(is_allowed(connection, "DELETE FROM " + table + " WHERE false"));
            CHECK_FALSE(is_allowed(connection, "TRUNCATE " + table));
            CHECK_FALSE(is_allowed(connection, "ALTER TABLE " + table + " ADD COLUMN sneaked int"));
            CHECK_FALSE(is_allowed(connection, "ALTER TABLE " + table + " DISABLE TRIGGER ALL"));
            CHECK_FALSE(is_allowed(connection, "ALTER TABLE " + table + " DISABLE TRIGGER USER"));
            CHECK_FALSE(is_allowed(connection, "CREATE INDEX ON " + table + " (" + row.fixed + ")"));
            CHECK_FALSE(is_allowed(connection, "DROP TABLE " + table + " CASCADE"));
        }
    }
}

TEST_CASE("no role becomes another, makes objects, or reaches past the tables", "[pg][catalogue][rights]") {
    const test::Database database;
    const char* const forbidden[] = {
        "SET ROLE sluice_owner",
        "SET ROLE sluice_super",
        "SET SESSION AUTHORIZATION sluice_super",
        "ALTER ROLE current_user SUPERUSER",
        "GRANT sluice_owner TO current_user",
        "CREATE ROLE sneaked",
        "CREATE TABLE sneaked (x int)",
        "CREATE TEMPORARY TABLE sneaked (x int)",
        "CREATE SCHEMA sneaked",
        "CREATE FUNCTION sneaked() RETURNS int LANGUAGE sql RETURN 1",
        "CREATE TRIGGER sneaked BEFORE UPDATE ON segments EXECUTE FUNCTION segments_keep_final()",
        "CREATE EXTENSION pg_stat_statements",
        "DROP TRIGGER segments_keep_final ON segments",
        "DROP FUNCTION segments_keep_final() CASCADE",
        "DROP SCHEMA public CASCADE",
        "ALTER FUNCTION coverage_tolerance() OWNER TO current_user",
        "SET session_replication_role = replica",
        "ALTER TABLE segments DETACH PARTITION segments_rest",
        "SELECT make_partition('segments', '2026-01-01')",
        "SELECT make_partitions('2026-01-01', '2027-01-01')",
        "SELECT make_access_partition('2026-01-01')",
        "SELECT pg_read_file('postgresql.conf')",
        "COPY segments TO PROGRAM 'cat'",
        "COPY volumes FROM '/etc/passwd'",
        "SELECT pg_reload_conf()",
        "SELECT token_sha256 FROM credentials",
        "SELECT cookie_sha256 FROM sessions",
        "SELECT credential_sha256 FROM sessions",
        "UPDATE credentials SET revoked_at = NULL WHERE false",
        "SELECT hash FROM passwords",
        "SELECT secret FROM second_factors",
        "SELECT reset_password(gen_random_uuid(), '$argon2id$', now())",
        "SELECT set_second_factor(gen_random_uuid(), NULL, now())",
        "SELECT create_account_token(gen_random_uuid(), sha256('x'), now(), NULL)",
    };
    for (const char* role : kRoles) {
        pqxx::connection connection{database.conninfo(role)};
        for (const char* sql : forbidden) {
            CAPTURE(role, sql);
            CHECK_FALSE(is_allowed(connection, sql));
        }
        // A grant without the right to it is a warning, not an error: what counts is that nothing came of it.
        static_cast<void>(database.query("GRANT DELETE ON segments TO current_user", role));
        CHECK(
            database.query("SELECT has_table_privilege(current_user, 'segments', 'DELETE')::text", role) ==
            "false"
        );
        for (const char* other : kRoles) {
            CAPTURE(role, other);
            CHECK(
                is_allowed(connection, std::string{"SET ROLE "} + other) == (std::string_view{role} == other)
            );
        }
    }
}

TEST_CASE("functions of the owner are open to those who need them", "[pg][catalogue][rights]") {
    const test::Database database;
    struct FunctionRights {
        const char* sql;
        std::array<bool, 4> may;  ///< recorder, worker, API, auditor
    };
    const FunctionRights functions[] = {
        {"SELECT ensure_partitions(now())", {true, true, false, false}},
        {"SELECT create_machine_token(gen_random_uuid(), 'x', 'viewer', sha256('x'), now())",
         {false, true, false, false}},
        {"SELECT create_person_token(gen_random_uuid(), 'x', '{director}', sha256('x'), now())",
         {false, true, false, false}},
        {"SELECT propose_policy('[]', '', gen_random_uuid(), 'x', now())", {false, false, true, false}},
        {"SELECT adopt_policy(2, gen_random_uuid(), 'x', 'no', now(), now())", {false, false, true, false}},
        {"SELECT lock_holds_to_destroy()", {false, true, false, false}},
        {"SELECT lock_running_incident(gen_random_uuid())", {false, true, true, false}},
        {"SELECT * FROM principal_of_token(sha256('x'), now())", {false, false, true, false}},
        {"SELECT * FROM open_session(gen_random_uuid(), sha256('c'), sha256('x'), now(), now() + interval '1 "
         "hour', 1)",
         {false, false, true, false}},
        {"SELECT * FROM principal_of_session(sha256('c'), now())", {false, false, true, false}},
        {"SELECT * FROM close_session(sha256('c'), now())", {false, false, true, false}},
        {"SELECT * FROM end_stale_sessions(now())", {false, false, true, false}},
        {"SELECT id, principal_id, opened_at, seen_at, expires_at, idle_us, ended_at, end_reason FROM "
         "sessions",
         {false, true, false, true}},
        {"SELECT has_person_account()", {false, true, true, false}},
        {"SELECT * FROM standing_of(gen_random_uuid(), now())", {false, true, true, false}},
        {"SELECT * FROM begin_login('x', now(), 5, 1, 0)", {false, false, true, false}},
        {"SELECT finish_login(gen_random_uuid(), 1)", {false, false, true, false}},
        {"SELECT * FROM open_password_session(gen_random_uuid(), sha256('c'), gen_random_uuid(), false, "
         "now(), "
         "now() + interval '1 hour', 1)",
         {false, false, true, false}},
        {"SELECT change_password(gen_random_uuid(), 'a', 'b', now())", {false, false, true, false}},
        {"SELECT create_account(gen_random_uuid(), 'person', 'x', 'x', '{admin}', '', '{}', now(), NULL, "
         "'no', "
         "'2026-01-01', NULL, now())",
         {false, false, true, false}},
        {"SELECT change_account(gen_random_uuid(), 1, '{admin}', '', '{}', NULL)", {false, false, true, false}
        },
        {"SELECT disable_account(gen_random_uuid(), 'x', now())", {false, false, true, false}},
        {"SELECT depart_account(gen_random_uuid(), 'no', '2026-01-01', now())", {false, false, true, false}},
        {"SELECT propose_second_factor(gen_random_uuid(), 'a', sha256('x'), now())",
         {false, false, true, false}},
        {"SELECT proposed_second_factor(gen_random_uuid(), now())", {false, false, true, false}},
        {"SELECT confirm_second_factor(gen_random_uuid(), sha256('x'), 1, now())", {false, false, true, false}
        },
        {"SELECT remove_second_factor(gen_random_uuid(), 'a', now())", {false, false, true, false}},
        {"SELECT change_own_password(gen_random_uuid(), 'a', 'b', now())", {false, false, true, false}},
        {"SELECT seal_second_factor(gen_random_uuid(), sha256('a'), sha256('b'))", {false, false, true, false}
        },
        {"SELECT nextval('request_events_place_seq')", {false, false, false, false}},
        {"SELECT nextval('incident_steps_place_seq')", {false, false, false, false}},
        {"SELECT end_password_sessions(gen_random_uuid(), now())", {false, false, false, false}},
        {"SELECT account_id, set_at, is_initial FROM passwords", {false, true, false, true}},
        {"SELECT account_id, set_at FROM second_factors", {false, true, false, true}},
        {"SELECT has_second_factor FROM sessions", {false, true, false, true}},
        {"SELECT cancel_job(gen_random_uuid())", {false, true, true, false}},
        {"SELECT mark_damaged(gen_random_uuid(), now(), '{0}', '{1}', '{box}')", {false, true, false, false}},
        {"INSERT INTO jobs (id, kind, same_work, principal) VALUES (gen_random_uuid(), 'check', 'x', 'y')",
         {false, true, true, false}},
        {"INSERT INTO jobs (id, kind, same_work, principal, state) VALUES (gen_random_uuid(), 'check', 'x', "
         "'y', 'done')",
         {false, false, false, false}},
        {"INSERT INTO ledger_records (id, at, action, record, salt) VALUES (gen_random_uuid(), now(), 'a.b', "
         "'{}', sha256('x'))",
         {true, true, true, false}},
        // Nobody chooses a record's place in the tree or the time at which it came.
        {"INSERT INTO ledger_records (id, at, action, record, salt, leaf_index, leaf_data) VALUES "
         "(gen_random_uuid(), now(), 'a.b', '{}', sha256('x'), 0, sha256('x'))",
         {false, false, false, false}},
        {"INSERT INTO ledger_records (id, at, action, record, salt, filed_at) VALUES (gen_random_uuid(), "
         "now(), 'a.b', '{}', sha256('x'), now())",
         {false, false, false, false}},
        {"UPDATE ledger_records SET leaf_index = NULL", {false, false, false, false}},
        {"UPDATE ledger_records SET salt = NULL", {false, false, false, false}},
        {"UPDATE ledger_tree SET size = 0", {false, false, false, false}},
        {"INSERT INTO ledger_nodes VALUES (1, 0, sha256('x'))", {false, false, false, false}},
        {"SELECT ledger_extend(0, sha256(''), '{}', '{}', '{}', '{}', '{}', sha256(''), 'note', now())",
         {false, true, false, false}},
        {"SELECT ledger_say_trouble('x')", {false, true, false, false}},
        {"SELECT ledger_say_key('x')", {false, true, false, false}},
        {"SELECT ledger_erase(gen_random_uuid(), gen_random_uuid())", {false, true, false, false}},
        {"INSERT INTO ledger_cosignatures (size, root, witness, key_id, signed_at, checkpoint, line) VALUES "
         "(0, sha256(''), 'w', 1, now(), 'c', 'l')",
         {false, false, true, false}},
        {"SELECT * FROM find_person('x', now())", {false, false, true, false}},
        {"SELECT forget_access_events('2000-01-01', gen_random_uuid())", {false, true, false, false}},
        {"UPDATE access_alarms SET refuted_at = NULL, hold_id = NULL WHERE false", {false, true, false, false}
        },
        {"SELECT calendar_rederive('2026-01-01', '2027-01-01', now(), 'x')", {false, false, false, false}},
        {"UPDATE door_overrides SET is_withdrawn = true WHERE false", {false, false, true, false}},
        {"UPDATE access_alarms SET resolution = NULL, ack_reason = NULL WHERE false",
         {false, false, true, false}},
        {"SELECT keep_contractor_secret(gen_random_uuid(), 'a', 'b', now())", {false, false, true, false}},
        {"SELECT drop_contractor_secret(gen_random_uuid())", {false, true, false, false}},
        {"SELECT take_clip_part(gen_random_uuid(), 0, 1, now())", {false, false, true, false}},
        {"SELECT abandon_clip(gen_random_uuid(), now(), now())", {false, false, true, false}},
        {"SELECT free_clip(gen_random_uuid(), now())", {false, false, true, false}},
        {"SELECT import_runs('{}', gen_random_uuid(), '{}', '{}', '{}')", {false, true, false, false}},
        {"SELECT import_formats('{}', '{}', '{}', '{}', '{}', '{}')", {false, true, false, false}},
        {"SELECT import_segments(gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), '{}', '{}', '{}', "
         "'{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}')",
         {false, true, false, false}},
        {"SELECT finish_import(gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'x', true, '{}', '', "
         "'', now())",
         {false, true, false, false}},
        {"SELECT quarantine_clip(gen_random_uuid(), gen_random_uuid(), 'x', 'y', 'z', now())",
         {false, true, false, false}},
        {"SELECT mark_original(gen_random_uuid(), 'lost', now())", {false, true, false, false}},
        {"SELECT take_over_contractor_camera(gen_random_uuid(), gen_random_uuid(), now())",
         {false, false, true, false}},
        {"SELECT open_dossier(gen_random_uuid(), '{}', gen_random_uuid(), 'x', now())",
         {false, false, true, false}},
        {"SELECT add_register_entry('115/000001', 'session', '{}', NULL, 'x', now())",
         {false, true, true, false}},
        {"SELECT id, escort, tries, replaced_at FROM request_slots", {false, true, true, true}},
        {"UPDATE request_slots SET replaced_at = NULL WHERE false", {false, false, true, false}},
        {"UPDATE copies SET uncollected_at = NULL WHERE false", {false, true, false, false}},
        {"UPDATE copies SET received_at = NULL, declaration = NULL WHERE false", {false, false, true, false}},
        {"UPDATE requests SET decision = NULL WHERE false", {false, false, true, false}},
        {"SELECT set_door_cameras(gen_random_uuid(), '{}')", {false, false, true, false}},
        {"SELECT forget_rosters('staff')", {false, false, true, false}},
        {"SELECT card_hmac, category_id, state FROM door_credentials", {false, true, true, true}},
        {"SELECT from_us(to_us(now())), coverage_tolerance()", {true, true, true, true}},
        {"SELECT principal_id, valid_from, valid_to, revoked_at, last_four FROM credentials",
         {false, true, false, true}},
    };
    for (std::size_t i = 0; i < kRoles.size(); ++i) {
        pqxx::connection connection{database.conninfo(kRoles[i])};
        for (const auto& function : functions) {
            CAPTURE(kRoles[i], function.sql);
            CHECK(is_allowed(connection, function.sql) == function.may[i]);
        }
    }
}

TEST_CASE(
    "I3: even the recorder can't change what a finished row says, only mark damage",
    "[pg][catalogue][rights][I3]"
) {
    Site site;
    site.save(std::vector{site.finished(site.main, make_uuid_v7(kStart), kStart)});
    for (const char* change :
         {"state = 'open'",
          "path = 'x.mp4'",
          "sha256 = sha256('other')",
          "to_at = to_at + interval '1 second'",
          "bytes = 1"}) {
        CAPTURE(change);
        CHECK_THROWS_AS(
            site.database.query(
                std::string{"UPDATE segments SET "} + change + " RETURNING id", "sluice_recorder"
            ),
            pqxx::failure
        );
    }
    CHECK(
        site.database.query(
            "UPDATE segments SET is_damaged = true RETURNING is_damaged::text", "sluice_recorder"
        ) == "true"
    );
    CHECK(site.segments(site.main).at(0).is_damaged);
}

}  // namespace
}  // namespace sluice::catalogue
