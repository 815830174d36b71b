#include "storage/catalogue/forecast_repository.hpp"

#include "storage/catalogue/detail/connection.hpp"
#include "storage/catalogue/detail/load.hpp"
#include "storage/catalogue/detail/values.hpp"

namespace sluice::catalogue {

namespace {

using detail::load;
using detail::run;

// A segment that two holds keep counts once.
constexpr const char* kByAge = R"(
    WITH held AS (
        SELECT DISTINCT s.id, s.volume_id, s.from_at, s.to_at, s.bytes
        FROM holds h JOIN hold_cameras c ON c.hold_id = h.id JOIN streams t ON t.camera_id = c.camera_id
             JOIN segments s ON s.stream_id = t.id
        WHERE h.released_at IS NULL AND (h.expires_at IS NULL OR h.expires_at > from_us($1::bigint))
          AND s.from_at < h.to_at AND s.to_at > h.from_at AND s.from_at > h.from_at - interval '24 hours'
    ), all_of_it AS (
        SELECT volume_id, from_at, to_at, bytes, 0::bigint AS held FROM segments
        UNION ALL SELECT volume_id, from_at, to_at, 0, bytes FROM held
    )
    SELECT volume_id, greatest(floor(extract(epoch FROM from_us($1::bigint) - to_at) / 86400), 0)::bigint AS age,
           sum(bytes)::bigint, sum(held)::bigint, to_us(min(from_at))
    FROM all_of_it GROUP BY volume_id, age ORDER BY volume_id, age)";

FootageByAge to_age(const pqxx::row& row) {
    return {
        .volume_id = detail::to_uuid(row[0]),
        .age_days = row[1].as<std::int64_t>(),
        .bytes = row[2].as<std::uint64_t>(),
        .held_bytes = row[3].as<std::uint64_t>(),
        .oldest = detail::to_time(row[4]),
    };
}

constexpr const char* kSaveForecast = R"(
    INSERT INTO forecasts (place, made_at, bytes_per_day, footage_bytes, held_bytes, free_bytes, floor_days, days_held, at_risk_at,
        is_at_risk)
    VALUES ($1, from_us($2::bigint), $3::bigint, $4::bigint, $5::bigint, $6::bigint, $7::int, $8::float8, from_us($9::bigint), $10::bool)
    ON CONFLICT (place) DO UPDATE SET made_at = excluded.made_at, bytes_per_day = excluded.bytes_per_day,
        footage_bytes = excluded.footage_bytes, held_bytes = excluded.held_bytes, free_bytes = excluded.free_bytes,
        floor_days = excluded.floor_days, days_held = excluded.days_held, at_risk_at = excluded.at_risk_at,
        is_at_risk = excluded.is_at_risk)";
constexpr const char* kForecasts = R"(
    SELECT place, to_us(made_at), bytes_per_day, footage_bytes, held_bytes, free_bytes, floor_days, days_held, to_us(at_risk_at),
           is_at_risk
    FROM forecasts ORDER BY place)";

ForecastRow to_forecast(const pqxx::row& row) {
    return {
        .place = row[0].as<std::string>(),
        .made = detail::to_time(row[1]),
        .bytes_per_day = row[2].as<std::uint64_t>(),
        .footage_bytes = row[3].as<std::uint64_t>(),
        .held_bytes = row[4].as<std::uint64_t>(),
        .free_bytes = row[5].as<std::uint64_t>(),
        .floor_days = row[6].as<int>(),
        .days_held = row[7].is_null() ? std::nullopt : std::optional{row[7].as<double>()},
        .at_risk = detail::to_optional_time(row[8]),
        .is_at_risk = row[9].as<bool>(),
    };
}

}  // namespace

Result<std::vector<FootageByAge>> load_footage_by_age(Pool& pool, UtcTime now) {
    return load(pool, to_age, kByAge, to_epoch_us(now));
}

Status save_forecasts(Pool& pool, const std::vector<ForecastRow>& rows) {
    return pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        for (const ForecastRow& row : rows)
            run(transaction,
                kSaveForecast,
                row.place,
                to_epoch_us(row.made),
                row.bytes_per_day,
                row.footage_bytes,
                row.held_bytes,
                row.free_bytes,
                row.floor_days,
                row.days_held,
                row.at_risk ? std::optional{to_epoch_us(*row.at_risk)} : std::nullopt,
                row.is_at_risk);
        transaction.commit();
        return {};
    });
}

Result<std::vector<ForecastRow>> load_forecasts(Pool& pool) {
    return load(pool, to_forecast, kForecasts);
}

}  // namespace sluice::catalogue
