#include "storage/catalogue/duty_repository.hpp"

#include "storage/catalogue/detail/acted.hpp"
#include "storage/catalogue/detail/load.hpp"
#include "storage/catalogue/detail/values.hpp"
#include "storage/catalogue/notice_repository.hpp"

#include <nlohmann/json.hpp>

namespace sluice::catalogue {
namespace {

using calendar::to_iso;
using detail::first_of;
using detail::id_of;
using detail::load;
using detail::run;
using detail::write_with_record;
using nlohmann::json;

constexpr const char* kDuties = R"(
    SELECT id, kind, name, owner, recurs, coalesce(on_weekday, 1), coalesce(on_month, 1), coalesce(on_day, 1), starts_on::text,
           to_us(retired_at), placer
    FROM duties WHERE $1::boolean OR retired_at IS NULL ORDER BY starts_on, id)";
constexpr const char* kDuty = R"(
    SELECT id, kind, name, owner, recurs, coalesce(on_weekday, 1), coalesce(on_month, 1), coalesce(on_day, 1), starts_on::text,
           to_us(retired_at), placer
    FROM duties WHERE id = $1::uuid)";
constexpr const char* kCreate = R"(
    INSERT INTO duties (id, kind, name, owner, recurs, on_weekday, on_month, on_day, starts_on, placer_id, placer)
    VALUES ($1::uuid, $2, $3, $4, $5, $6::int, $7::int, $8::int, $9::date, $10::uuid, $11) ON CONFLICT DO NOTHING)";
constexpr const char* kRetire =
    "UPDATE duties SET retired_at = from_us($2::bigint) WHERE id = $1::uuid AND retired_at IS NULL";
constexpr const char* kTurns = R"(
    SELECT turn::text, to_us(done_at), note, evidence::text, person FROM duty_turns
    WHERE duty_id = $1::uuid AND turn >= $2::date AND turn < $3::date ORDER BY turn)";
constexpr const char* kDo = R"(
    INSERT INTO duty_turns (duty_id, turn, done_at, note, evidence, person_id, person)
    VALUES ($1::uuid, $2::date, from_us($3::bigint), $4, $5::jsonb, $6::uuid, $7) ON CONFLICT DO NOTHING)";
constexpr const char* kFollowUps = R"(
    SELECT id, item, owner, source, due_on::text, to_us(opened_at), opener, to_us(closed_at), coalesce(closer, ''), coalesce(evidence, '')
    FROM follow_ups
    WHERE (opened_at, id) < (from_us($1::bigint), $2::uuid) AND (NOT $3::boolean OR closed_at IS NULL)
    ORDER BY opened_at DESC, id DESC LIMIT $4::bigint)";
constexpr const char* kFollowUp = R"(
    SELECT id, item, owner, source, due_on::text, to_us(opened_at), opener, to_us(closed_at), coalesce(closer, ''), coalesce(evidence, '')
    FROM follow_ups WHERE id = $1::uuid)";
constexpr const char* kOpen = R"(
    INSERT INTO follow_ups (id, item, owner, source, due_on, opened_at, opener_id, opener)
    VALUES ($1::uuid, $2, $3, $4, $5::date, from_us($6::bigint), $7::uuid, $8) ON CONFLICT DO NOTHING)";
constexpr const char* kClose = R"(
    UPDATE follow_ups SET closed_at = from_us($2::bigint), closer_id = $3::uuid, closer = $4, evidence = $5
    WHERE id = $1::uuid AND closed_at IS NULL)";

DutyRow to_duty(const pqxx::row& row) {
    const auto recurs = duty::recurs_from(row[4].as<std::string>());
    if (!recurs) throw pqxx::conversion_error{"unknown recurrence of a duty"};
    return {
        .id = detail::to_uuid(row[0]),
        .kind = row[1].as<std::string>(),
        .name = row[2].as<std::string>(),
        .owner = row[3].as<std::string>(),
        .recurrence =
            {.recurs = *recurs,
             .weekday = std::chrono::weekday{row[5].as<unsigned>()},  // 7 is Sunday, as in ISO 8601
             .month = row[6].as<unsigned>(),
             .day = row[7].as<unsigned>()},
        .starts = detail::to_date(row[8]),
        .retired = detail::to_optional_time(row[9]),
        .placer = row[10].as<std::string>(),
    };
}

DutyTurnRow to_turn(const pqxx::row& row) {
    return {
        .turn = detail::to_date(row[0]),
        .done = detail::to_time(row[1]),
        .note = row[2].as<std::string>(),
        .evidence = row[3].as<std::string>(),
        .person = row[4].as<std::string>(),
    };
}

FollowUpRow to_follow_up(const pqxx::row& row) {
    return {
        .id = detail::to_uuid(row[0]),
        .item = row[1].as<std::string>(),
        .owner = row[2].as<std::string>(),
        .source = row[3].as<std::string>(),
        .due = detail::to_date(row[4]),
        .opened = detail::to_time(row[5]),
        .opener = row[6].as<std::string>(),
        .closed = detail::to_optional_time(row[7]),
        .closer = row[8].as<std::string>(),
        .evidence = row[9].as<std::string>(),
    };
}

ledger::Act
to_act(const char* action, const char* kind, const Uuid& id, const ledger::Actor& actor, const json& facts) {
    return {
        .action = action,
        .actor = actor,
        .subject = {.kind = kind, .id = to_string(id)},
        .facts = facts.dump(-1, ' ', false, json::error_handler_t::replace),
    };
}

Result<bool> tell(Pool& pool, const NewNotice& notice, UtcTime now) {
    bool is_new = false;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        is_new = raise_notice(transaction, notice, now);
        transaction.commit();
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return is_new;
}

}  // namespace

Result<std::vector<DutyRow>> load_duties(Pool& pool, bool with_retired) {
    return load<DutyRow>(pool, to_duty, kDuties, with_retired);
}

Result<std::optional<DutyRow>> find_duty(Pool& pool, const Uuid& id) {
    return first_of(load<DutyRow>(pool, to_duty, kDuty, to_string(id)));
}

Result<bool> create_duty(Pool& pool, const DutyRow& row, const ledger::Actor& actor, UtcTime now) {
    using enum duty::Recurs;
    const duty::Recurrence& recurrence = row.recurrence;
    const auto given = [&](bool is_used, unsigned number) {
        return is_used ? std::optional{static_cast<int>(number)} : std::nullopt;
    };
    const bool has_day = recurrence.recurs == monthly || recurrence.recurs == yearly;
    return write_with_record(
        pool,
        to_act("duty.created", "duty", row.id, actor, {{"kind", row.kind}, {"owner", row.owner}}),
        now,
        [&](pqxx::transaction_base& transaction) {
            return run(transaction,
                       kCreate,
                       to_string(row.id),
                       row.kind,
                       detail::clean_text(row.name),
                       row.owner,
                       std::string{to_string(recurrence.recurs)},
                       given(recurrence.recurs == weekly, recurrence.weekday.iso_encoding()),
                       given(recurrence.recurs == yearly, recurrence.month),
                       given(has_day, recurrence.day),
                       to_iso(row.starts),
                       id_of(actor),
                       detail::clean_text(actor.name))
                       .affected_rows() > 0;
        }
    );
}

Result<bool> retire_duty(Pool& pool, const Uuid& id, const ledger::Actor& actor, UtcTime now) {
    return write_with_record(
        pool,
        to_act("duty.retired", "duty", id, actor, json::object()),
        now,
        [&](pqxx::transaction_base& transaction) {
            return run(transaction, kRetire, to_string(id), to_epoch_us(now)).affected_rows() > 0;
        }
    );
}

Result<std::vector<DutyTurnRow>>
load_duty_turns(Pool& pool, const Uuid& duty_id, duty::Date from, duty::Date to) {
    return load<DutyTurnRow>(pool, to_turn, kTurns, to_string(duty_id), to_iso(from), to_iso(to));
}

Result<bool>
do_duty(Pool& pool, const Uuid& duty_id, const DutyTurnRow& row, const ledger::Actor& actor, UtcTime now) {
    return write_with_record(
        pool,
        to_act("duty.done", "duty", duty_id, actor, {{"turn", to_iso(row.turn)}}),
        now,
        [&](pqxx::transaction_base& transaction) {
            return run(transaction,
                       kDo,
                       to_string(duty_id),
                       to_iso(row.turn),
                       to_epoch_us(now),
                       detail::clean_text(row.note),
                       row.evidence,
                       id_of(actor),
                       detail::clean_text(actor.name))
                       .affected_rows() > 0;
        }
    );
}

Result<bool> tell_duty(Pool& pool, const DutyRow& duty, UtcTime due, unsigned days_ahead, UtcTime now) {
    return tell(
        pool,
        {.kind = NoticeKind::duty_due,
         .subject_id = duty.id,
         .audience = duty.owner,
         .due = due,
         .days_ahead = days_ahead},
        now
    );
}

Result<std::vector<FollowUpRow>>
load_follow_ups(Pool& pool, bool only_open, std::optional<FollowUpCursor> after, std::size_t limit) {
    constexpr UtcTime far_future = from_epoch_us(253'402'300'799'000'000);  // end of the year 9999
    const FollowUpCursor cursor = after.value_or(FollowUpCursor{.opened = far_future, .id = Uuid{}});
    return load<FollowUpRow>(
        pool, to_follow_up, kFollowUps, to_epoch_us(cursor.opened), to_string(cursor.id), only_open, limit
    );
}

Result<std::optional<FollowUpRow>> find_follow_up(Pool& pool, const Uuid& id) {
    return first_of(load<FollowUpRow>(pool, to_follow_up, kFollowUp, to_string(id)));
}

Result<bool> open_follow_up(Pool& pool, const FollowUpRow& row, const ledger::Actor& actor, UtcTime now) {
    return write_with_record(
        pool,
        to_act(
            "follow_up.opened", "follow_up", row.id, actor, {{"due", to_iso(row.due)}, {"source", row.source}}
        ),
        now,
        [&](pqxx::transaction_base& transaction) {
            return run(transaction,
                       kOpen,
                       to_string(row.id),
                       detail::clean_text(row.item),
                       detail::clean_text(row.owner),
                       detail::clean_text(row.source),
                       to_iso(row.due),
                       to_epoch_us(now),
                       id_of(actor),
                       detail::clean_text(actor.name))
                       .affected_rows() > 0;
        }
    );
}

Result<bool> close_follow_up(
    Pool& pool,
    const Uuid& id,
    const std::string& evidence,
    const ledger::Actor& actor,
    UtcTime now
) {
    return write_with_record(
        pool,
        to_act("follow_up.closed", "follow_up", id, actor, {{"evidence", evidence}}),
        now,
        [&](pqxx::transaction_base& transaction) {
            return run(transaction,
                       kClose,
                       to_string(id),
                       to_epoch_us(now),
                       id_of(actor),
                       detail::clean_text(actor.name),
                       detail::clean_text(evidence))
                       .affected_rows() > 0;
        }
    );
}

Result<bool>
tell_follow_up(Pool& pool, const FollowUpRow& row, UtcTime due, unsigned days_ahead, UtcTime now) {
    return tell(
        pool,
        {.kind = NoticeKind::follow_up_due,
         .subject_id = row.id,
         .audience = "secretariat",
         .due = due,
         .days_ahead = days_ahead},
        now
    );
}

}  // namespace sluice::catalogue
