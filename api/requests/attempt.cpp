#include "api/requests/detail/attempt.hpp"

#include "storage/catalogue/copy_repository.hpp"
#include "storage/catalogue/request_repository.hpp"
#include "storage/catalogue/viewing_repository.hpp"

#include <algorithm>
#include <map>

#include <nlohmann/json.hpp>

namespace sluice::api::requests {

using release::Case;
using release::RequestAction;

namespace {

constexpr std::size_t kLongest = 4000;
constexpr std::size_t kLongestName = 200;
constexpr std::size_t kMostUnits = 32;
constexpr std::size_t kMostGrounds = 16;
constexpr std::size_t kMostCopies = 1000;  // one for each decision

using Members = std::vector<std::string>;

Got<bool> read_flag(const Body& body, const char* name) {
    const std::string word = body.raw(name);
    if (word.empty() || word == "false") return false;
    if (word == "true") return true;
    return std::unexpected(bad_member(name, "Must be true or false."));
}

/// Texts that are copied as they are.
Got<void> read_texts(const Body& body, Try& tried) {
    struct Member {
        const char* name;
        std::string* into;
        std::size_t longest;
    };
    for (const auto& [name, into, longest] :
         {Member{"missing", &tried.attempt.listed, kLongest},
          Member{"ground", &tried.attempt.ground, kLongest},
          Member{"reasons", &tried.attempt.reasons, kLongest},
          Member{"note", &tried.note, kLongest},
          Member{"text", &tried.text, kLongest},
          Member{"conditions", &tried.conditions, kLongest},
          Member{"document", &tried.document, kLongestName},
          Member{"escort", &tried.escort, kLongestName}}) {
        auto text = body.text(name, longest);
        if (!text) return std::unexpected(text.error());
        *into = std::move(*text);
    }
    return {};
}

Got<void> read_flags(const Body& body, Try& tried) {
    for (const auto& [name, into] :
         {std::pair{"letter_verified", &tried.attempt.is_letter_verified},
          std::pair{"masked", &tried.attempt.is_masked},
          std::pair{"outward", &tried.is_outward},
          std::pair{"attested", &tried.attempt.is_attested},
          std::pair{"new_code", &tried.wants_new_code}}) {
        const auto flag = read_flag(body, name);
        if (!flag) return std::unexpected(flag.error());
        *into = *flag;
    }
    return {};
}

Got<void> read_lists(const Call& call, const Body& body, Try& tried) {
    auto grounds = body.texts("grounds", kMostGrounds);
    if (!grounds) return std::unexpected(grounds.error());
    tried.attempt.refusal_grounds = std::move(*grounds);
    auto units = body.texts("units", kMostUnits);
    if (!units) return std::unexpected(units.error());
    for (const std::string& unit : *units)
        if (unit.empty() || unit.size() > kLongestName || std::ranges::count(*units, unit) > 1)
            return std::unexpected(bad_member("units", "Names of units, each once."));
    tried.units = std::move(*units);
    const auto places = parse_places(call, "parts", body.raw("parts"));
    if (!places) return std::unexpected(places.error());
    for (const release::Place& place : *places)
        tried.attempt.areas.push_back(place.area);
    return {};
}

Got<void> read_stance(const Body& body, Try& tried) {
    if (!body.has("stance")) return {};
    const auto word = body.text("stance", 32);
    if (!word) return std::unexpected(word.error());
    const auto stance = release::stance_from(*word);
    if (!stance)
        return std::unexpected(bad_member("stance", "Must be agree, agree_with_conditions or object."));
    tried.attempt.stance = *stance;
    return {};
}

/// [{"camera", "controller"}], each camera once.
Got<void> read_controllers(const Body& body, Try& tried) {
    const std::string text = body.raw("controllers");
    if (text.empty() || text == "null") return {};
    const auto bad = [] {
        return std::unexpected(bad_member("controllers", "A list of camera and controller, each camera once.")
        );
    };
    const auto list = nlohmann::json::parse(text, nullptr, false);
    if (!list.is_array() || list.size() > kMostUnits) return bad();
    for (const auto& one : list) {
        const bool is_whole = one.is_object() && one.size() == 2 && one.contains("camera") &&
                              one["camera"].is_string() && one.contains("controller") &&
                              one["controller"].is_string();
        if (!is_whole) return bad();
        auto controller = one["controller"].get<std::string>();
        if (controller.empty() || controller.size() > kLongestName) return bad();
        if (!tried.controllers.emplace(one["camera"].get<std::string>(), std::move(controller)).second)
            return bad();
    }
    return {};
}

/// An appointment: the escort is a person of the secretariat, named by account; the viewer by account, or by
/// name with a code.
Got<void> read_slot(const Call& call, const Body& body, const Case& request, Try& tried) {
    release::SlotWish wish;
    const auto from = body.required_time("from");
    if (!from) return std::unexpected(from.error());
    const auto to = body.required_time("to");
    if (!to) return std::unexpected(to.error());
    wish.interval = {*from, *to};
    const auto kind = body.text("kind", 8);
    if (!kind) return std::unexpected(kind.error());
    wish.kind = request.kind;
    if (!kind->empty()) {
        const auto word = release::kind_from(*kind);
        if (!word) return std::unexpected(bad_member("kind", "Must be view or copy."));
        wish.kind = *word;
    }
    catalogue::Pool& pool = call.services.database.pool();
    const auto escort = catalogue::find_person(pool, tried.escort, call.now);
    if (!escort) return std::unexpected(to_problem(escort.error()));
    if (*escort && std::ranges::find((*escort)->roles, "secretariat") != (*escort)->roles.end())
        wish.escort_id = (*escort)->id;
    const auto viewer = body.text("viewer", kLongestName);
    if (!viewer) return std::unexpected(viewer.error());
    wish.viewer = viewer->empty() ? request.applicant : *viewer;
    if (viewer->empty() || *viewer == request.applicant) wish.viewer_id = request.applicant_id;
    if (!wish.viewer_id && !viewer->empty()) {
        const auto person = catalogue::find_person(pool, *viewer, call.now);
        if (!person) return std::unexpected(to_problem(person.error()));
        if (*person && request.channel == release::Channel::internal) wish.viewer_id = (*person)->id;
    }
    tried.attempt.slot = wish;
    return {};
}

/// What the session and the copies of the request say of a step.
Got<void> look_at_release(const Call& call, const Case& request, Try& tried) {
    catalogue::Pool& pool = call.services.database.pool();
    if (tried.attempt.action == RequestAction::start) {
        const auto session = catalogue::find_open_viewing(pool, request.id);
        if (!session) return std::unexpected(to_problem(session.error()));
        const bool is_open = *session && !(*session)->is_replaced && call.now < (*session)->presence_to &&
                             (*session)->slot.contains(call.now);
        tried.attempt.is_escort_present = is_open && (*session)->escort_id == call.principal->id;
        tried.attempt.is_viewer_present = is_open && (*session)->joined.has_value();
    }
    if (tried.attempt.action == RequestAction::close) {
        const auto copies =
            catalogue::load_copies(pool, {.request_id = request.id}, std::nullopt, kMostCopies);
        if (!copies) return std::unexpected(to_problem(copies.error()));
        // One that is still being made will need its receipt too.
        tried.attempt.is_receipt_missing = std::ranges::any_of(*copies, [](const catalogue::CopyRow& copy) {
            return !copy.failed && !copy.received && !copy.uncollected;
        });
    }
    return {};
}

}  // namespace

const Members& members_of(RequestAction action) {
    static const Members kNote{"note"};
    static const Members kDecision{"reasons", "conditions", "document", "outward"};
    static const Members kPart{"reasons", "conditions", "document", "outward", "parts", "masked"};
    static const std::map<RequestAction, Members> kMembers{
        {RequestAction::return_, {"missing"}},
        {RequestAction::accept, {"letter_verified"}},
        {RequestAction::refer, {"units"}},
        {RequestAction::opine, {"stance", "ground", "text"}},
        {RequestAction::grant, kDecision},
        {RequestAction::grant_part, kPart},
        {RequestAction::refuse, {"reasons", "grounds", "document"}},
        {RequestAction::reopen, {"reasons"}},
        {RequestAction::revoke, {"reasons", "document"}},
        {RequestAction::extend, {"reasons"}},
        {RequestAction::schedule, {"from", "to", "kind", "escort", "viewer", "new_code"}},
        {RequestAction::complete, {"attested", "note"}},
        {RequestAction::appeal, {"document", "note"}},
        {RequestAction::remand, {"document", "note"}},
        {RequestAction::uphold, {"document", "note"}},
        {RequestAction::answer_not_held, {"note", "controllers"}},
    };
    const auto found = kMembers.find(action);
    return found == kMembers.end() ? kNote : found->second;
}

Got<Try> read_attempt(const Call& call, RequestAction action, const Case& request) {
    Try tried;
    tried.attempt.action = action;
    // A step that needs no more may come without a body.
    const http::Request& sent = call.request;
    if (sent.body.empty() && sent.find_header("content-type") == nullptr) {
        if (action == RequestAction::schedule)
            return std::unexpected(unfit_member("from", "MEMBER_MISSING", "Must be given."));
    } else {
        const auto body = Body::parse(sent, members_of(action));
        if (!body) return std::unexpected(body.error());
        if (auto texts = read_texts(*body, tried); !texts) return std::unexpected(texts.error());
        if (auto flags = read_flags(*body, tried); !flags) return std::unexpected(flags.error());
        if (auto lists = read_lists(call, *body, tried); !lists) return std::unexpected(lists.error());
        if (auto others = read_controllers(*body, tried); !others) return std::unexpected(others.error());
        if (auto stance = read_stance(*body, tried); !stance) return std::unexpected(stance.error());
        if (action == RequestAction::schedule)
            if (auto slot = read_slot(call, *body, request, tried); !slot)
                return std::unexpected(slot.error());
    }
    if (auto looked = look_at_release(call, request, tried); !looked) return std::unexpected(looked.error());
    if (action == RequestAction::answer_not_held)
        if (auto looked = look_for_footage(call, request, tried); !looked)
            return std::unexpected(looked.error());
    return tried;
}

}  // namespace sluice::api::requests
