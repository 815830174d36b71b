#pragma once

#include "config/base/time.hpp"
#include "storage/access/inventory.hpp"
#include "storage/catalogue/pool.hpp"
#include "storage/ledger/act.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// Controllers, doors, readers and categories of persons. Each change and its record in the audit log are one
/// transaction. Roles: worker, API and auditor read; sluice_api writes.
namespace sluice::catalogue {

/// When a thing came and was changed last; `revision` counts changes, an edit names the one it has seen.
struct Edited {
    UtcTime created;
    UtcTime changed;
    int revision = 1;
};
struct ControllerRow {
    access::Controller controller;
    std::string account;  ///< name of the machine account, or empty
    Edited edited;
    std::optional<UtcTime> active_since;  ///< nullopt: it is not active
};
struct DoorRow {
    access::Door door;
    std::string controller_slug;  ///< empty: none
    Edited edited;
    std::optional<UtcTime> active_since;  ///< nullopt: it is not active
};
struct ReaderRow {
    access::Reader reader;
    std::string door_slug;
    Edited edited;
};

struct CategoryRow {
    access::PersonCategory category;
    Edited edited;
};

/// What became of something new.
enum class Creation : std::uint8_t {
    made,
    is_there,    ///< a thing with this id, so nothing was written
    name_taken,  ///< another one has its slug (a controller: or its source or account)
};

/// By slug, at most `limit`, behind the slug `after`.
struct SlugPage {
    std::string after;
    std::size_t limit = 1000;
};

[[nodiscard]] Result<Creation>
create_controller(Pool& pool, const access::Controller& made, const ledger::Act& act, UtcTime now);
[[nodiscard]] Result<Creation>
create_door(Pool& pool, const access::Door& made, const ledger::Act& act, UtcTime now);
[[nodiscard]] Result<Creation>
create_reader(Pool& pool, const access::Reader& made, const ledger::Act& act, UtcTime now);
[[nodiscard]] Result<Creation>
create_category(Pool& pool, const access::PersonCategory& made, const ledger::Act& act, UtcTime now);

[[nodiscard]] Result<std::optional<ControllerRow>> find_controller(Pool& pool, const std::string& slug);
/// The one whose events carry this source.
[[nodiscard]] Result<std::optional<ControllerRow>>
find_controller_of_source(Pool& pool, const std::string& source);
[[nodiscard]] Result<std::optional<DoorRow>> find_door(Pool& pool, const std::string& slug);
[[nodiscard]] Result<std::optional<ReaderRow>> find_reader(Pool& pool, const std::string& slug);
[[nodiscard]] Result<std::optional<CategoryRow>> find_category(Pool& pool, const std::string& slug);

[[nodiscard]] Result<std::vector<ControllerRow>> load_controllers(Pool& pool, const SlugPage& page = {});
[[nodiscard]] Result<std::vector<DoorRow>> load_doors(Pool& pool, const SlugPage& page = {});
/// With `door`: of the door with this slug.
[[nodiscard]] Result<std::vector<ReaderRow>>
load_readers(Pool& pool, const SlugPage& page = {}, const std::string& door = {});
[[nodiscard]] Result<std::vector<CategoryRow>> load_categories(Pool& pool, const SlugPage& page = {});

/// All but id and slug become the value's. False: it is not of this revision any more. Error: refuse, when
/// another controller has its source or account.
[[nodiscard]] Result<bool> change_controller(
    Pool& pool,
    const access::Controller& changed,
    int revision,
    const ledger::Act& act,
    UtcTime now
);
[[nodiscard]] Result<bool>
change_door(Pool& pool, const access::Door& changed, int revision, const ledger::Act& act, UtcTime now);
[[nodiscard]] Result<bool>
change_reader(Pool& pool, const access::Reader& changed, int revision, const ledger::Act& act, UtcTime now);
[[nodiscard]] Result<bool> change_category(
    Pool& pool,
    const access::PersonCategory& changed,
    int revision,
    const ledger::Act& act,
    UtcTime now
);

}  // namespace sluice::catalogue
