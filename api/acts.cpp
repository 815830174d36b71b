#include "api/acts.hpp"

#include "config/base/log.hpp"
#include "storage/catalogue/ledger_repository.hpp"
#include "storage/catalogue/policy_repository.hpp"
#include "storage/catalogue/record_repository.hpp"

#include <nlohmann/json.hpp>

namespace sluice::api {
namespace {

using nlohmann::json;

constexpr auto kRetryAfter = std::chrono::seconds{5};
constexpr const char* kUnavailable = "LEDGER_UNAVAILABLE";

/// The record, and the log line that says the same.
Status record(const Call& call, const OpenedFootage& opened) {
    catalogue::Pool& pool = call.services.database.pool();
    if (call.services.ledger.health(pool).is_behind())
        return failure(Remedy::retry, "the audit log is too far behind", kUnavailable);
    const auto recorded = catalogue::append_record(pool, to_act(call, opened), call.now);
    if (!recorded) return std::unexpected(recorded.error());
    if (opened.session_id) {
        const Deadline limit = std::chrono::steady_clock::now() + catalogue::kCheckpointLimit;
        if (auto covered = catalogue::wait_until_sequenced(pool, *recorded, limit); !covered)
            return std::unexpected(covered.error());
    }
    log::info(
        "footage_opened",
        {{"request_id", call.request.id},
         {"record", to_string(*recorded)},
         {"action", opened.action},
         {"principal", call.principal->name},
         {"peer", call.request.peer},
         {"camera", opened.camera_slug},
         {"stream", to_string(opened.stream)},
         {"detail", opened.detail},
         {"from", to_rfc3339(opened.interval.from)},
         {"to", to_rfc3339(opened.interval.to)}}
    );
    return {};
}

std::expected<void, http::Problem> to_answer(const Status& recorded) {
    if (recorded) return {};
    log::warn("opening_not_recorded", {{"detail", recorded.error().describe()}});
    return std::unexpected(ledger_unavailable());
}

}  // namespace

ledger::Actor actor_of(const Call& call) {
    const bool is_known = call.acting != nullptr && call.acting->role;
    return catalogue::actor_of(
        *call.principal, is_known ? std::string{to_string(*call.acting->role)} : call.principal->roles.front()
    );
}

http::Problem ledger_unavailable() {
    return {
        .status = 503,
        .code = kUnavailable,
        .detail = "The audit log can't take the record of this act at the moment, so it is refused.",
        .retry_after = kRetryAfter
    };
}

http::Problem act_problem(const Error& error) {
    return error.label() == kUnavailable ? ledger_unavailable() : to_problem(error);
}

ledger::Act to_act(const Call& call, const OpenedFootage& opened) {
    json facts{
        {"camera", opened.camera_slug},
        {"stream", to_string(opened.stream)},
        {"from", to_rfc3339(opened.interval.from)},
        {"to", to_rfc3339(opened.interval.to)},
        {"detail", opened.detail},
        {"peer", call.request.peer},
        {"request", call.request.id},
    };
    if (opened.session_id) facts["session"] = to_string(*opened.session_id);
    return {
        .action = opened.action,
        .actor = actor_of(call),
        .subject = {.kind = "camera", .id = to_string(opened.camera_id)},
        .facts = facts.dump(-1, ' ', false, json::error_handler_t::replace),
    };
}

std::expected<void, http::Problem> record_opening(
    const Call& call,
    const Openings::Key& key,
    std::chrono::seconds quiet,
    const OpenedFootage& opened
) {
    return to_answer(call.services.openings.open(key, quiet, std::chrono::steady_clock::now(), [&] {
        return record(call, opened);
    }));
}

std::expected<void, http::Problem>
record_use(const Call& call, const Openings::Key& key, const OpenedFootage& opened) {
    return to_answer(call.services.openings.use(key, std::chrono::steady_clock::now(), [&] {
        return record(call, opened);
    }));
}

}  // namespace sluice::api
