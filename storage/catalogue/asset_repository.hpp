#pragma once

#include "storage/calendar/date.hpp"
#include "storage/catalogue/pool.hpp"
#include "storage/ledger/act.hpp"

#include <optional>
#include <string>
#include <vector>

/// The asset register (財產). Roles: the API writes; worker, API and auditor read. What a row was before a
/// change stands in the audit log.
namespace sluice::catalogue {

struct AssetRow {
    Uuid id;
    std::string property_number;  ///< 財產編號, unique
    std::string name;
    std::string maker;
    std::string model;
    std::string location;
    std::optional<calendar::Date> warranty_until;  ///< the last day
    bool is_restricted_brand = false;
    std::optional<Uuid> camera_id;
    std::string camera;  ///< slug; filled by reads
    std::string note;
    std::optional<UtcTime> retired;
    int revision = 1;
};
/// By property number, behind `after`.
[[nodiscard]] Result<std::vector<AssetRow>>
load_assets(Pool& pool, const std::string& after, bool only_restricted, std::size_t limit);
[[nodiscard]] Result<std::optional<AssetRow>> find_asset(Pool& pool, const std::string& property_number);
/// With a record in the audit log. False: the number is taken, or (with a revision over 1) the row is not of
/// the revision before.
[[nodiscard]] Result<bool>
save_asset(Pool& pool, const AssetRow& row, const ledger::Actor& actor, UtcTime now);

}  // namespace sluice::catalogue
