#include "storage/catalogue/fallback_repository.hpp"

#include "storage/catalogue/detail/connection.hpp"
#include "storage/catalogue/detail/values.hpp"
#include "storage/catalogue/notice_repository.hpp"
#include "storage/catalogue/override_repository.hpp"

#include <pqxx/pqxx>

namespace sluice::catalogue {
namespace {

using access::FallbackPlan;
using detail::run;

constexpr const char* kSilences = R"(
    SELECT id, source, to_us(until_at), refuted_at IS NOT NULL FROM access_alarms
    WHERE kind = 'controller_silent' AND until_at IS NULL AND refuted_at IS NULL
    UNION
    SELECT id, source, to_us(until_at), refuted_at IS NOT NULL FROM access_alarms
    WHERE id IN (SELECT owner_id FROM door_overrides WHERE owner_kind = 'alarm' AND ended_at IS NULL))";
constexpr const char* kPlaced = R"(
    SELECT o.id, o.owner_id, o.door_id, o.ended_at IS NOT NULL FROM door_overrides o
    WHERE o.owner_kind = 'alarm' AND (o.ended_at IS NULL OR EXISTS (
        SELECT FROM access_alarms a WHERE a.id = o.owner_id AND a.until_at IS NULL AND a.refuted_at IS NULL)))";

access::Silence to_silence(const pqxx::row& row) {
    return {
        .alarm = detail::to_uuid(row[0]),
        .source = row[1].as<std::string>(),
        .until = detail::to_optional_time(row[2]),
        .is_refuted = row[3].as<bool>(),
    };
}

access::Fallback to_fallback(const pqxx::row& row) {
    return {
        .id = detail::to_uuid(row[0]),
        .alarm = detail::to_uuid(row[1]),
        .door = detail::to_uuid(row[2]),
        .has_ended = row[3].as<bool>(),
    };
}

OverrideRow to_override(const FallbackPlan::Placement& placement, const std::string& person, UtcTime now) {
    OverrideRow row;
    row.id = placement.id;
    row.door_id = placement.door;
    row.mode = access::DoorMode::manual;
    row.from = now;
    row.reason = person.empty() ? "the controller is silent; nobody is named to stand at the door"
                                : "the controller is silent";
    row.person = person;
    row.owner = OverrideOwner::alarm;
    row.owner_id = placement.alarm;
    return row;
}

Status
write(pqxx::transaction_base& transaction, const FallbackPlan& plan, const std::string& person, UtcTime now) {
    const ledger::Actor worker = ledger::system_actor("sluice-worker");
    for (const FallbackPlan::End& end : plan.ends) {
        const auto ended = end_override(
            transaction, end.id, {.at = end.at, .reason = std::string{end.reason}, .actor = worker}, now
        );
        if (!ended) return std::unexpected(ended.error());
    }
    for (const FallbackPlan::Placement& placement : plan.placements) {
        const auto placed = open_override(transaction, to_override(placement, person, now), worker, now);
        if (!placed) return std::unexpected(placed.error());
        if (person.empty())
            raise_notice(
                transaction,
                {.kind = NoticeKind::door_unattended, .subject_id = placement.alarm, .audience = "secretariat"
                },
                now
            );
    }
    return {};
}

}  // namespace

Result<FallbackBook> load_fallbacks(Pool& pool) {
    FallbackBook book;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::transaction<pqxx::isolation_level::repeatable_read, pqxx::readwrite_policy::read_only> session{
            connection.get()
        };
        for (const auto& row : run(session, kSilences))
            book.silences.push_back(to_silence(row));
        for (const auto& row : run(session, kPlaced))
            book.placed.push_back(to_fallback(row));
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return book;
}

Status
carry_out_fallback(Pool& pool, const access::FallbackPlan& plan, const std::string& person, UtcTime now) {
    return pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        if (auto written = write(transaction, plan, person, now); !written) return written;
        transaction.commit();
        return {};
    });
}

}  // namespace sluice::catalogue
