#pragma once

#include "api/doors/rules.hpp"
#include "storage/catalogue/credential_repository.hpp"
#include "storage/catalogue/pass_repository.hpp"
#include "storage/catalogue/roster_repository.hpp"

#include <string>
#include <vector>

/// Cards, rosters, visitors and vehicles as clients write and read them. Pure.
namespace sluice::api {

inline const std::vector<std::string>
    kCredentialMembers{"card", "holder", "category", "valid_from", "valid_to", "reason"};
struct CredentialRequest {
    std::string card;  ///< the number as it came: sealed at once, kept nowhere
    std::string holder;
    std::string category;
    TimeRange valid;
    std::string reason;
};
[[nodiscard]] Parsed<CredentialRequest> parse_credential(const Body& body, UtcTime now);
[[nodiscard]] std::string to_json(const catalogue::CredentialRow& row, UtcTime now);

/// With its persons where they are asked for.
[[nodiscard]] std::string to_json(const catalogue::RosterRow& row, bool with_persons);
[[nodiscard]] std::string import_json(
    const std::string& series,
    std::size_t persons,
    const Sha256Digest& sha256,
    const catalogue::RosterImported& imported
);
/// 422 ROSTER_INVALID with every fault as `faults`: line and detail.
[[nodiscard]] http::Problem roster_problem(const calendar::RowFaults& faults);

/// name, organisation of a visitor; plate, holder of a vehicle; of both purpose, voucher, valid_from,
/// valid_to.
[[nodiscard]] const std::vector<std::string>& pass_members(catalogue::PassKind kind);
[[nodiscard]] Parsed<catalogue::PassRow> parse_pass(const Body& body, catalogue::PassKind kind, UtcTime now);
[[nodiscard]] std::string to_json(const catalogue::PassRow& row, catalogue::PassKind kind);

enum class PassStep : std::uint8_t { enter, leave, revoke };
[[nodiscard]] const char* to_string(PassStep step) noexcept;
/// The pass after the step. 409: it is not valid now, is inside already, or is not; was revoked.
[[nodiscard]] Parsed<catalogue::PassRow>
after_step(catalogue::PassRow row, PassStep step, const std::string& reason, UtcTime now);

}  // namespace sluice::api
