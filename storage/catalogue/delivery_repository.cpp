#include "storage/catalogue/delivery_repository.hpp"

#include "storage/catalogue/detail/load.hpp"
#include "storage/catalogue/detail/values.hpp"
#include "storage/catalogue/record_repository.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace sluice::catalogue {
namespace {

using detail::execute;
using detail::load;
using detail::run;
using detail::run_prepared;

constexpr std::size_t kNoticesAtOnce = 500;

// Asked first: a look that finds nothing must not write.
constexpr const char* kHasNew =
    "SELECT EXISTS (SELECT FROM notices WHERE place > (SELECT place FROM notice_outbox))";
constexpr const char* kOutbox = "SELECT place FROM notice_outbox FOR UPDATE";
constexpr const char* kNewNotices =
    "SELECT id, place, audience FROM notices WHERE place > $1::bigint ORDER BY place LIMIT $2::bigint";
constexpr const char* kFile = R"(
    INSERT INTO notice_deliveries (id, notice_id, channel, target, next_at)
    SELECT gen_random_uuid(), n, c, t, from_us($4::bigint)
    FROM unnest($1::uuid[], $2::text[], $3::text[]) AS wanted (n, c, t)
    ON CONFLICT ON CONSTRAINT notice_deliveries_once DO NOTHING)";
constexpr const char* kPass = "UPDATE notice_outbox SET place = $1::bigint";

constexpr const char* kClaim = R"(
    WITH due AS (
        SELECT id FROM notice_deliveries WHERE state = 'waiting' AND next_at <= from_us($1::bigint)
        ORDER BY next_at LIMIT $2::bigint FOR UPDATE SKIP LOCKED
    ), taken AS (
        UPDATE notice_deliveries d
        SET tries = tries + 1,
            next_at = from_us($1::bigint) + least(interval '6 hours', interval '30 seconds' * (2 ^ d.tries))
        FROM due WHERE d.id = due.id RETURNING d.id, d.notice_id, d.channel, d.target, d.tries
    )
    SELECT t.id, t.channel, t.target, t.tries, n.id, n.place, n.kind, n.subject_id, n.audience, to_us(n.due_at),
           n.days_ahead, to_us(n.created_at)
    FROM taken t JOIN notices n ON n.id = t.notice_id ORDER BY n.place)";
constexpr const char* kSent = R"(
    UPDATE notice_deliveries SET state = 'sent', problem = '', ended_at = from_us($2::bigint)
    WHERE id = $1::uuid AND state = 'waiting')";
constexpr const char* kFailed = R"(
    UPDATE notice_deliveries
    SET problem = $2, state = CASE WHEN tries >= $3::int THEN 'dead' ELSE state END,
        ended_at = CASE WHEN tries >= $3::int THEN from_us($4::bigint) END
    WHERE id = $1::uuid AND state = 'waiting')";

constexpr const char* kDead = R"(
    SELECT d.id, d.channel, d.target, d.tries, n.id, n.place, n.kind, n.subject_id, n.audience, to_us(n.due_at),
           n.days_ahead, to_us(n.created_at), d.problem, to_us(d.ended_at)
    FROM notice_deliveries d JOIN notices n ON n.id = d.notice_id
    WHERE d.state = 'dead' AND ($1::uuid IS NULL OR (d.ended_at, d.id) <
        (SELECT b.ended_at, b.id FROM notice_deliveries b WHERE b.id = $1::uuid))
    ORDER BY d.ended_at DESC, d.id DESC LIMIT $2::bigint)";
constexpr const char* kRetry = R"(
    UPDATE notice_deliveries SET state = 'waiting', tries = 0, next_at = from_us($2::bigint), ended_at = NULL
    WHERE id = $1::uuid AND state = 'dead' RETURNING channel, target)";

DeliveryChannel channel_from(const pqxx::field& field) {
    return field.as<std::string>() == "mail" ? DeliveryChannel::mail : DeliveryChannel::webhook;
}

Delivery to_delivery(const pqxx::row& row) {
    const auto kind = notice_kind_from(row[6].as<std::string>());
    if (!kind) throw pqxx::conversion_error{"unknown kind of notice"};
    return {
        .id = detail::to_uuid(row[0]),
        .channel = channel_from(row[1]),
        .target = row[2].as<std::string>(),
        .tries = row[3].as<unsigned>(),
        .notice =
            {
                .id = detail::to_uuid(row[4]),
                .place = row[5].as<std::int64_t>(),
                .kind = *kind,
                .subject_id = detail::to_uuid(row[7]),
                .audience = row[8].as<std::string>(),
                .addressee_id = std::nullopt,
                .due = detail::to_optional_time(row[9]),
                .days_ahead = row[10].as<unsigned>(),
                .created = detail::to_time(row[11]),
                .acknowledged = std::nullopt,
                .acknowledger = {},
            },
    };
}

DeadDelivery to_dead(const pqxx::row& row) {
    return {
        .delivery = to_delivery(row), .problem = row[12].as<std::string>(), .ended = detail::to_time(row[13])
    };
}

bool wants(const DeliveryTarget& target, const std::string& audience) {
    return target.audiences.empty() ||
           std::ranges::find(target.audiences, audience) != target.audiences.end();
}

}  // namespace

std::string_view to_string(DeliveryChannel channel) noexcept {
    return channel == DeliveryChannel::mail ? "mail" : "webhook";
}

Result<std::size_t> file_deliveries(Pool& pool, std::span<const DeliveryTarget> targets, UtcTime now) {
    std::size_t filed = 0;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        if (!run_prepared(connection, transaction, kHasNew)[0][0].as<bool>()) return {};
        std::int64_t place = run(transaction, kOutbox)[0][0].as<std::int64_t>();
        const pqxx::result notices = run(transaction, kNewNotices, place, kNoticesAtOnce);
        if (notices.empty()) return {};
        detail::ArrayLiteral ids;
        detail::ArrayLiteral channels;
        detail::ArrayLiteral names;
        for (const auto& notice : notices) {
            place = notice[1].as<std::int64_t>();
            for (const DeliveryTarget& target : targets) {
                if (!wants(target, notice[2].as<std::string>())) continue;
                ids.add(detail::to_uuid(notice[0]));
                channels.add(to_string(target.channel));
                names.add(std::string_view{target.name});
            }
        }
        filed =
            run(transaction, kFile, ids.str(), channels.str(), names.str(), to_epoch_us(now)).affected_rows();
        run(transaction, kPass, place);
        transaction.commit();
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return filed;
}

Result<std::vector<Delivery>> claim_deliveries(Pool& pool, UtcTime now, std::size_t limit) {
    std::vector<Delivery> claimed;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        for (const auto& row : run_prepared(connection, transaction, kClaim, to_epoch_us(now), limit))
            claimed.push_back(to_delivery(row));
        transaction.commit();
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return claimed;
}

Status save_sent(Pool& pool, const Uuid& id, UtcTime now) {
    return execute(pool, kSent, to_string(id), to_epoch_us(now));
}

Status save_failed(Pool& pool, const Uuid& id, const std::string& problem, UtcTime now) {
    return execute(pool, kFailed, to_string(id), detail::clean_text(problem), kMostTries, to_epoch_us(now));
}

Result<std::vector<DeadDelivery>>
load_dead_deliveries(Pool& pool, const std::optional<Uuid>& before, std::size_t limit) {
    return load<DeadDelivery>(
        pool, to_dead, kDead, before ? std::optional{to_string(*before)} : std::nullopt, limit
    );
}

Result<bool> retry_delivery(Pool& pool, const Uuid& id, const ledger::Actor& actor, UtcTime now) {
    bool is_waiting = false;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        const auto changed = run(transaction, kRetry, to_string(id), to_epoch_us(now));
        if (changed.empty()) return {};
        const nlohmann::json facts{
            {"channel", changed[0][0].as<std::string>()}, {"target", changed[0][1].as<std::string>()}
        };
        const auto record = append_record(
            transaction,
            {.action = "delivery.retried",
             .actor = actor,
             .subject = {.kind = "delivery", .id = to_string(id)},
             .facts = facts.dump()},
            now
        );
        if (!record) return std::unexpected(record.error());
        transaction.commit();
        is_waiting = true;
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return is_waiting;
}

}  // namespace sluice::catalogue
