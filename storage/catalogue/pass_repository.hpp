#pragma once

#include "config/base/time.hpp"
#include "config/base/uuid.hpp"
#include "storage/catalogue/door_repository.hpp"
#include "storage/catalogue/pool.hpp"
#include "storage/ledger/act.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// Visitors and vehicle permits: who vouches, until when, when they came and left. Each change and its record
/// are one transaction. Roles: sluice_api; the auditor reads.
namespace sluice::catalogue {

enum class PassKind : std::uint8_t { visitor, vehicle };

struct PassRow {
    Uuid id;
    std::string subject;  ///< a visitor's name, a vehicle's plate
    std::string holder;   ///< the visitor's organisation, who drives the vehicle
    std::string purpose;
    std::string voucher;  ///< who of the house vouches
    TimeRange valid;
    std::optional<UtcTime> in;  ///< of a vehicle: the last time
    std::optional<UtcTime> out;
    std::optional<UtcTime> revoked;  ///< of a vehicle's permit
    std::string revoke_reason;
    Uuid registrar_id;
    std::string registrar;
    UtcTime created;
    int revision = 1;
};

/// `is_there`: its id is. Never `name_taken`.
[[nodiscard]] Result<Creation>
create_pass(Pool& pool, PassKind kind, const PassRow& row, const ledger::Act& act);
[[nodiscard]] Result<std::optional<PassRow>> find_pass(Pool& pool, PassKind kind, const Uuid& id);
/// Newest first behind `before`; with `only_inside` those who came and have not left.
[[nodiscard]] Result<std::vector<PassRow>> load_passes(
    Pool& pool,
    PassKind kind,
    bool only_inside,
    const std::optional<Uuid>& before,
    std::size_t limit
);
/// in, out and revoked become the row's. False: it is not of the row's revision any more.
[[nodiscard]] Result<bool>
change_pass(Pool& pool, PassKind kind, const PassRow& row, const ledger::Act& act, UtcTime now);

}  // namespace sluice::catalogue
