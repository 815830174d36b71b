#include "api/acts.hpp"
#include "api/huimin/detail/common.hpp"
#include "api/policy_in_force.hpp"
#include "storage/contractor/situation.hpp"

#include <charconv>

#include <nlohmann/json.hpp>

namespace sluice::api::huimin {

using nlohmann::json;

namespace {

constexpr int kMostSlots = 1000;

/// What is open is the house's to know: a contractor sees what its own cameras say.
Answer list_findings(const Call& call) {
    if (auto allowed = permit_reading(call, Relation::other); !allowed)
        return std::unexpected(allowed.error());
    const auto rules = policy_in_force(call);
    if (!rules) return std::unexpected(rules.error());
    const auto situation = contractor::load_situation(call.services.database.pool());
    if (!situation) return std::unexpected(to_problem(situation.error()));
    std::vector<std::string> items;
    for (const contractor::Finding& finding : contractor::find_open(*situation, rules->contractor, call.now))
        items.push_back(finding_json(finding));
    return fresh(200, list_json(items));
}

Answer list_slots(const Call& call) {
    if (auto allowed = permit_reading(call, Relation::other); !allowed)
        return std::unexpected(allowed.error());
    const auto slots = catalogue::load_contractor_slots(call.services.database.pool());
    if (!slots) return std::unexpected(to_problem(slots.error()));
    std::vector<std::string> items;
    for (const catalogue::ContractorSlot& slot : *slots)
        items.push_back(slot_json(slot));
    return fresh(200, list_json(items));
}

Answer put_slot(const Call& call) {
    const std::string& text = call.variables.front();
    int number = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (code != std::errc{} || end != text.data() + text.size() || number < 1 || number > kMostSlots)
        return std::unexpected(unfit_parameter("number", "NUMBER_OUT_OF_RANGE", "From 1 to 1000."));
    const auto body = Body::parse(call.request, {"state", "camera", "note"});
    if (!body) return std::unexpected(body.error());
    const auto word = body->required_text("state", 16);
    if (!word) return std::unexpected(word.error());
    const auto state = catalogue::slot_state_from(*word);
    if (!state) return std::unexpected(bad_member("state", "Must be confirmed, to_verify or absent."));
    auto camera = body->text("camera", 63);
    if (!camera) return std::unexpected(camera.error());
    auto note = body->text("note", 2000);
    if (!note) return std::unexpected(note.error());
    const catalogue::ContractorSlot slot{
        .number = number,
        .state = *state,
        .camera_slug = std::move(*camera),
        .note = std::move(*note),
        .decided = call.now,
        .decider = call.principal->name,
    };
    const json facts{{"number", number}, {"state", *word}, {"camera", slot.camera_slug}, {"note", slot.note}};
    const auto saved = catalogue::save_contractor_slot(
        call.services.database.pool(),
        slot,
        act_on(call, "contractor_slot.decided", "contractor_slot", std::to_string(number), facts)
    );
    if (!saved) return std::unexpected(act_problem(saved.error()));
    return fresh(200, slot_json(slot));
}

}  // namespace

void add_house_routes(Routes& routes) {
    const std::string base{kBase};
    routes.push_back(make_route("GET", base + "/findings", Action::read_contractor, {}, list_findings));
    routes.push_back(make_route("GET", base + "/slots", Action::read_contractor, {}, list_slots));
    routes.push_back(make_route("PUT", base + "/slots/{number}", Action::change_contractor_slot, {}, put_slot)
    );
}

}  // namespace sluice::api::huimin
