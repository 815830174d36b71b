#include "api/doors/people_rules.hpp"

#include <utility>

#include <nlohmann/json.hpp>

namespace sluice::api {
namespace {

using catalogue::CredentialRow;
using catalogue::PassKind;
using catalogue::PassRow;
using catalogue::RosterRow;
using nlohmann::json;

constexpr std::size_t kLongestName = 200;
constexpr std::size_t kLongestReason = 1000;
constexpr std::size_t kLongestCard = 64;
constexpr std::chrono::days kLongestCardLife{3660};
constexpr std::chrono::days kLongestVisit{31};
constexpr std::chrono::days kLongestPermit{366};

std::string dump(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

json text_or_null(const std::string& text) {
    return text.empty() ? json(nullptr) : json(text);
}

json time_or_null(const std::optional<UtcTime>& time) {
    return time ? json(to_rfc3339(*time)) : json(nullptr);
}

/// A validity with an end; it begins now unless it is said otherwise.
Parsed<TimeRange> validity_of(const Body& body, std::chrono::days longest, UtcTime now) {
    const auto from = body.time("valid_from");
    if (!from) return std::unexpected(from.error());
    const auto to = body.required_time("valid_to");
    if (!to) return std::unexpected(to.error());
    const TimeRange valid{from->value_or(now), *to};
    if (*to <= now || valid.is_empty() || valid.length() > longest)
        return std::unexpected(unfit_member(
            "valid_to",
            "TIME_UNFIT",
            "It must be in the future and after valid_from, by at most " + std::to_string(longest.count()) +
                " days."
        ));
    return valid;
}

/// The required texts of a body, in the order in which they are named; the first that is wrong.
Parsed<void> take_texts(
    const Body& body,
    const std::vector<std::pair<const char*, std::string*>>& members,
    std::size_t longest
) {
    for (const auto& [member, into] : members) {
        auto text = body.required_text(member, longest);
        if (!text) return std::unexpected(text.error());
        *into = std::move(*text);
    }
    return {};
}

http::Problem conflict(const char* code, const char* detail) {
    return {.status = 409, .code = code, .detail = detail, .retry_after = std::nullopt};
}

}  // namespace

Parsed<CredentialRequest> parse_credential(const Body& body, UtcTime now) {
    CredentialRequest request;
    if (auto card = take_texts(body, {{"card", &request.card}}, kLongestCard); !card)
        return std::unexpected(card.error());
    if (auto texts =
            take_texts(body, {{"holder", &request.holder}, {"category", &request.category}}, kLongestName);
        !texts)
        return std::unexpected(texts.error());
    if (auto reason = take_texts(body, {{"reason", &request.reason}}, kLongestReason); !reason)
        return std::unexpected(reason.error());
    const auto valid = validity_of(body, kLongestCardLife, now);
    if (!valid) return std::unexpected(valid.error());
    request.valid = *valid;
    return request;
}

std::string to_json(const CredentialRow& row, UtcTime now) {
    return dump({
        {"id", to_string(row.id)},
        {"last_four", row.card.last_four},
        {"holder", row.holder},
        {"category", row.category},
        {"valid_from", to_rfc3339(row.valid.from)},
        {"valid_to", to_rfc3339(row.valid.to)},
        {"reason", row.reason},
        {"state", to_string(state_at(row, now))},
        {"state_reason", text_or_null(row.state_reason)},
        {"applicant", row.applicant},
        {"applied", to_rfc3339(row.applied)},
        {"decider", text_or_null(row.decider)},
        {"decided", time_or_null(row.decided)},
        {"revision", row.revision},
    });
}

std::string to_json(const RosterRow& row, bool with_persons) {
    json object{
        {"series", row.series},
        {"sha256", to_hex(row.sha256)},
        {"count", row.count},
        {"by", row.importer},
        {"at", to_rfc3339(row.imported)},
    };
    if (!with_persons) return dump(object);
    object["persons"] = json::array();
    for (const access::RosterPerson& person : row.persons)
        object["persons"].push_back({
            {"number", person.number},
            {"name", person.name},
            {"unit", text_or_null(person.unit)},
            {"category", person.category},
            {"valid_from", calendar::to_iso(person.valid_from)},
            {"valid_to", person.valid_to ? json(calendar::to_iso(*person.valid_to)) : json(nullptr)},
        });
    return dump(object);
}

std::string import_json(
    const std::string& series,
    std::size_t persons,
    const Sha256Digest& sha256,
    const catalogue::RosterImported& imported
) {
    return dump({
        {"series", series},
        {"count", persons},
        {"sha256", to_hex(sha256)},
        {"is_new", imported.is_new},
        {"added", imported.differences.added},
        {"removed", imported.differences.removed},
        {"changed", imported.differences.changed},
    });
}

http::Problem roster_problem(const calendar::RowFaults& faults) {
    json list = json::array();
    for (const calendar::RowFault& fault : faults)
        list.push_back({{"line", fault.line == 0 ? json(nullptr) : json(fault.line)}, {"detail", fault.text}}
        );
    return {
        .status = 422,
        .code = "ROSTER_INVALID",
        .detail = "The file is no roster; `faults` says line by line what to correct.",
        .members = {{"faults", dump(list)}},
    };
}

const std::vector<std::string>& pass_members(PassKind kind) {
    static const std::vector<std::string> visitor{
        "name", "organisation", "purpose", "voucher", "valid_from", "valid_to"
    };
    static const std::vector<std::string> vehicle{
        "plate", "holder", "purpose", "voucher", "valid_from", "valid_to"
    };
    return kind == PassKind::visitor ? visitor : vehicle;
}

Parsed<PassRow> parse_pass(const Body& body, PassKind kind, UtcTime now) {
    const bool is_visitor = kind == PassKind::visitor;
    PassRow row;
    const auto texts = take_texts(
        body,
        {{is_visitor ? "name" : "plate", &row.subject}, {"purpose", &row.purpose}, {"voucher", &row.voucher}},
        kLongestName
    );
    if (!texts) return std::unexpected(texts.error());
    auto holder =
        is_visitor ? body.text("organisation", kLongestName) : body.required_text("holder", kLongestName);
    if (!holder) return std::unexpected(holder.error());
    row.holder = std::move(*holder);
    const auto valid = validity_of(body, is_visitor ? kLongestVisit : kLongestPermit, now);
    if (!valid) return std::unexpected(valid.error());
    row.valid = *valid;
    row.created = now;
    return row;
}

std::string to_json(const PassRow& row, PassKind kind) {
    const bool is_visitor = kind == PassKind::visitor;
    json object{
        {"id", to_string(row.id)},
        {is_visitor ? "name" : "plate", row.subject},
        {is_visitor ? "organisation" : "holder", text_or_null(row.holder)},
        {"purpose", row.purpose},
        {"voucher", row.voucher},
        {"valid_from", to_rfc3339(row.valid.from)},
        {"valid_to", to_rfc3339(row.valid.to)},
        {"in", time_or_null(row.in)},
        {"out", time_or_null(row.out)},
        {"by", row.registrar},
        {"at", to_rfc3339(row.created)},
        {"revision", row.revision},
    };
    if (!is_visitor) {
        object["revoked"] = time_or_null(row.revoked);
        object["revoke_reason"] = text_or_null(row.revoke_reason);
    }
    return dump(object);
}

const char* to_string(PassStep step) noexcept {
    switch (step) {
        case PassStep::enter:
            return "enter";
        case PassStep::leave:
            return "leave";
        case PassStep::revoke:
            return "revoke";
    }
    return "";
}

Parsed<PassRow> after_step(PassRow row, PassStep step, const std::string& reason, UtcTime now) {
    const bool is_inside = row.in && !row.out;
    switch (step) {
        case PassStep::enter:
            if (row.revoked || !row.valid.contains(now))
                return std::unexpected(conflict("PASS_NOT_VALID", "It is not valid now; register a new one.")
                );
            if (is_inside)
                return std::unexpected(conflict("PASS_INSIDE", "It came in and has not left yet."));
            row.in = now;
            row.out.reset();
            return row;
        case PassStep::leave:
            if (!is_inside) return std::unexpected(conflict("PASS_NOT_INSIDE", "It has not come in."));
            row.out = now;
            return row;
        case PassStep::revoke:
            if (row.revoked) return std::unexpected(conflict("PASS_REVOKED", "It was revoked before."));
            row.revoked = now;
            row.revoke_reason = reason;
            return row;
    }
    return row;
}

}  // namespace sluice::api
