#include "storage/catalogue/check_repository.hpp"
#include "storage/catalogue/detail/load.hpp"
#include "storage/catalogue/detail/values.hpp"
#include "storage/catalogue/record_repository.hpp"

namespace sluice::catalogue {

namespace {

using detail::execute;
using detail::first_of;
using detail::load;
using detail::run;

constexpr const char* kState =
    "SELECT is_confirmed, to_us(rebuild_began_at), to_us(rebuild_ended_at) FROM catalogue_state";
constexpr const char* kLockState = "SELECT FROM catalogue_state FOR UPDATE";
constexpr const char* kHasFootage = "SELECT EXISTS (SELECT FROM segments)";
constexpr const char* kBeginRebuild = R"(
    UPDATE catalogue_state SET is_confirmed = false, rebuild_began_at = from_us($1::bigint), rebuild_ended_at = NULL)";
constexpr const char* kEndRebuild = R"(
    UPDATE catalogue_state SET rebuild_ended_at = greatest(rebuild_began_at, from_us($1::bigint)))";

}  // namespace

Result<CatalogueState> load_catalogue_state(Pool& pool) {
    const auto from_row = [](const pqxx::row& row) {
        return CatalogueState{
            .is_confirmed = row[0].as<bool>(),
            .rebuild_began = detail::to_optional_time(row[1]),
            .rebuild_ended = detail::to_optional_time(row[2]),
        };
    };
    auto state = first_of(load<CatalogueState>(pool, from_row, kState));
    if (!state) return std::unexpected(state.error());
    if (!*state) return failure(Remedy::operator_acts, "the catalogue's state row is missing");
    return **state;
}

Status begin_rebuild(Pool& pool, const ledger::Actor& actor, UtcTime now) {
    return pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        run(transaction, kLockState);
        const pqxx::result state = run(transaction, kState);
        const bool is_under_way = !state.empty() && !state[0][1].is_null() && state[0][2].is_null();
        if (is_under_way) return {};
        if (run(transaction, kHasFootage)[0][0].as<bool>())
            return failure(
                Remedy::refuse,
                "the catalogue has footage already; a rebuild fills an empty one (sluice migrate makes it)",
                "not_empty"
            );
        run(transaction, kBeginRebuild, to_epoch_us(now));
        const ledger::Act act{
            .action = "catalogue.rebuild_begun",
            .actor = actor,
            .subject = {.kind = "catalogue", .id = "files"},
        };
        if (const auto record = append_record(transaction, act, now); !record)
            return std::unexpected(record.error());
        transaction.commit();
        return {};
    });
}

Status end_rebuild(Pool& pool, UtcTime now) {
    return execute(pool, kEndRebuild, to_epoch_us(now));
}

}  // namespace sluice::catalogue
