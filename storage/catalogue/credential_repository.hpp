#pragma once

#include "config/base/time.hpp"
#include "config/base/uuid.hpp"
#include "storage/access/event.hpp"
#include "storage/catalogue/door_repository.hpp"
#include "storage/catalogue/pool.hpp"
#include "storage/ledger/act.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Cards of the doors. Of a card's number a keyed hash is kept (access::CardKey). Each step and its record
/// are one transaction. Roles: sluice_api; sluice_worker sees no holder.
namespace sluice::catalogue {

enum class CredentialState : std::uint8_t { applied, refused, active, suspended, expired };
[[nodiscard]] std::string_view to_string(CredentialState state) noexcept;
[[nodiscard]] std::optional<CredentialState> credential_state_from(std::string_view word) noexcept;

struct CredentialRow {
    Uuid id;
    access::Card card;
    std::string holder;  ///< number in a roster, or a name
    Uuid category_id;
    std::string category;  ///< slug; filled by reads
    TimeRange valid;
    std::string reason;
    CredentialState state = CredentialState::applied;
    std::string state_reason;
    Uuid applicant_id;
    std::string applicant;
    UtcTime applied;
    std::optional<Uuid> decider_id;
    std::string decider;
    std::optional<UtcTime> decided;
    int revision = 1;
};
/// As it counts at `now`: what was active or suspended has expired when its time is over.
[[nodiscard]] CredentialState state_at(const CredentialRow& row, UtcTime now) noexcept;

/// `name_taken`: the card is applied for or in use already.
[[nodiscard]] Result<Creation> apply_credential(Pool& pool, const CredentialRow& row, const ledger::Act& act);

/// approve and refuse are the decisions, of another than the applicant (a constraint of the table).
enum class CredentialStep : std::uint8_t { approve, refuse, suspend, reactivate, expire };
[[nodiscard]] std::string_view to_string(CredentialStep step) noexcept;
/// Where the step leads from this state; nullopt: nowhere.
[[nodiscard]] std::optional<CredentialState> next_state(CredentialState state, CredentialStep step) noexcept;
/// False: it is in no state any more from which the step leads on.
[[nodiscard]] Result<bool> take_step(
    Pool& pool,
    const CredentialRow& row,
    CredentialStep step,
    const std::string& reason,
    const ledger::Act& act,
    UtcTime now
);

[[nodiscard]] Result<std::optional<CredentialRow>> find_credential(Pool& pool, const Uuid& id);
/// Newest first behind `before`; with `state` those whose row has it.
[[nodiscard]] Result<std::vector<CredentialRow>> load_credentials(
    Pool& pool,
    std::optional<CredentialState> state,
    const std::optional<Uuid>& before,
    std::size_t limit
);

}  // namespace sluice::catalogue
