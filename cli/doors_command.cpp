#include "cli/door_commands.hpp"
#include "cli/process/os_user.hpp"
#include "config/base/files.hpp"
#include "config/load.hpp"
#include "storage/access/members.hpp"
#include "storage/access/site_file.hpp"
#include "storage/catalogue/conninfo.hpp"
#include "storage/catalogue/door_repository.hpp"
#include "storage/catalogue/footage_repository.hpp"
#include "storage/catalogue/policy_repository.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#include <fmt/core.h>

namespace sluice::cli {
namespace {

namespace fs = std::filesystem;
using access::SiteThing;
using catalogue::Creation;

/// One import: where to, by whom, when.
struct Import {
    catalogue::Pool& pool;
    ledger::Actor actor;
    UtcTime now;
    bool is_dry_run = false;
    std::chrono::seconds held_open{60};  ///< of a door that says nothing
    std::vector<std::string> planned{};  ///< under a dry run: what would have been made before

    [[nodiscard]] ledger::Act
    act(const char* kind, const char* what, const std::string& slug, std::string facts) const {
        return {
            .action = std::string{kind} + what,
            .actor = actor,
            .subject = {.kind = kind, .id = slug},
            .facts = std::move(facts),
        };
    }
    [[nodiscard]] bool is_planned(const char* kind, const std::string& slug) const {
        const std::string name = std::string{kind} + " " + slug;
        return std::ranges::find(planned, name) != planned.end();
    }
};

std::unexpected<Error> refused(const char* kind, const SiteThing& thing, const std::string& why) {
    return failure(Remedy::refuse, std::string{kind} + " " + thing.slug + ": " + why);
}

/// What a thing was and shall be, as JSON, and the calls that make it so.
struct Step {
    std::string before;  ///< empty: it is new
    std::string after;
    std::function<Result<Creation>(const ledger::Act&)> create;
    std::function<Result<bool>(const ledger::Act&)> change;
};

Status carry_out(Import& import, const char* kind, const SiteThing& thing, const Step& step) {
    if (step.before == step.after) {
        fmt::print("{} {}: as it is\n", kind, thing.slug);
        return {};
    }
    const std::string changes = access::changes_between(step.before, step.after);
    const bool is_new = step.before.empty();
    fmt::print("{} {}: {}\n", kind, thing.slug, is_new ? "new" : "changed: " + changes);
    if (import.is_dry_run) {
        import.planned.push_back(std::string{kind} + " " + thing.slug);
        return {};
    }
    if (is_new) {
        const auto made = step.create(import.act(kind, ".created", thing.slug, changes));
        if (!made) return std::unexpected(made.error());
        if (*made != Creation::made)
            return refused(kind, thing, "something else has its slug, source or account; run it again");
        return {};
    }
    const auto done = step.change(import.act(kind, ".changed", thing.slug, changes));
    if (!done) return std::unexpected(done.error());
    if (!*done) return refused(kind, thing, "was changed meanwhile; run it again");
    return {};
}

/// The row as it shall be, or as it is for a start; refuses what the members say wrongly.
template <class Thing>
Result<Thing> changed(const char* kind, const SiteThing& thing, Thing base) {
    auto read = access::with_members(thing.object, std::move(base));
    if (!read) return refused(kind, thing, read.error().member + ": " + read.error().text);
    return std::move(*read);
}

Status import_category(Import& import, const SiteThing& thing) {
    const auto known = catalogue::find_category(import.pool, thing.slug);
    if (!known) return std::unexpected(known.error());
    auto made = changed("person_category", thing, *known ? (*known)->category : access::PersonCategory{});
    if (!made) return std::unexpected(made.error());
    if (!*known) made->id = make_uuid_v7(import.now);
    return carry_out(
        import,
        "person_category",
        thing,
        {.before = *known ? access::to_json((*known)->category) : std::string{},
         .after = access::to_json(*made),
         .create = [&](const ledger::Act& act
                   ) { return catalogue::create_category(import.pool, *made, act, import.now); },
         .change =
             [&](const ledger::Act& act) {
                 return catalogue::change_category(
                     import.pool, *made, (*known)->edited.revision, act, import.now
                 );
             }}
    );
}

Status import_controller(Import& import, const SiteThing& thing) {
    if (!access::reference_of(thing, "account").empty())
        return refused("controller", thing, "account: give it over HTTP, where accounts are known");
    const auto known = catalogue::find_controller(import.pool, thing.slug);
    if (!known) return std::unexpected(known.error());
    auto made = changed("controller", thing, *known ? (*known)->controller : access::Controller{});
    if (!made) return std::unexpected(made.error());
    if (!*known) made->id = make_uuid_v7(import.now);
    return carry_out(
        import,
        "controller",
        thing,
        {.before = *known ? access::to_json((*known)->controller) : std::string{},
         .after = access::to_json(*made),
         .create = [&](const ledger::Act& act
                   ) { return catalogue::create_controller(import.pool, *made, act, import.now); },
         .change =
             [&](const ledger::Act& act) {
                 return catalogue::change_controller(
                     import.pool, *made, (*known)->edited.revision, act, import.now
                 );
             }}
    );
}

Status check_cameras(Import& import, const SiteThing& thing, const access::Door& door) {
    for (const std::string& slug : door.camera_slugs) {
        const auto camera = catalogue::find_camera(import.pool, slug);
        if (!camera) return std::unexpected(camera.error());
        if (!*camera || (*camera)->retired)
            return refused(
                "door",
                thing,
                "cameras: no camera in use has the slug \"" + slug +
                    "\"; start the recorder with its configuration first, or take it out"
            );
    }
    return {};
}

Status import_door(Import& import, const SiteThing& thing) {
    const auto known = catalogue::find_door(import.pool, thing.slug);
    if (!known) return std::unexpected(known.error());
    access::Door base;
    base.held_open = import.held_open;
    auto made = changed("door", thing, *known ? (*known)->door : base);
    if (!made) return std::unexpected(made.error());
    if (!*known) made->id = make_uuid_v7(import.now);
    if (auto cameras = check_cameras(import, thing, *made); !cameras) return cameras;
    std::string controller = *known ? (*known)->controller_slug : std::string{};
    if (const std::string wanted = access::reference_of(thing, "controller"); !wanted.empty()) {
        const auto found = catalogue::find_controller(import.pool, wanted);
        if (!found) return std::unexpected(found.error());
        if (!*found && !import.is_planned("controller", wanted))
            return refused("door", thing, "controller: there is none with the slug \"" + wanted + "\"");
        if (*found) made->controller_id = (*found)->controller.id;
        controller = wanted;
    }
    return carry_out(
        import,
        "door",
        thing,
        {.before = *known ? access::to_json((*known)->door, (*known)->controller_slug) : std::string{},
         .after = access::to_json(*made, controller),
         .create = [&](const ledger::Act& act
                   ) { return catalogue::create_door(import.pool, *made, act, import.now); },
         .change =
             [&](const ledger::Act& act) {
                 return catalogue::change_door(
                     import.pool, *made, (*known)->edited.revision, act, import.now
                 );
             }}
    );
}

Status import_reader(Import& import, const SiteThing& thing) {
    const auto known = catalogue::find_reader(import.pool, thing.slug);
    if (!known) return std::unexpected(known.error());
    auto made = changed("reader", thing, *known ? (*known)->reader : access::Reader{});
    if (!made) return std::unexpected(made.error());
    if (!*known) made->id = make_uuid_v7(import.now);
    const std::string wanted = access::reference_of(thing, "door");
    const std::string door = wanted.empty() && *known ? (*known)->door_slug : wanted;
    const auto found = catalogue::find_door(import.pool, door);
    if (!found) return std::unexpected(found.error());
    if (!*found && !import.is_planned("door", door))
        return refused("reader", thing, "door: there is none with the slug \"" + door + "\"");
    if (*found) made->door_id = (*found)->door.id;
    return carry_out(
        import,
        "reader",
        thing,
        {.before = *known ? access::to_json((*known)->reader, (*known)->door_slug) : std::string{},
         .after = access::to_json(*made, door),
         .create = [&](const ledger::Act& act
                   ) { return catalogue::create_reader(import.pool, *made, act, import.now); },
         .change =
             [&](const ledger::Act& act) {
                 return catalogue::change_reader(
                     import.pool, *made, (*known)->edited.revision, act, import.now
                 );
             }}
    );
}

Status import_all(Import& import, const access::SiteFile& site) {
    using One = Status (*)(Import&, const SiteThing&);
    const std::pair<const std::vector<SiteThing>*, One> lists[] = {
        {&site.categories, import_category},
        {&site.controllers, import_controller},
        {&site.doors, import_door},
        {&site.readers, import_reader},
    };
    for (const auto& [things, one] : lists)
        for (const SiteThing& thing : *things)
            if (auto done = one(import, thing); !done) return done;
    return {};
}

}  // namespace

Status import_doors(const fs::path& config, const fs::path& file, bool is_dry_run) {
    const auto text = read_text_file(file, access::kMostSiteBytes);
    if (!text) return std::unexpected(text.error());
    const auto site = access::parse_site(*text);
    if (!site) {
        std::string faults = file.string() + ":";
        for (const std::string& fault : site.error())
            faults += "\n" + fault;
        return failure(Remedy::refuse, faults);
    }
    const auto loaded = config::load_or_explain(config, config::Secrets::database_only);
    if (!loaded) return std::unexpected(loaded.error());
    catalogue::Pool pool{catalogue::conninfo_of(*loaded, "sluice_api"), 1};
    const UtcTime now = RealClock{}.now();
    const auto history = catalogue::load_policy_history(pool);
    if (!history) return std::unexpected(history.error());
    Import import{
        .pool = pool,
        .actor = process::operator_here(),
        .now = now,
        .is_dry_run = is_dry_run,
        .held_open = policy::in_force(*history, now).policy.doors.held_open,
    };
    if (auto done = import_all(import, *site); !done) return done;
    if (is_dry_run) fmt::print("nothing was written: --dry-run\n");
    return {};
}

}  // namespace sluice::cli
