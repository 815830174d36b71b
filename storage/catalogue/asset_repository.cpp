#include "storage/catalogue/asset_repository.hpp"

#include "storage/catalogue/detail/acted.hpp"
#include "storage/catalogue/detail/load.hpp"
#include "storage/catalogue/detail/values.hpp"

#include <nlohmann/json.hpp>

namespace sluice::catalogue {
namespace {

using detail::load;
using detail::run;
using nlohmann::json;

constexpr const char* kList = R"(
    SELECT a.id, a.property_number, a.name, a.maker, a.model, a.location, a.warranty_until::text, a.is_restricted_brand, a.camera_id,
           coalesce(c.slug, ''), a.note, to_us(a.retired_at), a.revision
    FROM assets a LEFT JOIN cameras c ON c.id = a.camera_id
    WHERE a.property_number > $1 AND (NOT $2::boolean OR a.is_restricted_brand) ORDER BY a.property_number LIMIT $3::bigint)";
constexpr const char* kFind = R"(
    SELECT a.id, a.property_number, a.name, a.maker, a.model, a.location, a.warranty_until::text, a.is_restricted_brand, a.camera_id,
           coalesce(c.slug, ''), a.note, to_us(a.retired_at), a.revision
    FROM assets a LEFT JOIN cameras c ON c.id = a.camera_id WHERE a.property_number = $1)";
constexpr const char* kInsert = R"(
    INSERT INTO assets (id, property_number, name, maker, model, location, warranty_until, is_restricted_brand, camera_id, note, retired_at)
    VALUES ($1::uuid, $2, $3, $4, $5, $6, $7::date, $8::bool, $9::uuid, $10, from_us($11::bigint)) ON CONFLICT DO NOTHING)";
constexpr const char* kUpdate = R"(
    UPDATE assets SET name = $2, maker = $3, model = $4, location = $5, warranty_until = $6::date, is_restricted_brand = $7::bool,
        camera_id = $8::uuid, note = $9, retired_at = from_us($10::bigint), revision = $11::int
    WHERE id = $1::uuid AND revision = $11::int - 1)";

AssetRow to_asset(const pqxx::row& row) {
    return {
        .id = detail::to_uuid(row[0]),
        .property_number = row[1].as<std::string>(),
        .name = row[2].as<std::string>(),
        .maker = row[3].as<std::string>(),
        .model = row[4].as<std::string>(),
        .location = row[5].as<std::string>(),
        .warranty_until = detail::to_optional_date(row[6]),
        .is_restricted_brand = row[7].as<bool>(),
        .camera_id = row[8].is_null() ? std::nullopt : std::optional{detail::to_uuid(row[8])},
        .camera = row[9].as<std::string>(),
        .note = row[10].as<std::string>(),
        .retired = detail::to_optional_time(row[11]),
        .revision = row[12].as<int>(),
    };
}

ledger::Act to_act(const AssetRow& row, const ledger::Actor& actor) {
    json facts{
        {"property_number", row.property_number},
        {"name", row.name},
        {"maker", row.maker},
        {"model", row.model},
        {"location", row.location},
        {"restricted_brand", row.is_restricted_brand},
        {"retired", row.retired.has_value()},
    };
    if (row.warranty_until) facts["warranty_until"] = calendar::to_iso(*row.warranty_until);
    return {
        .action = row.revision == 1 ? "asset.entered" : "asset.changed",
        .actor = actor,
        .subject = {.kind = "asset", .id = to_string(row.id)},
        .facts = facts.dump(-1, ' ', false, json::error_handler_t::replace),
    };
}

std::optional<std::string> or_null(const std::optional<Uuid>& id) {
    return id ? std::optional{to_string(*id)} : std::nullopt;
}

}  // namespace

Result<std::vector<AssetRow>>
load_assets(Pool& pool, const std::string& after, bool only_restricted, std::size_t limit) {
    return load<AssetRow>(pool, to_asset, kList, detail::clean_text(after), only_restricted, limit);
}

Result<std::optional<AssetRow>> find_asset(Pool& pool, const std::string& property_number) {
    return detail::first_of(load<AssetRow>(pool, to_asset, kFind, detail::clean_text(property_number)));
}

Result<bool> save_asset(Pool& pool, const AssetRow& row, const ledger::Actor& actor, UtcTime now) {
    using detail::clean_text;
    return detail::write_with_record(pool, to_act(row, actor), now, [&](pqxx::transaction_base& transaction) {
        const auto warranty = detail::to_optional_iso(row.warranty_until);
        const auto retired = detail::to_optional_us(row.retired);
        if (row.revision > 1)
            return run(transaction,
                       kUpdate,
                       to_string(row.id),
                       clean_text(row.name),
                       clean_text(row.maker),
                       clean_text(row.model),
                       clean_text(row.location),
                       warranty,
                       row.is_restricted_brand,
                       or_null(row.camera_id),
                       clean_text(row.note),
                       retired,
                       row.revision)
                       .affected_rows() > 0;
        return run(transaction,
                   kInsert,
                   to_string(row.id),
                   clean_text(row.property_number),
                   clean_text(row.name),
                   clean_text(row.maker),
                   clean_text(row.model),
                   clean_text(row.location),
                   warranty,
                   row.is_restricted_brand,
                   or_null(row.camera_id),
                   clean_text(row.note),
                   retired)
                   .affected_rows() > 0;
    });
}

}  // namespace sluice::catalogue
