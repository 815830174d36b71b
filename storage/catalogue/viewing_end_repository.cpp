#include "storage/catalogue/detail/load.hpp"
#include "storage/catalogue/detail/values.hpp"
#include "storage/catalogue/detail/viewing_facts.hpp"
#include "storage/catalogue/record_repository.hpp"
#include "storage/catalogue/viewing_repository.hpp"

/// The end of a session: its row, its line in the register and its record are one transaction.
namespace sluice::catalogue {
namespace {

using detail::run;
using detail::to_optional_time;
using detail::to_time;

constexpr const char* kLockForEnd = R"(
    SELECT coalesce(r.dossier_number, ''), g.kind, s.escort, s.viewer, to_us(s.joined_at)
    FROM viewing_sessions s JOIN requests r ON r.id = s.request_id JOIN grants g ON g.id = s.grant_id
    WHERE s.id = $1::uuid AND s.ended_at IS NULL FOR UPDATE OF s)";
constexpr const char* kDelivered = R"(
    SELECT c.slug, d.stream, to_us(d.from_at), to_us(d.to_at), d.bytes, d.kind
    FROM deliveries d JOIN cameras c ON c.id = d.camera_id WHERE d.session_id = $1::uuid ORDER BY c.slug, d.stream, d.from_at)";
constexpr const char* kEnter =
    "SELECT add_register_entry($1, 'session', $2::jsonb, $3::uuid, $4, from_us($5::bigint))";
constexpr const char* kEnd = R"(
    UPDATE viewing_sessions SET ended_at = greatest(from_us($2::bigint), opened_at), end_reason = $3, register_line = $4::bigint
    WHERE id = $1::uuid)";

}  // namespace

Result<bool> end_viewing(Pool& pool, const ViewingEnd& end, UtcTime now) {
    bool is_ended = false;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        // From here on no delivery is under way: each holds this row while it is being recorded.
        const pqxx::result locked = run(transaction, kLockForEnd, to_string(end.id));
        if (locked.empty()) return {};
        const auto joined = to_optional_time(locked[0][4]);
        detail::SessionFacts facts{
            .session_id = end.id,
            .kind = locked[0][1].as<std::string>(),
            .escort = locked[0][2].as<std::string>(),
            .viewer = locked[0][3].as<std::string>(),
            .reason = end.reason,
            .time = {joined.value_or(now), now},
            .delivered = {},
        };
        for (const auto& row : run(transaction, kDelivered, to_string(end.id)))
            facts.delivered.push_back(
                {row[0].as<std::string>(),
                 row[1].as<std::string>(),
                 {to_time(row[2]), to_time(row[3])},
                 row[4].as<std::uint64_t>(),
                 row[5].as<std::string>()}
            );
        const std::string text = detail::to_json(facts);
        std::optional<std::int64_t> line;
        if (joined)
            line = run(transaction,
                       kEnter,
                       locked[0][0].as<std::string>(),
                       text,
                       end.actor.id ? std::optional{to_string(*end.actor.id)} : std::nullopt,
                       detail::clean_text(end.actor.name),
                       to_epoch_us(now))[0][0]
                       .as<std::int64_t>();
        run(transaction, kEnd, to_string(end.id), to_epoch_us(now), end.reason, line);
        const ledger::Act act{
            .action = "viewing.ended",
            .actor = end.actor,
            .subject = {.kind = "viewing", .id = to_string(end.id)},
            .facts = text,
        };
        if (const auto record = append_record(transaction, act, now); !record)
            return std::unexpected(record.error());
        transaction.commit();
        is_ended = true;
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return is_ended;
}

}  // namespace sluice::catalogue
