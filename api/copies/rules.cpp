#include "api/copies/rules.hpp"

#include "api/body.hpp"
#include "api/rule_problem.hpp"
#include "api/viewings/rules.hpp"
#include "storage/retention/rules.hpp"

#include <utility>

#include <nlohmann/json.hpp>

namespace sluice::api {
namespace {

using http::problem;
using nlohmann::json;

json time_or_null(const std::optional<UtcTime>& time) {
    return time ? json(to_rfc3339(*time)) : json(nullptr);
}

json text_or_null(const std::string& text) {
    return text.empty() ? json(nullptr) : json(text);
}

json package_json(const catalogue::PackageRow& package, bool with_manifest) {
    json out{
        {"name", package.name},
        {"bytes", package.bytes},
        {"sha256", to_hex(package.sha256)},
        {"signing_key", package.signing_key},
        {"sealed", to_rfc3339(package.sealed)},
        {"expires", to_rfc3339(package.expires)},
        {"destroyed", time_or_null(package.destroyed)},
        {"rule", text_or_null(package.rule)},
    };
    if (!with_manifest) return out;
    out["manifest"] = json::parse(package.manifest, nullptr, false);
    out["certificate"] =
        package.certificate.empty() ? json(nullptr) : json::parse(package.certificate, nullptr, false);
    return out;
}

}  // namespace

std::expected<void, http::Problem> check_copying(
    const catalogue::AppointmentRow& request,
    const std::optional<catalogue::ViewingRow>& session,
    UtcTime now
) {
    if (request.grant_id.is_nil() || request.grant_kind != "copy" || request.grant_to <= now)
        return std::unexpected(rule_problem("ART7_NOT_APPROVED", "No decision to copy is in force."));
    if (request.is_masked) return std::unexpected(obstacle_problem(release::Obstacle::masked));
    if (request.state != "in_session")
        return std::unexpected(problem(409, "REQUEST_STATE", "A copy is made in a session that has begun."));
    const bool is_escorted = session && session->grant_id == request.grant_id && session->joined &&
                             !session->ended && now < session->presence_to && session->slot.contains(now);
    if (!is_escorted)
        return std::unexpected(rule_problem(
            "ART9_4A_NO_ESCORT", "A copy is made while its escort is there and its recipient has joined."
        ));
    return {};
}

std::expected<UtcTime, http::Problem>
due_of(std::optional<UtcTime> asked, UtcTime recorded, unsigned ceiling_years, UtcTime now) {
    const UtcTime ceiling = retention::destroy_by(recorded, static_cast<int>(ceiling_years));
    const UtcTime due = asked.value_or(ceiling);
    if (ceiling < due || ceiling <= now)
        return std::unexpected(unfit_member(
            "due",
            "RET_CEILING_1Y",
            "A copy goes within a year of its recording: by " + to_rfc3339(ceiling) + "."
        ));
    if (due <= now) return std::unexpected(unfit_member("due", "DUE_IN_PAST", "The due date is over."));
    return due;
}

std::expected<void, http::Problem> check_handing_out(const catalogue::CopyRow& copy, UtcTime now) {
    if (copy.is_masked) return std::unexpected(obstacle_problem(release::Obstacle::masked));
    if (copy.is_revoked)
        return std::unexpected(rule_problem("ART7_NOT_APPROVED", "The decision was revoked."));
    if (copy.failed)
        return std::unexpected(problem(409, "COPY_FAILED", "The copy could not be made: " + copy.failure));
    if (!copy.package)
        return std::unexpected(problem(409, "COPY_NOT_SEALED", "The copy is still being made."));
    if (copy.uncollected || copy.package->destroyed || copy.package->expires <= now)
        return std::unexpected(
            problem(410, "PACKAGE_EXPIRED", "The package is no longer kept; the record of it is.")
        );
    if (copy.received)
        return std::unexpected(problem(
            409, "COPY_NEEDS_DECISION", "The copy was handed over; a further one needs a new decision."
        ));
    return {};
}

std::string state_of(const catalogue::CopyRow& copy) {
    if (copy.failed) return "failed";
    if (!copy.declaration.empty()) return copy.declaration;
    if (copy.received) return "received";
    if (copy.uncollected) return "uncollected";
    return copy.sealed ? "sealed" : "ordered";
}

std::string copy_json(const catalogue::CopyRow& copy, bool with_manifest, UtcTime now) {
    return json{
        {"id", to_string(copy.id)},
        {"request", to_string(copy.request_id)},
        {"dossier", copy.dossier},
        {"number", copy.number},
        {"state", state_of(copy)},
        {"job", to_string(copy.job_id)},
        {"custodian", copy.custodian},
        {"escort", copy.escort},
        {"recipient", copy.recipient},
        {"ordered", to_rfc3339(copy.ordered)},
        {"due", to_rfc3339(copy.due)},
        {"is_overdue", copy.received && !copy.declared && copy.due <= now},
        {"failure", text_or_null(copy.failure)},
        {"sealed", time_or_null(copy.sealed)},
        {"received", time_or_null(copy.received)},
        {"receiver_note", text_or_null(copy.receiver_note)},
        {"uncollected", time_or_null(copy.uncollected)},
        {"declaration", text_or_null(copy.declaration)},
        {"declared", time_or_null(copy.declared)},
        {"declarer", text_or_null(copy.declarer)},
        {"declared_note", text_or_null(copy.declared_note)},
        {"package", copy.package ? package_json(*copy.package, with_manifest) : json(nullptr)},
    }
        .dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace sluice::api
