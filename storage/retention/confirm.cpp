#include "storage/retention/confirm.hpp"

#include "storage/catalogue/hold_repository.hpp"
#include "storage/catalogue/purge_repository.hpp"

#include <fstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace sluice::retention {
namespace {

using nlohmann::json;

std::string text_of(const json& object, const char* name) {
    const auto found = object.find(name);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

std::optional<UtcTime> time_of(const json& value) {
    if (!value.is_string()) return std::nullopt;
    const auto time = from_rfc3339(value.get<std::string>());
    if (!time) return std::nullopt;
    return *time;
}

KnownHold to_hold(const json& facts) {
    KnownHold hold{
        .kind = text_of(facts, "kind"),
        .cameras = {},
        .from = text_of(facts, "from"),
        .to = text_of(facts, "to"),
        .expires = facts.contains("expires") ? time_of(facts["expires"]) : std::nullopt,
    };
    if (facts.contains("cameras") && facts["cameras"].is_array())
        for (const json& camera : facts["cameras"])
            if (camera.is_string()) hold.cameras.push_back(camera.get<std::string>());
    return hold;
}

/// Extended by hand, or limited with what it belongs to.
void set_expiry(Evidence& evidence, const Uuid& id, const json& facts) {
    const auto hold = evidence.holds.find(id);
    const auto expires = facts.find("expires");
    if (hold == evidence.holds.end() || expires == facts.end() || !expires->is_object()) return;
    if (expires->contains("to")) hold->second.expires = time_of((*expires)["to"]);
}

json ids(const std::vector<Uuid>& all) {
    json list = json::array();
    for (const Uuid& id : all)
        list.push_back(to_string(id));
    return list;
}

}  // namespace

void add_line(Evidence& evidence, std::string_view line) {
    ++evidence.records;
    const json entry = json::parse(line, nullptr, false);
    const json record = entry.is_object() && entry.contains("record") && entry["record"].is_string()
                            ? json::parse(entry["record"].get<std::string>(), nullptr, false)
                            : json();
    const bool is_readable =
        record.is_object() && record.contains("subject") && record["subject"].is_object();
    const auto id = is_readable ? uuid_from_string(text_of(record["subject"], "id")) : Result<Uuid>{};
    if (!is_readable) {
        ++evidence.unreadable;
        return;
    }
    const std::string action = text_of(record, "action");
    if (!id) return;  // of another kind of subject
    const json facts = record.value("facts", json::object());
    if (action == "hold.placed")
        evidence.holds.insert_or_assign(*id, to_hold(facts));
    else if (action == "hold.extended" || action == "hold.limited")
        set_expiry(evidence, *id, facts);
    else if (action == "hold.released")
        evidence.holds.erase(*id);
    else if (action == "purge.certified")
        evidence.certified_runs.insert(*id);
}

Result<Evidence> load_evidence(const std::filesystem::path& export_folder) {
    const std::filesystem::path file = export_folder / "records.jsonl";
    std::ifstream lines{file};
    if (!lines)
        return failure(
            Remedy::operator_acts,
            file.string() + " can't be read: name the folder of a `sluice ledger export`"
        );
    Evidence evidence;
    for (std::string line; std::getline(lines, line);)
        if (!line.empty()) add_line(evidence, line);
    if (lines.bad()) return failure(Remedy::operator_acts, file.string() + " can't be read to its end");
    if (evidence.records == 0) return failure(Remedy::operator_acts, file.string() + " holds no record");
    return evidence;
}

Result<Comparison> compare(catalogue::Pool& pool, const Evidence& evidence, UtcTime now) {
    Comparison comparison;
    for (const auto& [id, known] : evidence.holds) {
        if (known.expires && *known.expires <= now) continue;
        const auto hold = catalogue::find_hold(pool, id);
        if (!hold) return std::unexpected(hold.error());
        if (!*hold) comparison.missing_holds.push_back(id);
    }
    for (const Uuid& run : evidence.certified_runs) {
        const auto certificate = catalogue::find_certificate(pool, run);
        if (!certificate) return std::unexpected(certificate.error());
        if (!*certificate) comparison.missing_certificates.push_back(run);
    }
    return comparison;
}

Result<bool> confirm(catalogue::Pool& pool, const Confirmation& confirmation, UtcTime now) {
    const Comparison& comparison = confirmation.comparison;
    if (!comparison.is_whole() && confirmation.reason.empty())
        return failure(
            Remedy::refuse,
            fmt::format(
                "the catalogue lacks {} holds and the tombstones of {} purges that the audit log knows: "
                "place "
                "the holds again, or restore a newer backup; --reason confirms it nevertheless",
                comparison.missing_holds.size(),
                comparison.missing_certificates.size()
            ),
            "EVIDENCE_MISSING"
        );
    const json facts{
        {"evidence", confirmation.evidence},
        {"reason", confirmation.reason},
        {"missing_holds", ids(comparison.missing_holds)},
        {"missing_certificates", ids(comparison.missing_certificates)},
    };
    const ledger::Act act{
        .action = "retention.confirmed",
        .actor = ledger::system_actor(confirmation.principal),
        .subject = {.kind = "catalogue", .id = "catalogue"},
        .facts = facts.dump(-1, ' ', false, json::error_handler_t::replace),
    };
    return catalogue::confirm_catalogue(pool, act, now);
}

}  // namespace sluice::retention
