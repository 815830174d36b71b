#include "api/accounts/rules.hpp"

#include "storage/account/name.hpp"
#include "storage/account/roles.hpp"
#include "storage/account/rules.hpp"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

namespace sluice::api {
namespace {

using catalogue::AccountRow;
using catalogue::PrincipalKind;
using nlohmann::json;

constexpr std::size_t kLongest = 200;
constexpr std::size_t kMostRoles = 16;
constexpr std::size_t kMostCameras = 500;

Parsed<std::vector<std::string>> roles_of(const Body& body, bool is_person) {
    auto roles = body.texts("roles", kMostRoles);
    if (!roles) return roles;
    if (const auto checked = account::check_roles(is_person, *roles); !checked)
        return std::unexpected(unfit_member("roles", "ROLE_UNFIT", checked.error().message() + "."));
    return roles;
}

Parsed<std::optional<UtcTime>> end_of(const Body& body, UtcTime now) {
    auto end = body.time("valid_to");
    if (end && *end && **end <= now)
        return std::unexpected(unfit_member("valid_to", "TIME_UNFIT", "It must be in the future."));
    return end;
}

Parsed<std::vector<std::string>> cameras_of(const Body& body, bool is_contractor) {
    auto slugs = body.texts("cameras", kMostCameras);
    if (slugs && !slugs->empty() && !is_contractor)
        return std::unexpected(unfit_member(
            "cameras", "CAMERAS_UNFIT", "Only the account of a contractor's machine names cameras."
        ));
    return slugs;
}

bool is_contractor(const std::vector<std::string>& roles) {
    return std::ranges::find(roles, "contractor") != roles.end();
}

Parsed<Uuid> id_member(const Body& body, const char* name) {
    const auto text = body.required_text(name, 36);
    if (!text) return std::unexpected(text.error());
    const auto id = uuid_from_string(*text);
    if (!id) return std::unexpected(bad_member(name, "It is the id of an account."));
    return *id;
}

/// A validity with an end; it begins now unless it is said otherwise.
Parsed<TimeRange> validity_of(const Body& body, UtcTime now) {
    const auto from = body.time("valid_from");
    if (!from) return std::unexpected(from.error());
    const auto to = body.required_time("valid_to");
    if (!to) return std::unexpected(to.error());
    const TimeRange valid{from->value_or(now), *to};
    if (*to <= now || valid.is_empty())
        return std::unexpected(
            unfit_member("valid_to", "TIME_UNFIT", "It must be in the future and after valid_from.")
        );
    return valid;
}

std::string state_of(const TimeRange& valid, bool is_revoked, UtcTime now) {
    if (is_revoked) return "revoked";
    if (valid.to <= now) return "expired";
    return valid.from <= now ? "active" : "planned";
}

std::string dumped(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

json paper_json(const catalogue::Paper& paper) {
    return {{"document", paper.document}, {"date", paper.date}};
}

}  // namespace

Parsed<catalogue::Paper> parse_paper(const Body& body, const char* document, const char* date) {
    auto number = body.required_text(document, kLongest);
    if (!number) return std::unexpected(number.error());
    auto day = body.required_text(date, 10);
    if (!day) return std::unexpected(day.error());
    if (!account::is_date(*day)) return std::unexpected(bad_member(date, "It is a day as YYYY-MM-DD."));
    return catalogue::Paper{std::move(*number), std::move(*day)};
}

Parsed<AccountRequest> parse_account(const Body& body, UtcTime now) {
    const auto name = body.required_text("name", kLongest);
    if (!name) return std::unexpected(name.error());
    const auto known = account::to_name(*name);
    if (!known) return std::unexpected(unfit_member("name", "NAME_UNFIT", known.error().message() + "."));
    const auto kind = body.text("kind", 16);
    if (!kind) return std::unexpected(kind.error());
    if (!kind->empty() && *kind != "person" && *kind != "machine")
        return std::unexpected(bad_member("kind", "It is person or machine."));
    const bool is_person = *kind != "machine";
    auto roles = roles_of(body, is_person);
    if (!roles) return std::unexpected(roles.error());
    auto unit = body.text("unit", kLongest);
    if (!unit) return std::unexpected(unit.error());
    auto cameras = cameras_of(body, is_contractor(*roles));
    if (!cameras) return std::unexpected(cameras.error());
    const auto valid_to = end_of(body, now);
    if (!valid_to) return std::unexpected(valid_to.error());
    auto paper = parse_paper(body, "acknowledgement_document", "acknowledgement_date");
    if (!paper) return std::unexpected(paper.error());
    return AccountRequest{
        .account =
            {.id = {},
             .kind = is_person ? PrincipalKind::person : PrincipalKind::machine,
             .name = known->shown,
             .roles = std::move(*roles),
             .unit = std::move(*unit),
             .cameras = {},
             .valid_from = now,
             .valid_to = *valid_to,
             .acknowledgement = std::move(*paper),
             .created = now,
             .disabled = std::nullopt,
             .disable_reason = {},
             .departed = std::nullopt,
             .departure = {}},
        .name_key = known->key,
        .camera_slugs = std::move(*cameras),
    };
}

Parsed<AccountChange> parse_account_change(const Body& body, const AccountRow& account, UtcTime now) {
    AccountChange change;
    const bool is_person = account.kind == PrincipalKind::person;
    if (body.has("roles")) {
        auto roles = roles_of(body, is_person);
        if (!roles) return std::unexpected(roles.error());
        change.roles = std::move(*roles);
    }
    if (body.has("unit")) {
        auto unit = body.text("unit", kLongest);
        if (!unit) return std::unexpected(unit.error());
        change.unit = std::move(*unit);
    }
    if (body.has("cameras")) {
        auto slugs = cameras_of(body, is_contractor(change.roles.value_or(account.roles)));
        if (!slugs) return std::unexpected(slugs.error());
        change.camera_slugs = std::move(*slugs);
    }
    if (body.has("valid_to")) {
        const auto end = end_of(body, now);
        if (!end) return std::unexpected(end.error());
        change.has_valid_to = true;
        change.valid_to = *end;
    }
    return change;
}

Parsed<DelegationRequest> parse_delegation(const Body& body, UtcTime now) {
    auto role = body.required_text("role", 32);
    if (!role) return std::unexpected(role.error());
    if (std::ranges::find(account::kLentRoles, *role) == account::kLentRoles.end())
        return std::unexpected(unfit_member("role", "ROLE_UNFIT", "Only director and level1 can be lent."));
    const auto to = id_member(body, "to");
    if (!to) return std::unexpected(to.error());
    const auto valid = validity_of(body, now);
    if (!valid) return std::unexpected(valid.error());
    auto document = body.required_text("document", kLongest);
    if (!document) return std::unexpected(document.error());
    return DelegationRequest{std::move(*role), *to, *valid, std::move(*document)};
}

Parsed<LiveRequest> parse_live_approval(const Body& body, std::chrono::days longest, UtcTime now) {
    const auto account = id_member(body, "account");
    if (!account) return std::unexpected(account.error());
    const auto valid = validity_of(body, now);
    if (!valid) return std::unexpected(valid.error());
    if (valid->length() > longest)
        return std::unexpected(unfit_member(
            "valid_to",
            "TIME_UNFIT",
            "An approval lasts at most " + std::to_string(longest.count()) + " days; give another one then."
        ));
    auto document = body.required_text("document", kLongest);
    if (!document) return std::unexpected(document.error());
    auto reason = body.required_text("reason", 1000);
    if (!reason) return std::unexpected(reason.error());
    return LiveRequest{*account, *valid, std::move(*document), std::move(*reason)};
}

std::string account_state(const AccountRow& account, UtcTime now) {
    if (account.departed) return "departed";
    if (account.disabled) return "disabled";
    if (account.valid_to && *account.valid_to <= now) return "expired";
    return "active";
}

std::string account_json(const AccountRow& account, UtcTime now) {
    json object{
        {"id", to_string(account.id)},
        {"kind", account.kind == PrincipalKind::person ? "person" : "machine"},
        {"name", account.name},
        {"roles", account.roles},
        {"unit", account.unit},
        {"state", account_state(account, now)},
        {"valid_from", to_rfc3339(account.valid_from)},
        {"acknowledgement", paper_json(account.acknowledgement)},
        {"created", to_rfc3339(account.created)},
        {"revision", account.revision},
    };
    if (account.valid_to) object["valid_to"] = to_rfc3339(*account.valid_to);
    if (!account.cameras.empty()) {
        object["cameras"] = json::array();
        for (const Uuid& camera : account.cameras)
            object["cameras"].push_back(to_string(camera));
    }
    if (account.disabled) {
        object["disabled"] = to_rfc3339(*account.disabled);
        object["disable_reason"] = account.disable_reason;
    }
    if (account.departed) {
        object["departed"] = to_rfc3339(*account.departed);
        object["departure"] = paper_json(account.departure);
    }
    return dumped(object);
}

std::string delegation_json(const catalogue::DelegationRow& delegation, UtcTime now) {
    json object{
        {"id", to_string(delegation.id)},
        {"role", delegation.role},
        {"from", {{"id", to_string(delegation.from_id)}, {"name", delegation.from}}},
        {"to", {{"id", to_string(delegation.to_id)}, {"name", delegation.to}}},
        {"state", state_of(delegation.valid, delegation.revoked.has_value(), now)},
        {"valid_from", to_rfc3339(delegation.valid.from)},
        {"valid_to", to_rfc3339(delegation.valid.to)},
        {"document", delegation.document},
        {"created", to_rfc3339(delegation.created)},
    };
    if (delegation.revoked) object["revoked"] = to_rfc3339(*delegation.revoked);
    return dumped(object);
}

std::string live_approval_json(const catalogue::LiveApprovalRow& approval, UtcTime now) {
    json object{
        {"id", to_string(approval.id)},
        {"account", {{"id", to_string(approval.account_id)}, {"name", approval.account}}},
        {"state", state_of(approval.valid, approval.revoked.has_value(), now)},
        {"valid_from", to_rfc3339(approval.valid.from)},
        {"valid_to", to_rfc3339(approval.valid.to)},
        {"document", approval.document},
        {"reason", approval.reason},
        {"approver", {{"id", to_string(approval.approver_id)}, {"name", approval.approver}}},
        {"approved", to_rfc3339(approval.approved)},
    };
    if (approval.revoked) {
        object["revoked"] = to_rfc3339(*approval.revoked);
        object["revoker"] = approval.revoker;
    }
    return dumped(object);
}

Relation relation_to(const AccountRow& account, const Uuid& asker, const std::string& unit) {
    if (account.id == asker) return Relation::own;
    return !unit.empty() && account.unit == unit ? Relation::unit : Relation::other;
}

}  // namespace sluice::api
