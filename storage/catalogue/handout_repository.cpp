#include "storage/catalogue/handout_repository.hpp"

#include "storage/catalogue/detail/load.hpp"
#include "storage/catalogue/detail/values.hpp"

#include <array>

namespace sluice::catalogue {
namespace {

using detail::run;
using detail::to_optional_time;
using detail::to_time;
using detail::to_uuid;

constexpr std::array kKinds{DeliveryKind::piece, DeliveryKind::clip, DeliveryKind::snapshot};

std::string text_of(StreamKind stream) {
    return std::string{to_string(stream)};
}
StreamKind to_stream(const pqxx::field& field) {
    return field.as<std::string>() == to_string(StreamKind::sub) ? StreamKind::sub : StreamKind::main;
}
DeliveryKind to_kind(const pqxx::field& field) {
    const auto word = field.as<std::string>();
    for (const DeliveryKind kind : kKinds)
        if (to_string(kind) == word) return kind;
    throw pqxx::conversion_error{"unknown kind of delivery"};
}
std::optional<Uuid> to_optional_uuid(const pqxx::field& field) {
    return field.is_null() ? std::nullopt : std::optional{to_uuid(field)};
}
std::optional<std::string> to_text(const std::optional<Uuid>& id) {
    return id ? std::optional{to_string(*id)} : std::nullopt;
}

constexpr const char* kBeginPlaylist = R"(
    INSERT INTO viewing_playlists (session_id, camera_id, stream, from_at, began_at)
    VALUES ($1::uuid, $2::uuid, $3, from_us($4::bigint), from_us($5::bigint)) ON CONFLICT DO NOTHING)";
constexpr const char* kPlaylist = R"(
    SELECT to_us(began_at) FROM viewing_playlists
    WHERE session_id = $1::uuid AND camera_id = $2::uuid AND stream = $3 AND from_at = from_us($4::bigint))";

// Two requests at once: the second waits here, and then sees what the first one has paid.
constexpr const char* kPace = R"(
    INSERT INTO viewing_paces AS p (session_id, camera_id, paid_until) VALUES ($1::uuid, $2::uuid, '-infinity')
    ON CONFLICT (session_id, camera_id) DO UPDATE SET paid_until = p.paid_until
    RETURNING CASE WHEN isfinite(paid_until) THEN to_us(paid_until) END)";
constexpr const char* kPay =
    "UPDATE viewing_paces SET paid_until = from_us($3::bigint) WHERE session_id = $1::uuid AND camera_id = "
    "$2::uuid";
constexpr const char* kDeliver = R"(
    INSERT INTO deliveries (id, session_id, camera_id, stream, from_at, to_at, bytes, at, kind, segment_id, first_fragment, end_fragment,
                            copy_id, principal_id)
    VALUES ($1::uuid, $2::uuid, $3::uuid, $4, from_us($5::bigint), from_us($6::bigint), $7::bigint, from_us($8::bigint), $9, $10::uuid,
            $11::int, $12::int, $13::uuid, $14::uuid))";
constexpr const char* kDeliveries = R"(
    SELECT id, session_id, camera_id, stream, to_us(from_at), to_us(to_at), bytes, to_us(at), kind, segment_id, first_fragment,
           end_fragment, copy_id, principal_id
    FROM deliveries WHERE session_id = $1::uuid ORDER BY at, id)";

DeliveryRow to_delivery(const pqxx::row& row) {
    DeliveryRow delivery{
        .id = to_uuid(row[0]),
        .session_id = to_uuid(row[1]),
        .camera_id = to_uuid(row[2]),
        .stream = to_stream(row[3]),
        .range = {to_time(row[4]), to_time(row[5])},
        .bytes = row[6].as<std::uint64_t>(),
        .at = to_time(row[7]),
        .kind = to_kind(row[8]),
        .piece = {},
        .copy_id = to_optional_uuid(row[12]),
        .principal_id = to_optional_uuid(row[13]),
    };
    if (!row[9].is_null())
        delivery.piece = {to_uuid(row[9]), row[10].as<std::uint32_t>(), row[11].as<std::uint32_t>()};
    return delivery;
}

void insert(pqxx::transaction_base& transaction, const DeliveryRow& row) {
    std::optional<Uuid> segment;
    std::optional<std::uint32_t> first;
    std::optional<std::uint32_t> end;
    if (row.piece) {
        segment = row.piece->segment_id;
        first = row.piece->first_fragment;
        end = row.piece->end_fragment;
    }
    run(transaction,
        kDeliver,
        to_string(row.id),
        to_string(row.session_id),
        to_string(row.camera_id),
        text_of(row.stream),
        to_epoch_us(row.range.from),
        to_epoch_us(row.range.to),
        row.bytes,
        to_epoch_us(row.at),
        std::string{to_string(row.kind)},
        to_text(segment),
        first,
        end,
        to_text(row.copy_id),
        to_text(row.principal_id));
}

/// The database's own look at a delivery, as the code of a refusal.
Error explain(const Error& error) {
    if (error.message().find("outside the granted interval") != std::string::npos)
        return {Remedy::refuse, {}, "outside the granted interval", "ART7_NOT_APPROVED"};
    if (error.message().find("without grant, escort and viewer") != std::string::npos)
        return {Remedy::refuse, {}, "no grant, escort or viewer any more", "ART9_4A_NO_ESCORT"};
    if (error.label() == "sqlstate_23503")
        return {Remedy::refuse, {}, "no such session", "ART9_4A_NO_ESCORT"};
    return error;
}

}  // namespace

std::string_view to_string(DeliveryKind kind) noexcept {
    constexpr std::array<std::string_view, 3> words{"piece", "clip", "snapshot"};
    return words.at(static_cast<std::size_t>(kind));
}

Result<UtcTime> begin_playlist(
    Pool& pool,
    const Uuid& session_id,
    const Uuid& camera_id,
    StreamKind stream,
    UtcTime from,
    UtcTime now
) {
    UtcTime began = now;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        const std::string session = to_string(session_id);
        const std::string camera = to_string(camera_id);
        run(transaction, kBeginPlaylist, session, camera, text_of(stream), to_epoch_us(from), to_epoch_us(now)
        );
        began =
            to_time(run(transaction, kPlaylist, session, camera, text_of(stream), to_epoch_us(from))[0][0]);
        transaction.commit();
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return began;
}

Result<Outcome> record_delivery(Pool& pool, const DeliveryRow& row, const Pace& pace) {
    Outcome outcome = Outcome::too_early;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        const std::string session = to_string(row.session_id);
        const std::string camera = to_string(row.camera_id);
        const auto paid = pace(to_optional_time(run(transaction, kPace, session, camera)[0][0]));
        if (!paid) return {};
        run(transaction, kPay, session, camera, to_epoch_us(*paid));
        insert(transaction, row);
        transaction.commit();
        outcome = Outcome::recorded;
        return {};
    });
    if (!status) return std::unexpected(explain(status.error()));
    return outcome;
}

Status record_delivery(Pool& pool, const DeliveryRow& row) {
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        insert(transaction, row);
        transaction.commit();
        return {};
    });
    if (!status) return std::unexpected(explain(status.error()));
    return {};
}

Result<std::vector<DeliveryRow>> load_deliveries(Pool& pool, const Uuid& session_id) {
    return detail::load(pool, to_delivery, kDeliveries, to_string(session_id));
}

}  // namespace sluice::catalogue
