#include "api/requests/detail/case_view.hpp"

#include "storage/release/case_json.hpp"

#include <nlohmann/json.hpp>

namespace sluice::api::requests {

using nlohmann::json;
using release::Case;

namespace {

json time_json(const std::optional<UtcTime>& time) {
    return time ? json(to_rfc3339(*time)) : json(nullptr);
}

json text_or_null(const std::string& text) {
    return text.empty() ? json(nullptr) : json(text);
}

std::string slug_of(const Slugs& slugs, const Uuid& camera) {
    const auto found = slugs.find(camera);
    return found == slugs.end() ? to_string(camera) : found->second;
}

json names_of(const Slugs& slugs, const std::vector<Uuid>& cameras) {
    json list = json::array();
    for (const Uuid& camera : cameras)
        list.push_back(slug_of(slugs, camera));
    return list;
}

json evidence_json(const Case& request) {
    json list = json::array();
    for (const release::Evidence& piece : request.evidence)
        list.push_back({
            {"id", to_string(piece.id)},
            {"name", piece.name},
            {"kind", to_string(piece.kind)},
            {"media_type", piece.media_type},
            {"bytes", piece.bytes},
            {"sha256", piece.sha256},
            {"note", piece.note},
            {"added_by", piece.adder},
            {"added", to_rfc3339(piece.added)},
        });
    return list;
}

json grounds_json(const Case& request, const Slugs& slugs) {
    json list = json::array();
    for (const release::Finding& finding : request.findings) {
        json places = json::array();
        for (const release::Place& place : finding.places)
            places.push_back({
                {"camera", slug_of(slugs, place.area.camera_id)},
                {"from", to_rfc3339(place.area.interval.from)},
                {"to", to_rfc3339(place.area.interval.to)},
                {"person", place.person},
            });
        list.push_back({
            {"ground", to_string(finding.ground)},
            {"answer", to_string(finding.answer)},
            {"evidence", finding.evidence},
            {"places", std::move(places)},
        });
    }
    return list;
}

json consents_json(const Case& request, const Slugs& slugs) {
    json list = json::array();
    for (const release::Consent& consent : request.consents) {
        json kinds = json::array();
        for (const release::Kind kind : consent.kinds)
            kinds.push_back(to_string(kind));
        list.push_back({
            {"id", to_string(consent.id)},
            {"person", consent.person},
            {"minor", consent.is_minor},
            {"representative", consent.representative},
            {"evidence_id", to_string(consent.evidence_id)},
            {"cameras", names_of(slugs, consent.cameras)},
            {"from", to_rfc3339(consent.interval.from)},
            {"to", to_rfc3339(consent.interval.to)},
            {"kinds", std::move(kinds)},
            {"recipient", consent.recipient},
            {"recorded", to_rfc3339(consent.recorded)},
            {"withdrawn", time_json(consent.withdrawn)},
        });
    }
    return list;
}

json signatures_json(const Case& request) {
    json list = json::array();
    for (const release::Signature& made : request.signatures)
        list.push_back({
            {"chain", made.chain == release::Chain::a ? "a" : "b"},
            {"round", made.round},
            {"seat", to_string(made.seat)},
            {"unit", made.unit},
            {"signer", made.signer},
            {"at", to_rfc3339(made.at)},
            {"note", made.note},
        });
    return list;
}

json opinions_json(const Case& request) {
    json list = json::array();
    for (const release::Opinion& given : request.opinions)
        list.push_back({
            {"round", given.round},
            {"part", to_string(given.part)},
            {"unit", given.unit},
            {"stance", to_string(given.stance)},
            {"ground", given.ground},
            {"text", given.text},
            {"giver", given.giver},
            {"at", to_rfc3339(given.at)},
        });
    return list;
}

json inquiries_json(const Case& request) {
    json list = json::array();
    for (const release::Inquiry& inquiry : request.inquiries)
        list.push_back({
            {"id", to_string(inquiry.id)},
            {"person", inquiry.person},
            {"document", inquiry.document},
            {"asked", to_rfc3339(inquiry.asked)},
            {"due", to_rfc3339(inquiry.due)},
            {"answer", text_or_null(inquiry.answer)},
            {"answered", time_json(inquiry.answered)},
            {"note", inquiry.note},
        });
    return list;
}

json grant_json(const Case& request, const Slugs& slugs) {
    if (!request.grant) return nullptr;
    const release::Grant& grant = *request.grant;
    json items = json::array();
    for (const release::GrantItem& item : grant.items)
        items.push_back({
            {"camera", slug_of(slugs, item.camera_id)},
            {"stream", item.stream},
            {"asked_from", to_rfc3339(item.asked.from)},
            {"asked_to", to_rfc3339(item.asked.to)},
            {"from", to_rfc3339(item.resolved.from)},
            {"to", to_rfc3339(item.resolved.to)},
            {"outward", item.is_outward},
        });
    return {
        {"id", to_string(grant.id)},
        {"kind", to_string(grant.kind)},
        {"decided", to_rfc3339(grant.decided)},
        {"valid_to", to_rfc3339(grant.valid_to)},
        {"masked", grant.is_masked},
        {"conditions", grant.conditions},
        {"decided_by", grant.decider},
        {"items", std::move(items)},
    };
}

json slot_json(const Case& request) {
    if (!request.slot) return nullptr;
    const release::Slot& slot = *request.slot;
    return {
        {"id", to_string(slot.id)},
        {"from", to_rfc3339(slot.interval.from)},
        {"to", to_rfc3339(slot.interval.to)},
        {"kind", to_string(slot.kind)},
        {"escort", slot.escort},
        {"viewer", slot.viewer},
        {"viewer_has_account", slot.viewer_id.has_value()},
    };
}

json history_json(const std::vector<catalogue::RequestEvent>& history) {
    json list = json::array();
    for (const catalogue::RequestEvent& event : history)
        list.push_back({
            {"at", to_rfc3339(event.at)},
            {"action", event.action},
            {"from", event.from ? json(*event.from) : json(nullptr)},
            {"to", event.to},
            {"part", event.part},
            {"principal", event.principal},
            {"facts", json::parse(event.facts, nullptr, false)},
        });
    return list;
}

json form_json(const Case& request) {
    json form = release::to_json(request.form);
    form.erase("of_secretariat");
    return form;
}

}  // namespace

json to_json(const catalogue::RequestSummary& summary) {
    return {
        {"id", to_string(summary.id)},
        {"channel", to_string(summary.channel)},
        {"kind", to_string(summary.kind)},
        {"state", to_string(summary.state)},
        {"state_since", to_rfc3339(summary.since)},
        {"applicant", summary.applicant},
        {"unit", summary.unit},
        {"dossier", summary.dossier_number ? json(*summary.dossier_number) : json(nullptr)},
        {"due", time_json(summary.due)},
        {"created", to_rfc3339(summary.created)},
    };
}

json to_json(const Case& request, const std::vector<catalogue::RequestEvent>& history, const Slugs& slugs) {
    const auto& interval = request.interval;
    return {
        {"id", to_string(request.id)},
        {"revision", request.revision},
        {"channel", to_string(request.channel)},
        {"kind", to_string(request.kind)},
        {"state", to_string(request.state)},
        {"state_since", to_rfc3339(request.since)},
        {"applicant", request.applicant},
        {"applicant_has_account", request.applicant_id.has_value()},
        {"unit", request.unit},
        {"cameras", names_of(slugs, request.cameras)},
        {"from", interval ? json(to_rfc3339(interval->from)) : json(nullptr)},
        {"to", interval ? json(to_rfc3339(interval->to)) : json(nullptr)},
        {"form", form_json(request)},
        {"entered_by", request.enterer},
        {"created", to_rfc3339(request.created)},
        {"submitted", time_json(request.submitted)},
        {"handler", text_or_null(request.handler)},
        {"accepted", time_json(request.accepted)},
        {"policy_version", request.policy_version ? json(*request.policy_version) : json(nullptr)},
        {"dossier", request.dossier_number ? json(*request.dossier_number) : json(nullptr)},
        {"due", time_json(request.due)},
        {"extended", time_json(request.extended)},
        {"asked_units", request.asked_units},
        {"decision", request.decision.empty() ? json(nullptr) : json::parse(request.decision, nullptr, false)
        },
        {"decided", time_json(request.decided)},
        {"evidence", evidence_json(request)},
        {"grounds", grounds_json(request, slugs)},
        {"consents", consents_json(request, slugs)},
        {"inquiries", inquiries_json(request)},
        {"papers_destroyed", time_json(request.papers_destroyed)},
        {"signatures", signatures_json(request)},
        {"opinions", opinions_json(request)},
        {"grant", grant_json(request, slugs)},
        {"slot", slot_json(request)},
        {"history", history_json(history)},
    };
}

}  // namespace sluice::api::requests
