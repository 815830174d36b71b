#pragma once

#include "api/authorisation_words.hpp"
#include "api/body.hpp"
#include "storage/catalogue/account_repository.hpp"
#include "storage/catalogue/standing_repository.hpp"

#include <expected>
#include <optional>
#include <string>
#include <vector>

/// Accounts as requests say them and as answers show them. Pure.
namespace sluice::api {

template <class T>
using Parsed = std::expected<T, http::Problem>;

struct AccountRequest {
    catalogue::AccountRow account;  ///< without id; cameras not looked up yet
    std::string name_key;
    std::vector<std::string> camera_slugs;
};
inline const std::vector<std::string> kAccountMembers{
    "name",
    "kind",
    "roles",
    "unit",
    "cameras",
    "valid_to",
    "acknowledgement_document",
    "acknowledgement_date",
};
[[nodiscard]] Parsed<AccountRequest> parse_account(const Body& body, UtcTime now);

inline const std::vector<std::string> kAccountChanges{"roles", "unit", "cameras", "valid_to"};
/// What is not named stays; null ends a limit of time.
struct AccountChange {
    std::optional<std::vector<std::string>> roles;
    std::optional<std::string> unit;
    std::optional<std::vector<std::string>> camera_slugs;
    bool has_valid_to = false;
    std::optional<UtcTime> valid_to;
};
[[nodiscard]] Parsed<AccountChange>
parse_account_change(const Body& body, const catalogue::AccountRow& account, UtcTime now);

/// Number and day of a confidentiality acknowledgement, article 7(2).
[[nodiscard]] Parsed<catalogue::Paper> parse_paper(const Body& body, const char* document, const char* date);

inline const std::vector<std::string> kDelegationMembers{"role", "to", "valid_from", "valid_to", "document"};
struct DelegationRequest {
    std::string role;
    Uuid to_id;
    TimeRange valid;
    std::string document;
};
[[nodiscard]] Parsed<DelegationRequest> parse_delegation(const Body& body, UtcTime now);

inline const std::vector<std::string> kLiveMembers{"account", "valid_from", "valid_to", "document", "reason"};
struct LiveRequest {
    Uuid account_id;
    TimeRange valid;
    std::string document;
    std::string reason;
};
[[nodiscard]] Parsed<LiveRequest>
parse_live_approval(const Body& body, std::chrono::days longest, UtcTime now);

[[nodiscard]] std::string account_state(const catalogue::AccountRow& account, UtcTime now);
/// A JSON object, without what opens the account.
[[nodiscard]] std::string account_json(const catalogue::AccountRow& account, UtcTime now);
[[nodiscard]] std::string delegation_json(const catalogue::DelegationRow& delegation, UtcTime now);
[[nodiscard]] std::string live_approval_json(const catalogue::LiveApprovalRow& approval, UtcTime now);

/// How a person of this unit stands to the account.
[[nodiscard]] Relation
relation_to(const catalogue::AccountRow& account, const Uuid& asker, const std::string& unit);

}  // namespace sluice::api
