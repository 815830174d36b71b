// Each constraint of jobs, damage, copies, scrub and state is violated once. As superuser: rights are tested
// elsewhere.
#include "tests/pg/catalogue_site.hpp"

#include <pqxx/pqxx>

namespace sluice::catalogue {
namespace {

struct Refused {
    Site site;

    /// Name of the constraint that refuses it; "" when nothing does; nothing is kept.
    [[nodiscard]] std::string operator()(const std::string& sql) const {
        pqxx::connection connection{site.database.conninfo("sluice_super")};
        pqxx::work transaction{connection};
        try {
            transaction.exec(sql);
            return "";
        } catch (const pqxx::sql_error& error) {
            return constraint_of(error);
        }
    }
    [[nodiscard]] std::string job(const std::string& column, const std::string& value) const {
        const bool is_kind = column == "kind";
        const bool is_principal = column == "principal";
        return (*this)(
            "INSERT INTO jobs (id, same_work, kind, principal" +
            (is_kind || is_principal || column.empty() ? std::string{} : ", " + column) +
            ") VALUES (gen_random_uuid(), 'x', " + (is_kind ? value : "'check'") + ", " +
            (is_principal ? value : "'me'") +
            (is_kind || is_principal || column.empty() ? "" : ", " + value) + ")"
        );
    }
};

TEST_CASE("jobs: a row that no worker could make is refused", "[pg][jobs][constraint]") {
    const Refused refused;
    CHECK(refused.job("", "") == "");
    CHECK(refused.job("kind", "'unlink'") == "jobs_kind_known");
    CHECK(refused.job("principal", "''") == "jobs_principal_present");
    CHECK(refused.job("arguments", "'[]'") == "jobs_arguments_object");
    CHECK(refused.job("state", "'lost'").starts_with("jobs_"));
    CHECK(refused.job("attempts", "-1") == "jobs_numbers_not_negative");
    CHECK(refused.job("state", "'running'") == "jobs_lease_while_running");
    CHECK(refused.job("lease_owner", "'w'") == "jobs_lease_while_running");
    CHECK(refused.job("lease_until", "now()") == "jobs_lease_while_running");
    CHECK(refused.job("state", "'done'") == "jobs_end_has_time");
    CHECK(refused.job("finished_at", "now()") == "jobs_end_has_time");
    CHECK(refused.job("state, finished_at", "'failed', now()") == "jobs_failure_has_error");
    CHECK(refused.job("state, finished_at, error", "'failed', now(), 'why'") == "");
    const std::string twice =
        "INSERT INTO jobs (id, kind, same_work, principal) VALUES (gen_random_uuid(), 'check', 'x', 'me')";
    CHECK(refused(twice + ";" + twice) == "jobs_same_work_once");
}

TEST_CASE(
    "damage, copies, scrub and state: refused where they would mean nothing",
    "[pg][check][constraint]"
) {
    const Refused refused;
    const std::string volume = "'" + to_string(refused.site.inventory.volumes[0].id) + "'";
    const auto damage = [&](const std::string& from, const std::string& to, const std::string& what) {
        return refused(
            "INSERT INTO segment_damage VALUES (gen_random_uuid(), now(), " + from + ", " + to + ", " + what +
            ", now())"
        );
    };
    CHECK(damage("0", "1", "'box'") == "");
    CHECK(damage("-1", "1", "'box'") == "segment_damage_not_empty");
    CHECK(damage("1", "1", "'box'") == "segment_damage_not_empty");
    CHECK(damage("0", "1", "'bad luck'") == "segment_damage_what_known");
    const auto copy = [&](const std::string& path, const std::string& bytes, const std::string& problem) {
        return refused(
            "INSERT INTO segment_copies (segment_id, from_at, volume_id, path, bytes, sha256, to_at, "
            "problem) VALUES "
            "(gen_random_uuid(), now(), " +
            volume + ", " + path + ", " + bytes + ", sha256(''), now() + interval '1 s', " + problem + ")"
        );
    };
    CHECK(copy("'copies/a.mp4'", "1", "''") == "");
    CHECK(copy("NULL", "0", "'torn'") == "");
    CHECK(copy("NULL", "0", "''") == "segment_copies_whole_or_why");
    CHECK(copy("'copies/a.mp4'", "0", "''") == "segment_copies_whole_or_why");
    CHECK(
        refused(
            "INSERT INTO segment_copies (segment_id, from_at, volume_id, path, bytes) VALUES "
            "(gen_random_uuid(), "
            "now(), " +
            volume + ", 'copies/a.mp4', 1)"
        ) == "segment_copies_whole_or_why"
    );
    CHECK(copy("'live/a.mp4'", "1", "''") == "segment_copies_path_inside");
    CHECK(copy("'copies/../a.mp4'", "1", "''") == "segment_copies_path_inside");
    const auto cycle = [&](const std::string& ended, const std::string& bytes) {
        return refused(
            "INSERT INTO scrub_cycles (volume_id, began_at, ended_at, position_at, position_id, bytes) "
            "VALUES (" +
            volume + ", now(), " + ended + ", now(), gen_random_uuid(), " + bytes + ")"
        );
    };
    CHECK(cycle("NULL", "0") == "");
    CHECK(cycle("now() - interval '1 s'", "0") == "scrub_cycles_end_after_start");
    CHECK(cycle("NULL", "-1") == "scrub_cycles_not_negative");
    CHECK(refused("INSERT INTO catalogue_state (only_row) VALUES (false)") == "catalogue_state_one_row");
    CHECK(refused("UPDATE catalogue_state SET is_confirmed = false") == "catalogue_state_doubt_has_reason");
    CHECK(
        refused(
            "UPDATE catalogue_state SET rebuild_began_at = now(), rebuild_ended_at = now() - interval '1 s'"
        ) == "catalogue_state_end_after_start"
    );
}

TEST_CASE("only a finished row can be marked as damaged, and only as a whole", "[pg][check][constraint]") {
    Refused refused;
    const auto open = refused.site.open(refused.site.main, make_uuid_v7(kStart), kStart, 10s);
    refused.site.save(std::vector{open});
    const std::string call = "SELECT mark_damaged('" + to_string(open.row.id) +
                             "', (SELECT from_at FROM segments), '{0}', '{1}', '{box}')";
    CHECK(refused(call).find("is not finished") != std::string::npos);
    CHECK(refused.site.database.query("SELECT count(*) FROM segment_damage") == "0");
}

}  // namespace
}  // namespace sluice::catalogue
