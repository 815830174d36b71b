#include "storage/catalogue/notice_repository.hpp"

#include "config/base/token.hpp"
#include "storage/catalogue/detail/connection.hpp"
#include "storage/catalogue/principal_repository.hpp"
#include "tests/pg/catalogue_site.hpp"

#include <optional>

#include <pqxx/pqxx>

namespace sluice::catalogue {
namespace {

struct Board {
    test::Database database;
    Pool owner{database.conninfo("sluice_super"), 1};
    Pool api{database.conninfo("sluice_api"), 2};
    NoticeReader secretary = reader("王小明", "secretariat");
    NoticeReader applicant = reader("李大華", "applicant");

    [[nodiscard]] NoticeReader reader(const std::string& name, const std::string& role) {
        return {
            need(create_person_token(owner, name, {role}, token_hash(make_token()), kStart)).value().id,
            {role}
        };
    }
    bool raise(const NewNotice& notice, UtcTime now = kStart) {
        bool is_new = false;
        need(api.with([&](Connection& connection) -> Status {
            pqxx::work transaction{connection.get()};
            is_new = raise_notice(transaction, notice, now);
            transaction.commit();
            return {};
        }));
        return is_new;
    }
    [[nodiscard]] std::size_t count_for(const NoticeReader& who, bool only_open = false) {
        return need(load_notices(api, who, only_open, std::nullopt, 100)).size();
    }
};

NewNotice submitted(UtcTime now) {
    return {.kind = NoticeKind::submitted, .subject_id = make_uuid_v7(now), .audience = "secretariat"};
}

TEST_CASE("a notice is for its role, or for the one person it is addressed to", "[pg][notices]") {
    Board board;
    CHECK(board.raise(submitted(kStart)));
    NewNotice decision{
        .kind = NoticeKind::decision,
        .subject_id = make_uuid_v7(kStart),
        .audience = "applicant",
        .addressee_id = board.applicant.id
    };
    CHECK(board.raise(decision));
    CHECK_FALSE(board.raise(decision));  // the same again
    decision.due = kStart + 24h;
    CHECK(board.raise(decision));
    const NoticeReader other = board.reader("陳一", "applicant");
    CHECK(board.count_for(board.secretary) == 1);
    CHECK(board.count_for(board.applicant) == 2);
    CHECK(board.count_for(other) == 0);
    for (const NoticeRow& row : need(load_notices_after(board.api, 0, 100))) {
        CHECK(is_for(row, board.secretary) == (row.audience == "secretariat"));
        CHECK(is_for(row, board.applicant) == (row.audience == "applicant"));
        CHECK_FALSE(is_for(row, other));
    }
}

TEST_CASE("two acts that are alike are two notices, and one act is one", "[pg][notices]") {
    Board board;
    NewNotice wanted{
        .kind = NoticeKind::countersign_wanted,
        .subject_id = make_uuid_v7(kStart),
        .audience = "ethics",
        .due = kStart + 24h,
        .act_id = make_uuid_v7(kStart),
    };
    CHECK(board.raise(wanted));
    CHECK_FALSE(board.raise(wanted));
    wanted.act_id = make_uuid_v7(kStart);
    CHECK(board.raise(wanted));
}

TEST_CASE("a notice is acknowledged once, and the audit log has it", "[pg][notices]") {
    Board board;
    board.raise(submitted(kStart));
    const Uuid id = need(load_notices_after(board.api, 0, 1)).at(0).id;
    const ledger::Actor actor{.id = board.secretary.id, .name = "王小明", .role = "secretariat"};
    CHECK(need(acknowledge_notice(board.api, id, actor, kStart + 1h)));
    CHECK_FALSE(need(acknowledge_notice(board.api, id, actor, kStart + 2h)));
    const auto row = need(find_notice(board.api, id));
    REQUIRE(row);
    CHECK(row->acknowledged == kStart + 1h);
    CHECK(row->acknowledger == "王小明");
    CHECK(board.count_for(board.secretary, true) == 0);
    CHECK(board.count_for(board.secretary) == 1);
    CHECK(
        board.database.query(
            "SELECT count(*) FROM ledger_records WHERE record::jsonb ->> 'action' = 'notice.acknowledged'"
        ) == "1"
    );
}

TEST_CASE("no notice appears behind one that was seen already, whoever commits first", "[pg][notices]") {
    Board board;
    pqxx::connection slow{board.database.conninfo("sluice_api")};
    const NewNotice first = submitted(kStart);
    {
        pqxx::work open{slow};  // raised first, committed last
        raise_notice(open, first, kStart);
        const NewNotice second = submitted(kStart + 1s);
        board.raise(second);
        const auto seen = need(load_notices_after(board.api, 0, 100));
        REQUIRE(seen.size() == 1);
        CHECK(seen[0].subject_id == second.subject_id);
        open.commit();
        const auto later = need(load_notices_after(board.api, seen[0].place, 100));
        REQUIRE(later.size() == 1);
        CHECK(later[0].subject_id == first.subject_id);
        CHECK(later[0].place == need(load_last_notice_place(board.api)));
    }
}

TEST_CASE("a notice that is rolled back was never told", "[pg][notices]") {
    Board board;
    need(board.api.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        raise_notice(transaction, submitted(kStart), kStart);
        return {};
    }));
    CHECK(need(load_notices_after(board.api, 0, 100)).empty());
    CHECK(need(load_last_notice_place(board.api)) == 0);
}

TEST_CASE("notices that make no sense are refused by the table", "[pg][notices][constraints]") {
    Board board;
    pqxx::connection connection{board.database.conninfo("sluice_super")};
    const auto violated = [&](const char* values) {
        try {
            pqxx::work transaction{connection};
            transaction.exec(
                std::string{"INSERT INTO notices (id, kind, subject_id, audience, due_at, days_ahead, "
                            "created_at) VALUES ("
                            "gen_random_uuid(), "} +
                values + ", now())"
            );
            return std::string{"nothing"};
        } catch (const pqxx::sql_error& error) {
            return constraint_of(error);
        }
    };
    CHECK(violated("'gossip', gen_random_uuid(), 'secretariat', NULL, 0") == "notices_kind_known");
    CHECK(violated("'decision', gen_random_uuid(), 'secretariat', NULL, 3") == "notices_ahead");
    CHECK(violated("'decision', gen_random_uuid(), 'secretariat', NULL, 0") == "nothing");
}

}  // namespace
}  // namespace sluice::catalogue
