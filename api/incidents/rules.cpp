#include "api/incidents/rules.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace sluice::api {
namespace {

using nlohmann::json;

constexpr std::size_t kLongestText = 4000;
constexpr std::size_t kLongestName = 200;
constexpr std::size_t kLongestSubject = 8000;

template <class Word>
std::expected<std::optional<Word>, http::Problem> parse_word(
    const Body& body,
    const char* name,
    std::optional<Word> (*from)(std::string_view),
    const char* words
) {
    const auto text = body.text(name, kLongestName);
    if (!text) return std::unexpected(text.error());
    if (text->empty()) return std::optional<Word>{};
    const auto word = from(*text);
    if (!word) return std::unexpected(bad_member(name, std::string{"Must be "} + words + "."));
    return word;
}

std::expected<std::optional<duty::Severity>, http::Problem> parse_severity(const Body& body) {
    return parse_word<duty::Severity>(
        body, "severity", duty::severity_from, "low, medium, high or critical, or left out"
    );
}

std::string dump(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

json range_json(const TimeRange& range) {
    return {{"from", to_rfc3339(range.from)}, {"to", to_rfc3339(range.to)}};
}

void add_parts(json& object, const catalogue::IncidentParts& parts) {
    json steps = json::array();
    for (const auto& step : parts.steps)
        steps.push_back(
            {{"at", to_rfc3339(step.at)},
             {"action", step.action},
             {"from", to_string(step.from)},
             {"to", to_string(step.to)},
             {"part", step.part},
             {"by", step.principal},
             {"facts", json::parse(step.facts)}}
        );
    json notes = json::array();
    for (const auto& note : parts.notes)
        notes.push_back({{"at", to_rfc3339(note.at)}, {"text", note.text}, {"by", note.author}});
    json links = json::array();
    for (const auto& link : parts.links)
        links.push_back(
            {{"kind", link.kind},
             {"target", link.target},
             {"note", link.note},
             {"at", to_rfc3339(link.at)},
             {"by", link.linker}}
        );
    json footage = json::array();
    for (const auto& pointer : parts.footage) {
        json item = range_json(pointer.range);
        item.update(
            {{"camera", pointer.camera},
             {"note", pointer.note},
             {"at", to_rfc3339(pointer.at)},
             {"by", pointer.adder}}
        );
        footage.push_back(std::move(item));
    }
    json holds = json::array();
    for (const Uuid& hold : parts.holds)
        holds.push_back(to_string(hold));
    object.update(
        {{"steps", std::move(steps)},
         {"notes", std::move(notes)},
         {"links", std::move(links)},
         {"footage", std::move(footage)},
         {"holds", std::move(holds)},
         {"open_repairs", parts.open_repairs}}
    );
}

}  // namespace

std::expected<IncidentRequest, http::Problem> parse_incident(const Body& body) {
    const auto kind = parse_word<duty::IncidentKind>(
        body, "kind", duty::incident_kind_from, "a kind of incident such as facility_damage"
    );
    if (!kind) return std::unexpected(kind.error());
    if (!*kind)
        return std::unexpected(unfit_member("kind", "MEMBER_MISSING", "Say what kind of incident it is."));
    auto cause = body.required_text("cause", kLongestText);
    if (!cause) return std::unexpected(cause.error());
    const auto severity = parse_severity(body);
    if (!severity) return std::unexpected(severity.error());
    std::string subject = body.raw("subject");
    if (subject.empty() || subject == "null") subject = "{}";
    if (subject.front() != '{') return std::unexpected(bad_member("subject", "Must be an object."));
    if (subject.size() > kLongestSubject)
        return std::unexpected(
            unfit_member("subject", "MEMBER_TOO_LONG", "Must not be longer than 8000 bytes.")
        );
    return IncidentRequest{
        .kind = **kind, .cause = std::move(*cause), .severity = *severity, .subject = std::move(subject)
    };
}

std::expected<StepRequest, http::Problem> parse_step(const Body& body) {
    const auto action = parse_word<duty::IncidentAction>(
        body,
        "action",
        duty::incident_action_from,
        "triage, report, contain, remediate, close, dismiss or mark_exercise"
    );
    if (!action) return std::unexpected(action.error());
    if (!*action)
        return std::unexpected(unfit_member("action", "MEMBER_MISSING", "Say which step is taken."));
    StepRequest step{.action = **action, .finding = {}, .recipient = {}, .reference = {}, .severity = {}};
    const auto severity = parse_severity(body);
    if (!severity) return std::unexpected(severity.error());
    step.severity = *severity;
    struct Member {
        const char* name;
        std::size_t longest;
        std::string StepRequest::* into;
    };
    for (const Member& member :
         {Member{"finding", kLongestText, &StepRequest::finding},
          Member{"recipient", kLongestName, &StepRequest::recipient},
          Member{"reference", kLongestName, &StepRequest::reference}}) {
        auto text = body.text(member.name, member.longest);
        if (!text) return std::unexpected(text.error());
        step.*member.into = std::move(*text);
    }
    return step;
}

std::vector<duty::IncidentPart>
incident_parts_of(const catalogue::PrincipalRow& principal, const Standing& standing) {
    const auto has = [&](const char* role) {
        return std::ranges::find(principal.roles, role) != principal.roles.end();
    };
    std::vector<duty::IncidentPart> parts;
    if (has("secretariat") || (standing.is_bootstrap && has("operator")))
        parts.push_back(duty::IncidentPart::handler);
    if (has("director") || (has("secretariat") && has("unit_head")))
        parts.push_back(duty::IncidentPart::head);
    return parts;
}

http::Problem step_problem(const duty::IncidentVerdict& verdict) {
    const duty::IncidentCode* code = duty::find_incident_code(verdict.code);
    if (code == nullptr)
        return {.status = 500, .code = "INTERNAL", .detail = "A step was refused without a reason."};
    http::Problem problem{
        .status = code->status, .code = std::string{code->code}, .detail = std::string{code->detail}
    };
    if (!code->field.empty()) problem.field = std::string{code->field};
    return problem;
}

std::string step_facts(const StepRequest& step) {
    json facts = json::object();
    const auto add = [&](const char* name, const std::string& text) {
        if (!text.empty()) facts[name] = text;
    };
    add("finding", step.finding);
    add("recipient", step.recipient);
    add("reference", step.reference);
    if (step.severity) facts["severity"] = to_string(*step.severity);
    return dump(facts);
}

std::string incident_json(
    const catalogue::IncidentRow& incident,
    const catalogue::IncidentParts* parts,
    const policy::History& history,
    UtcTime now
) {
    const auto& clocks = policy::in_force(history, incident.opened).policy.incidents;
    const auto due = duty::due_of(incident.kind, incident.state, incident.opened, clocks);
    json object{
        {"id", to_string(incident.id)},
        {"kind", to_string(incident.kind)},
        {"is_security", duty::is_security(incident.kind)},
        {"severity", to_string(incident.severity)},
        {"state", to_string(incident.state)},
        {"opened", to_rfc3339(incident.opened)},
        {"since", to_rfc3339(incident.state_since)},
        {"due", due ? json(to_rfc3339(*due)) : json(nullptr)},
        {"is_overdue", due && now >= *due},
        {"cause", incident.cause},
        {"subject", json::parse(incident.subject)},
        {"by", incident.opener},
    };
    if (parts != nullptr) add_parts(object, *parts);
    return dump(object);
}

}  // namespace sluice::api
