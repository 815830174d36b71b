// Each constraint of purges is violated once. As superuser: rights are tested elsewhere.
#include "tests/pg/catalogue_site.hpp"

#include <pqxx/pqxx>

namespace sluice::catalogue {
namespace {

struct Refused {
    Site site;
    std::string run = to_string(make_uuid_v7(kStart));
    Refused() {
        site.database.execute(
            "INSERT INTO purge_runs (id, kind, principal, policy_version, planned_at, planned_segments, "
            "planned_bytes) VALUES ('" +
            run + "', 'rules', 'cron', 1, now(), 0, 0)"
        );
    }
    /// Name of the constraint that refuses it; "" when nothing does; nothing is kept.
    [[nodiscard]] std::string operator()(const std::string& sql) const {
        pqxx::connection connection{site.database.conninfo("sluice_super")};
        pqxx::work transaction{connection};
        try {
            transaction.exec(sql);
            return "";
        } catch (const pqxx::sql_error& error) {
            const std::string text = error.what();
            const auto begin = text.find("constraint \"");
            if (begin == std::string::npos) return text;
            return text.substr(begin + 12, text.find('"', begin + 12) - begin - 12);
        }
    }
    [[nodiscard]] std::string change(const std::string& what) const {
        return (*this)("UPDATE purge_runs SET " + what);
    }
    [[nodiscard]] std::string
    insert(const std::string& kind, const std::string& principal, const std::string& segments) const {
        return (*this)(
            "INSERT INTO purge_runs (id, kind, principal, policy_version, planned_at, planned_segments, "
            "planned_bytes) "
            "VALUES (gen_random_uuid(), " +
            kind + ", " + principal + ", 1, now(), " + segments + ", 0)"
        );
    }
};

TEST_CASE(
    "purges: a run, mark, stretch or certificate that proves nothing is refused",
    "[pg][purge][constraint]"
) {
    const Refused refused;
    CHECK(refused.insert("'rules'", "'cron'", "0") == "");
    CHECK(refused.insert("'whim'", "'cron'", "0") == "purge_runs_kind_known");
    CHECK(refused.insert("'rules'", "''", "0") == "purge_runs_principal_present");
    CHECK(refused.insert("'rules'", "'cron'", "-1") == "purge_runs_not_negative");
    CHECK(refused.change("state = 'running'") == "");
    CHECK(
        refused.change("state = 'certified', ended_at = now()").find("does not become") != std::string::npos
    );
    CHECK(refused.change("state = 'aborted', error = 'why'") == "purge_runs_end_has_time");
    CHECK(refused.change("ended_at = now()") == "purge_runs_end_has_time");
    CHECK(refused.change("state = 'aborted', ended_at = now()") == "purge_runs_aborted_whole");
    CHECK(refused.change("state = 'aborted', ended_at = now(), error = 'why'") == "");
    CHECK(
        refused.change("state = 'aborted', ended_at = now(), error = 'why', destroyed_segments = 1") ==
        "purge_runs_aborted_whole"
    );

    const auto mark = [&](const std::string& rule) {
        return refused(
            "INSERT INTO purge_marks VALUES (gen_random_uuid(), now(), '" + refused.run + "', '" + rule + "')"
        );
    };
    CHECK(mark("RET_WINDOW") == "");
    CHECK(mark("RET_FLOOR_30D") == "purge_marks_rule_destroys");
    CHECK(
        refused(
            "INSERT INTO destroyed SELECT id, '" + refused.run + "', 'RET_WINDOW', now(), now() FROM streams"
        ) == "destroyed_not_empty"
    );
    const auto certificate = [&](const std::string& body) {
        return refused(
            "INSERT INTO purge_certificates VALUES ('" + refused.run + "', now(), '" + body + "')"
        );
    };
    CHECK(certificate("{}") == "");
    CHECK(certificate("[]") == "purge_certificates_json");
    CHECK(
        refused("INSERT INTO forecasts VALUES ('all', now(), -1, 0, 0, 0, 30, 1, NULL, false)") ==
        "forecasts_not_negative"
    );
}

}  // namespace
}  // namespace sluice::catalogue
