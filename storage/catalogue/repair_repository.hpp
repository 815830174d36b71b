#pragma once

#include "storage/catalogue/pool.hpp"
#include "storage/ledger/act.hpp"

#include <optional>
#include <string>
#include <vector>

namespace pqxx {
class transaction_base;  // NOLINT(readability-identifier-naming): the library's name
}

/// Repair tickets (報修). Roles: worker and API open; the API ends; worker, API and auditor read.
namespace sluice::catalogue {

struct NewRepair {
    Uuid id;
    std::string source;  ///< what it comes from; one ticket for each: "inspection:DAY:cctv", "gap:ID"
    std::string title;
    std::string detail;
    std::optional<Uuid> camera_id{};
    std::string door{};  ///< slug
    std::optional<Uuid> asset_id{};
    ledger::Actor actor;
};
/// Within the caller's transaction, with a record in the audit log and a notice to the secretariat. False:
/// there is one of this source. For repositories: as raise_notice.
[[nodiscard]] Result<bool>
open_repair(pqxx::transaction_base& transaction, const NewRepair& repair, UtcTime now);
[[nodiscard]] Result<bool> open_repair(Pool& pool, const NewRepair& repair, UtcTime now);

struct RepairEnd {
    UtcTime at;
    std::string ender;
    std::string result;
};
struct RepairRow {
    Uuid id;
    std::string source;
    std::string title;
    std::string detail;
    std::string camera;           ///< slug, or empty
    std::string door;             ///< slug, or empty
    std::string property_number;  ///< of the asset, or empty
    UtcTime opened;
    std::string opener;
    std::optional<RepairEnd> end;
};
struct RepairCursor {
    UtcTime opened;
    Uuid id;
};
/// Newest first, behind the cursor.
[[nodiscard]] Result<std::vector<RepairRow>>
load_repairs(Pool& pool, bool only_open, std::optional<RepairCursor> after, std::size_t limit);
[[nodiscard]] Result<std::optional<RepairRow>> find_repair(Pool& pool, const Uuid& id);
/// False: it has ended before, or there is none.
[[nodiscard]] Result<bool>
end_repair(Pool& pool, const Uuid& id, const std::string& result, const ledger::Actor& actor, UtcTime now);

/// One ticket for each camera whose gap is open since before `since`, and for each open incident of a fault
/// (camera, controller, facility). How many are new. Role: sluice_worker.
[[nodiscard]] Result<std::size_t> open_repairs_of_faults(Pool& pool, UtcTime since, UtcTime now);

}  // namespace sluice::catalogue
