#include "api/acts.hpp"
#include "api/cursor.hpp"
#include "api/doors/contacts.hpp"
#include "api/doors/edits.hpp"
#include "api/doors/routes.hpp"
#include "api/doors/rules.hpp"
#include "api/idempotency.hpp"
#include "api/policy_in_force.hpp"
#include "storage/catalogue/account_repository.hpp"
#include "storage/catalogue/footage_repository.hpp"

#include <algorithm>
#include <utility>

namespace sluice::api {
namespace {

using catalogue::ControllerRow;
using catalogue::Creation;
using catalogue::DoorRow;
using catalogue::Pool;
using catalogue::ReaderRow;
using catalogue::SlugPage;

constexpr std::size_t kLongestSlug = 63;

/// The references of a thing, from slugs and ids to rows. Each leaves `row` as it is when the body says
/// nothing of them.
Parsed<void> look_up(const Call& call, const Body& body, ControllerRow& row) {
    if (!body.has("account")) return {};
    const auto text = body.text("account", 36);
    if (!text) return std::unexpected(text.error());
    row.controller.account_id.reset();
    row.account.clear();
    if (text->empty()) return {};
    const auto unfit = unfit_member(
        "account", "ACCOUNT_UNFIT", "Must be the id of a machine account with the role door_controller."
    );
    const auto id = uuid_from_string(*text);
    if (!id) return std::unexpected(unfit);
    const auto account = catalogue::find_account(call.services.database.pool(), *id);
    if (!account) return std::unexpected(to_problem(account.error()));
    if (!*account || std::ranges::find((*account)->roles, "door_controller") == (*account)->roles.end())
        return std::unexpected(unfit);
    row.controller.account_id = *id;
    row.account = (*account)->name;
    return {};
}

Parsed<void> look_up(const Call& call, const Body& body, DoorRow& row) {
    Pool& pool = call.services.database.pool();
    if (body.has("controller")) {
        const auto slug = body.text("controller", kLongestSlug);
        if (!slug) return std::unexpected(slug.error());
        row.door.controller_id.reset();
        row.controller_slug.clear();
        if (!slug->empty()) {
            const auto found = catalogue::find_controller(pool, *slug);
            if (!found) return std::unexpected(to_problem(found.error()));
            if (!*found)
                return std::unexpected(
                    unfit_member("controller", "CONTROLLER_NOT_FOUND", "No controller has this slug.")
                );
            row.door.controller_id = (*found)->controller.id;
            row.controller_slug = *slug;
        }
    }
    if (!body.has("cameras")) return {};
    for (const std::string& slug : row.door.camera_slugs) {
        const auto camera = catalogue::find_camera(pool, slug);
        if (!camera) return std::unexpected(to_problem(camera.error()));
        if (!*camera || (*camera)->retired)
            return std::unexpected(unfit_member(
                "cameras",
                "CAMERA_NOT_FOUND",
                "No camera in use has the slug \"" + slug.substr(0, kLongestSlug) + "\"."
            ));
    }
    return {};
}

Parsed<void> look_up(const Call& call, const Body& body, ReaderRow& row) {
    if (!body.has("door")) {
        if (row.door_slug.empty())
            return std::unexpected(unfit_member("door", "MEMBER_MISSING", "Must be given."));
        return {};
    }
    const auto slug = body.required_text("door", kLongestSlug);
    if (!slug) return std::unexpected(slug.error());
    const auto door = catalogue::find_door(call.services.database.pool(), *slug);
    if (!door) return std::unexpected(to_problem(door.error()));
    if (!*door) return std::unexpected(unfit_member("door", "DOOR_NOT_FOUND", "No door has this slug."));
    row.reader.door_id = (*door)->door.id;
    row.door_slug = *slug;
    return {};
}

Parsed<void> look_up(const Call&, const Body&, catalogue::CategoryRow&) {
    return {};
}

/// One kind of thing: its words, and how the catalogue keeps it.
struct Controllers {
    using Row = ControllerRow;
    static constexpr const char* kWord = "controller";
    static constexpr const char* kPath = "/v1/controllers";
    static constexpr const char* kNotFound = "CONTROLLER_NOT_FOUND";
    static constexpr const char* kTaken = "CONTROLLER_TAKEN";
    static constexpr const char* kChanged = "CONTROLLER_CHANGED";
    static const std::vector<std::string>& members() { return access::controller_members(); }
    static auto& thing(Row& row) { return row.controller; }
    static std::string told(const Row& row) { return access::to_json(row.controller); }
    static auto find(Pool& pool, const std::string& slug) { return catalogue::find_controller(pool, slug); }
    static auto load(Pool& pool, const SlugPage& page) { return catalogue::load_controllers(pool, page); }
    static auto create(Pool& pool, const Row& row, const ledger::Act& act, UtcTime now) {
        return catalogue::create_controller(pool, row.controller, act, now);
    }
    static auto change(Pool& pool, const Row& row, const ledger::Act& act, UtcTime now) {
        return catalogue::change_controller(pool, row.controller, row.edited.revision, act, now);
    }
};

struct Doors {
    using Row = DoorRow;
    static constexpr const char* kWord = "door";
    static constexpr const char* kPath = "/v1/doors";
    static constexpr const char* kNotFound = "DOOR_NOT_FOUND";
    static constexpr const char* kTaken = "DOOR_TAKEN";
    static constexpr const char* kChanged = "DOOR_CHANGED";
    static const std::vector<std::string>& members() { return access::door_members(); }
    static auto& thing(Row& row) { return row.door; }
    static std::string told(const Row& row) { return access::to_json(row.door, row.controller_slug); }
    static auto find(Pool& pool, const std::string& slug) { return catalogue::find_door(pool, slug); }
    static auto load(Pool& pool, const SlugPage& page) { return catalogue::load_doors(pool, page); }
    static auto create(Pool& pool, const Row& row, const ledger::Act& act, UtcTime now) {
        return catalogue::create_door(pool, row.door, act, now);
    }
    static auto change(Pool& pool, const Row& row, const ledger::Act& act, UtcTime now) {
        return catalogue::change_door(pool, row.door, row.edited.revision, act, now);
    }
};

struct Readers {
    using Row = ReaderRow;
    static constexpr const char* kWord = "reader";
    static constexpr const char* kPath = "/v1/readers";
    static constexpr const char* kNotFound = "READER_NOT_FOUND";
    static constexpr const char* kTaken = "READER_TAKEN";
    static constexpr const char* kChanged = "READER_CHANGED";
    static const std::vector<std::string>& members() { return access::reader_members(); }
    static auto& thing(Row& row) { return row.reader; }
    static std::string told(const Row& row) { return access::to_json(row.reader, row.door_slug); }
    static auto find(Pool& pool, const std::string& slug) { return catalogue::find_reader(pool, slug); }
    static auto load(Pool& pool, const SlugPage& page) { return catalogue::load_readers(pool, page); }
    static auto create(Pool& pool, const Row& row, const ledger::Act& act, UtcTime now) {
        return catalogue::create_reader(pool, row.reader, act, now);
    }
    static auto change(Pool& pool, const Row& row, const ledger::Act& act, UtcTime now) {
        return catalogue::change_reader(pool, row.reader, row.edited.revision, act, now);
    }
};

struct Categories {
    using Row = catalogue::CategoryRow;
    static constexpr const char* kWord = "person_category";
    static constexpr const char* kPath = "/v1/person-categories";
    static constexpr const char* kNotFound = "CATEGORY_NOT_FOUND";
    static constexpr const char* kTaken = "CATEGORY_TAKEN";
    static constexpr const char* kChanged = "CATEGORY_CHANGED";
    static const std::vector<std::string>& members() { return access::category_members(); }
    static auto& thing(Row& row) { return row.category; }
    static std::string told(const Row& row) { return access::to_json(row.category); }
    static auto find(Pool& pool, const std::string& slug) { return catalogue::find_category(pool, slug); }
    static auto load(Pool& pool, const SlugPage& page) { return catalogue::load_categories(pool, page); }
    static auto create(Pool& pool, const Row& row, const ledger::Act& act, UtcTime now) {
        return catalogue::create_category(pool, row.category, act, now);
    }
    static auto change(Pool& pool, const Row& row, const ledger::Act& act, UtcTime now) {
        return catalogue::change_category(pool, row.category, row.edited.revision, act, now);
    }
};

template <class Kind>
Parsed<typename Kind::Row> get(const Call& call, const std::string& slug) {
    auto found = Kind::find(call.services.database.pool(), slug);
    if (!found) return std::unexpected(to_problem(found.error()));
    if (!*found) return no_such(Kind::kNotFound, "None has this slug.");
    return std::move(**found);
}

template <class Kind>
ledger::Act act_of(const Call& call, const char* what, typename Kind::Row& row, std::string facts) {
    return {
        .action = std::string{Kind::kWord} + what,
        .actor = actor_of(call),
        .subject = {.kind = Kind::kWord, .id = Kind::thing(row).slug},
        .facts = std::move(facts),
    };
}

/// As the service shows them.
template <class Row>
Parsed<std::vector<std::string>> show_all(const Call&, const std::vector<Row>& rows) {
    std::vector<std::string> shown;
    for (const Row& row : rows)
        shown.push_back(to_json(row));
    return shown;
}

template <class Row>
Answer show(const Call& call, unsigned status, const Row& row) {
    auto shown = show_all(call, std::vector<Row>{row});
    if (!shown) return std::unexpected(shown.error());
    return edited_response(status, row.edited.revision, std::move(shown->front()));
}

template <class Kind>
Answer list(const Call& call) {
    const auto limit = call.parameters.limit();
    if (!limit) return std::unexpected(limit.error());
    SlugPage page{.after = {}, .limit = *limit + 1};
    if (const std::string* text = call.parameters.find("cursor")) {
        const auto after = slug_cursor_from(*text);
        if (!after) return std::unexpected(bad_parameter("cursor", "Not a cursor of this list."));
        page.after = *after;
    }
    auto rows = Kind::load(call.services.database.pool(), page);
    if (!rows) return std::unexpected(to_problem(rows.error()));
    std::string next;
    if (rows->size() > *limit) {
        rows->resize(*limit);
        next = to_cursor(std::string_view{Kind::thing(rows->back()).slug});
    }
    const auto items = show_all(call, *rows);
    if (!items) return std::unexpected(items.error());
    return list_response(*items, next);
}

template <class Kind>
Answer read(const Call& call) {
    const auto row = get<Kind>(call, call.variables.front());
    if (!row) return std::unexpected(row.error());
    return show(call, 200, *row);
}

/// What the body makes of `row`.
template <class Kind>
Parsed<typename Kind::Row> changed_row(const Call& call, typename Kind::Row row) {
    const auto body = Body::parse(call.request, Kind::members());
    if (!body) return std::unexpected(body.error());
    auto thing = access::with_members(object_of(*body, Kind::members()), Kind::thing(row));
    if (!thing) return std::unexpected(member_problem(thing.error()));
    Kind::thing(row) = std::move(*thing);
    if (auto found = look_up(call, *body, row); !found) return std::unexpected(found.error());
    return row;
}

/// What is new before anything is said of it.
template <class Kind>
Parsed<typename Kind::Row> blank_row(const Call&) {
    return typename Kind::Row{};
}
template <>
Parsed<DoorRow> blank_row<Doors>(const Call& call) {
    const auto rules = policy_in_force(call);
    if (!rules) return std::unexpected(rules.error());
    DoorRow row;
    row.door.held_open = rules->doors.held_open;
    return row;
}

template <class Kind>
Answer create(const Call& call) {
    auto blank = blank_row<Kind>(call);
    if (!blank) return std::unexpected(blank.error());
    auto row = changed_row<Kind>(call, std::move(*blank));
    if (!row) return std::unexpected(row.error());
    const auto wanted_id = idempotent_id(call, Kind::kWord);
    if (!wanted_id) return std::unexpected(wanted_id.error());
    Kind::thing(*row).id = wanted_id->value_or(make_uuid_v7(call.now));
    const auto act = act_of<Kind>(call, ".created", *row, Kind::told(*row));
    const auto made = Kind::create(call.services.database.pool(), *row, act, call.now);
    if (!made) return std::unexpected(act_problem(made.error()));
    if (*made == Creation::name_taken)
        return std::unexpected(problem(
            409,
            Kind::kTaken,
            "Another one has this slug, or what only one can have; change that one instead."
        ));
    auto known = get<Kind>(call, Kind::thing(*row).slug);
    if (!known || Kind::thing(*known).id != Kind::thing(*row).id)
        return std::unexpected(
            problem(409, "IDEMPOTENCY_KEY_USED", "The key has made another one; give each its own key.")
        );
    auto response = show(call, *made == Creation::made ? 201 : 200, *known);
    if (!response) return response;
    response->set("Location", std::string{Kind::kPath} + "/" + Kind::thing(*row).slug);
    return response;
}

template <class Kind>
Answer change(const Call& call) {
    const auto before = get<Kind>(call, call.variables.front());
    if (!before) return std::unexpected(before.error());
    if (auto matched = check_match(call, before->edited.revision, Kind::kChanged); !matched)
        return std::unexpected(matched.error());
    auto row = changed_row<Kind>(call, *before);
    if (!row) return std::unexpected(row.error());
    const auto act =
        act_of<Kind>(call, ".changed", *row, access::changes_between(Kind::told(*before), Kind::told(*row)));
    const auto done = Kind::change(call.services.database.pool(), *row, act, call.now);
    if (!done && done.error().remedy() == Remedy::refuse)
        return std::unexpected(
            problem(409, Kind::kTaken, "Another one has what only one can have; change that one first.")
        );
    if (!done) return std::unexpected(act_problem(done.error()));
    if (!*done)
        return std::unexpected(
            problem(412, Kind::kChanged, "It was changed meanwhile; read it again and decide anew.")
        );
    return read<Kind>(call);
}

template <class Kind>
void add_routes_of(Routes& routes) {
    const std::string path = Kind::kPath;
    routes.push_back(make_route("GET", path, Action::read_doors, {"limit", "cursor"}, list<Kind>));
    routes.push_back(make_route("POST", path, Action::change_doors, {}, create<Kind>));
    routes.push_back(make_route("GET", path + "/{slug}", Action::read_doors, {}, read<Kind>));
    routes.push_back(make_route("PATCH", path + "/{slug}", Action::change_doors, {}, change<Kind>));
}

}  // namespace

void add_inventory_routes(Routes& routes) {
    add_routes_of<Controllers>(routes);
    add_routes_of<Doors>(routes);
    add_routes_of<Readers>(routes);
    add_routes_of<Categories>(routes);
}

}  // namespace sluice::api
