#pragma once

#include "storage/catalogue/hold_repository.hpp"
#include "storage/ledger/act.hpp"

#include <optional>
#include <string>

/// What becomes of a hold, as acts of the audit log. After the loss of a catalogue they are all that is known
/// of it (retention/confirm.hpp), so whoever changes a hold, by hand or by a rule, writes the one of these.
namespace sluice::catalogue {

/// Pre: the slugs of its cameras are filled.
[[nodiscard]] ledger::Act hold_placed(const HoldRow& hold, ledger::Actor actor);
/// `hold` as it was.
[[nodiscard]] ledger::Act hold_extended(
    const HoldRow& hold,
    std::optional<UtcTime> expires,
    std::optional<UtcTime> review,
    const std::string& reason,
    ledger::Actor actor
);
/// It ends earlier than it was to: what it belongs to is over.
[[nodiscard]] ledger::Act hold_limited(
    const Uuid& id,
    std::optional<UtcTime> from,
    UtcTime to,
    const std::string& reason,
    ledger::Actor actor
);
[[nodiscard]] ledger::Act
hold_released(const Uuid& id, HoldKind kind, const std::string& reason, ledger::Actor actor);

}  // namespace sluice::catalogue
