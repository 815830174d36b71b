#include "storage/catalogue/alarm_repository.hpp"
#include "storage/catalogue/detail/load.hpp"
#include "storage/catalogue/detail/values.hpp"

/// What alarms still have to be derived of.
namespace sluice::catalogue {
namespace {

using detail::run_prepared;

// A look at some batches at a time, with the first event of the same sources behind each of them, and when
// the last of their doors moved next; one that has not since is looked at up to now.
constexpr const char* kPending = R"(
    SELECT b.place, to_us(b.from_at), to_us(b.last_at),
           ARRAY(SELECT to_us(n.at)::text FROM (
                    SELECT DISTINCT e.source FROM access_events e
                    WHERE e.batch_id = b.id AND e.at >= b.from_at AND e.at <= b.last_at) s
                 CROSS JOIN LATERAL (
                    SELECT x.at FROM access_events x WHERE x.source = s.source AND x.at > b.last_at ORDER BY x.at LIMIT 1) n),
           (SELECT to_us(max(coalesce(n.at, from_us($1::bigint)))) FROM (
                    SELECT DISTINCT e.door, e.code = 'door.lock_state' AS is_lock FROM access_events e
                    WHERE e.batch_id = b.id AND e.at >= b.from_at AND e.at <= b.last_at AND e.door IS NOT NULL
                      AND e.code IN ('door.opened', 'door.forced_open', 'door.closed', 'door.lock_state')) d
                 LEFT JOIN LATERAL (
                    SELECT x.at FROM access_events x
                    WHERE x.door = d.door AND x.at > b.last_at AND (CASE WHEN d.is_lock
                              THEN x.code = 'door.lock_state' AND x.data ILIKE '%locked"%'
                              ELSE x.code IN ('door.opened', 'door.forced_open', 'door.closed') END)
                    ORDER BY x.at LIMIT 1) n ON true)
    FROM access_batches b WHERE b.place > (SELECT place FROM access_derivation) ORDER BY b.place LIMIT 50)";
constexpr const char* kSaveDerived = "UPDATE access_derivation SET place = greatest(place, $1::bigint)";

constexpr const char* kRederivations = R"(
    SELECT id, to_us(from_at), to_us(to_at), cause FROM access_rederivations WHERE derived_at IS NULL
    ORDER BY from_at, id LIMIT $1::bigint)";
constexpr const char* kSaveRederived =
    "UPDATE access_rederivations SET derived_at = from_us($2::bigint) WHERE id = $1::uuid";

Rederivation to_rederivation(const pqxx::row& row) {
    return {
        .id = detail::to_uuid(row[0]),
        .range = {detail::to_time(row[1]), detail::to_time(row[2])},
        .cause = row[3].as<std::string>(),
    };
}

}  // namespace

Result<std::optional<PendingDerivation>> find_pending_derivation(Pool& pool, UtcTime now) {
    std::optional<PendingDerivation> pending;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::nontransaction session{connection.get()};
        std::vector<TimeRange> windows;
        for (const auto& row : run_prepared(connection, session, kPending, to_epoch_us(now))) {
            if (!pending) pending.emplace();
            pending->place = row[0].as<std::int64_t>();
            windows.push_back(access::window_of(
                detail::to_time(row[1]), detail::to_time(row[2]), detail::to_optional_time(row[4])
            ));
            for (const std::string& next : detail::to_texts(row[3]))
                windows.push_back(access::window_behind(from_epoch_us(std::stoll(next))));
        }
        if (pending) pending->windows = access::merge_windows(std::move(windows));
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return pending;
}

Status save_derived(Pool& pool, std::int64_t place) {
    return detail::execute(pool, kSaveDerived, place);
}

Result<std::vector<Rederivation>> load_rederivations(Pool& pool, std::size_t limit) {
    return detail::load_prepared(pool, to_rederivation, kRederivations, limit);
}

Status save_rederived(Pool& pool, const Uuid& id, UtcTime now) {
    return detail::execute(pool, kSaveRederived, to_string(id), to_epoch_us(now));
}

}  // namespace sluice::catalogue
