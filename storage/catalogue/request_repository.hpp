#pragma once

#include "storage/catalogue/pool.hpp"
#include "storage/ledger/act.hpp"
#include "storage/release/case.hpp"

#include <optional>
#include <string>
#include <vector>

/// Requests to view or copy. Roles: sluice_api makes and changes them; sluice_worker reads, and lapses what
/// is overdue.
namespace sluice::catalogue {

/// A draft with its act. False: the id is there already (the same request, sent again).
[[nodiscard]] Result<bool> create_request(Pool& pool, const release::Case& draft, const ledger::Act& act);

/// The form of a draft, or of one that is being corrected, as it is now. False: it has another revision or
/// state.
[[nodiscard]] Result<bool>
change_request(Pool& pool, const release::Case& changed, const ledger::Act& act, UtcTime now);

/// The whole case, as one moment saw it.
[[nodiscard]] Result<std::optional<release::Case>> find_request(Pool& pool, const Uuid& id);
[[nodiscard]] Result<std::optional<release::Case>>
find_request_by_dossier(Pool& pool, const std::string& number);

struct RequestFilter {
    std::optional<release::RequestState> state{};
    std::optional<release::Channel> channel{};
    std::optional<Uuid> applicant_id{};
    std::optional<std::string> unit{};
    std::optional<Uuid> camera_id{};
    /// Of an applicant or a unit's head, who see no others: their own, and their unit's.
    std::optional<Uuid> seen_by{};
    std::string seen_by_unit{};
};
struct RequestCursor {
    UtcTime created;
    Uuid id;
};
/// A line of the list.
struct RequestSummary {
    Uuid id;
    release::Channel channel = release::Channel::internal;
    release::Kind kind = release::Kind::view;
    release::RequestState state = release::RequestState::draft;
    UtcTime since;
    std::string applicant;
    std::string unit;
    std::optional<std::string> dossier_number;
    std::optional<UtcTime> due;
    UtcTime created;
};
/// Newest first.
[[nodiscard]] Result<std::vector<RequestSummary>> load_requests(
    Pool& pool,
    const RequestFilter& filter,
    const std::optional<RequestCursor>& after,
    std::size_t limit
);

struct RequestEvent {
    Uuid id;
    UtcTime at;
    std::string action;
    std::optional<std::string> from;
    std::string to;
    std::string part;
    std::string principal;
    std::string facts;  ///< JSON object
};
/// Oldest first.
[[nodiscard]] Result<std::vector<RequestEvent>> load_request_events(Pool& pool, const Uuid& request_id);

struct PersonRow {
    Uuid id;
    std::string name;
    std::vector<std::string> roles;
};
/// An account in force.
[[nodiscard]] Result<std::optional<PersonRow>> find_person(Pool& pool, const std::string& name, UtcTime now);

}  // namespace sluice::catalogue
