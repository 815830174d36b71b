#pragma once

#include "api/openings.hpp"
#include "api/route.hpp"
#include "storage/ledger/act.hpp"

#include <chrono>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

/// What requests do, for the audit log.
namespace sluice::api {

/// Who asks, in the role that allows it: a lent power is one of its own. Pre: the route is not an open one.
[[nodiscard]] ledger::Actor actor_of(const Call& call);

/// 503 LEDGER_UNAVAILABLE: the act can't be recorded, so it does not happen.
[[nodiscard]] http::Problem ledger_unavailable();
/// As to_problem, and 503 LEDGER_UNAVAILABLE for what the ledger refused.
[[nodiscard]] http::Problem act_problem(const Error& error);

/// What was opened; facts are a JSON object.
struct OpenedFootage {
    std::string action;  ///< "clip.opened", …
    Uuid camera_id;
    std::string camera_slug;
    StreamKind stream = StreamKind::main;
    TimeRange interval;
    std::string detail;  ///< of the kind: an ETag, "live"
    /// Granted footage is opened in a session; a checkpoint covers its record before it goes on.
    std::optional<Uuid> session_id{};
};
[[nodiscard]] ledger::Act to_act(const Call& call, const OpenedFootage& opened);

/// Commits the record of an opening that is new; returns once it is there, whoever wrote it. Refused while
/// the log is too far behind. What is open goes on.
[[nodiscard]] std::expected<void, http::Problem> record_opening(
    const Call& call,
    const Openings::Key& key,
    std::chrono::seconds quiet,
    const OpenedFootage& opened
);
/// The same for media that may belong to any opening of its stream.
[[nodiscard]] std::expected<void, http::Problem>
record_use(const Call& call, const Openings::Key& key, const OpenedFootage& opened);

}  // namespace sluice::api
