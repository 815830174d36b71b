#include "storage/catalogue/power_repository.hpp"

#include "storage/catalogue/detail/load.hpp"
#include "storage/catalogue/detail/values.hpp"

namespace sluice::catalogue {
namespace {

using detail::load_prepared;
using detail::run;

// Journals of several volumes may come in any order; what each line says happened in the order of their
// times.
constexpr const char* kUnderived = R"(
    SELECT e.id, v.installation_id, e.detail->>'at', e.detail->>'ups', e.detail->>'state', (e.detail->>'feeds_recorder')::boolean,
           (e.detail->>'feeds_locks')::boolean, e.detail->>'detail',
           (SELECT p.detail->>'state' FROM recorder_events p JOIN volumes w ON w.id = p.volume_id
            WHERE p.kind = 'power' AND w.installation_id = v.installation_id AND p.detail->>'ups' = e.detail->>'ups'
              AND p.detail->>'state' <> 'unknown' AND (p.at, p.id) < (e.at, e.id)
            ORDER BY p.at DESC, p.id DESC LIMIT 1)
    FROM recorder_events e JOIN volumes v ON v.id = e.volume_id
    WHERE e.kind = 'power' AND e.derived_at IS NULL ORDER BY e.at, e.id LIMIT $1::bigint)";
PowerRow to_power(const pqxx::row& row) {
    const auto at = from_rfc3339(row[2].as<std::string>());
    const auto state = power_state_from(row[4].as<std::string>());
    if (!at || !state) throw pqxx::conversion_error{"a change of power"};
    return {
        .id = detail::to_uuid(row[0]),
        .installation_id = detail::to_uuid(row[1]),
        .at = *at,
        .ups = row[3].as<std::string>(),
        .state = *state,
        .feeds_recorder = row[5].as<bool>(),
        .feeds_locks = row[6].as<bool>(),
        .detail = row[7].as<std::string>(),
        .before = row[8].is_null() ? std::nullopt : power_state_from(row[8].as<std::string>()),
    };
}

constexpr const char* kDerived =
    "UPDATE recorder_events SET derived_at = from_us($2::bigint) WHERE id = $1::uuid";

}  // namespace

Result<std::vector<PowerRow>> load_underived_power(Pool& pool, std::size_t limit) {
    return load_prepared(pool, to_power, kUnderived, static_cast<std::int64_t>(limit));
}

Status save_power(Pool& pool, const PowerOutcome& outcome, UtcTime now) {
    return pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        for (const Uuid& id : outcome.changes)
            run(transaction, kDerived, to_string(id), to_epoch_us(now));
        for (const NewIncident& incident : outcome.incidents)
            if (const auto raised = raise_incident(transaction, incident); !raised)
                return std::unexpected(raised.error());
        // Last: the next batch of anybody waits for this one's commit.
        const auto accepted = accept_events(
            transaction,
            {.channel = AccessChannel::recorder,
             .actor = ledger::system_actor("sluice-worker"),
             .events = outcome.events},
            now
        );
        if (!accepted) return std::unexpected(accepted.error());
        transaction.commit();
        return {};
    });
}

}  // namespace sluice::catalogue
