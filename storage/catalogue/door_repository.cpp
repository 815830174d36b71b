#include "storage/catalogue/door_repository.hpp"

#include "storage/catalogue/detail/acts.hpp"
#include "storage/catalogue/detail/load.hpp"
#include "storage/catalogue/detail/values.hpp"

#include <utility>

namespace sluice::catalogue {
namespace {

using detail::clean_text;
using detail::load;
using detail::run;

// Every statement that lists is the one that finds, too: a null parameter leaves its condition out.
constexpr const char* kControllers = R"(
    SELECT c.id, c.slug, c.name, c.make, c.kind, c.state, coalesce(c.source, ''), c.account_id::text, c.heartbeat_seconds, c.clock,
           c.clock_tolerance_seconds, coalesce(p.name, ''), to_us(c.created_at), to_us(c.changed_at), c.revision,
           to_us(c.activated_at)
    FROM controllers c LEFT JOIN principals p ON p.id = c.account_id
    WHERE ($1::text IS NULL OR c.slug = $1) AND ($2::text IS NULL OR c.source = $2) AND c.slug > $3 ORDER BY c.slug LIMIT $4::bigint)";
constexpr const char* kDoors = R"(
    SELECT d.id, d.slug, d.name, d.kind, d.leaves, d.fail_mode, d.boundary, d.state, d.is_main, d.is_rear, d.held_open_seconds,
           d.controller_id::text, d.labels,
           ARRAY(SELECT a.slug FROM door_cameras s JOIN cameras a ON a.id = s.camera_id WHERE s.door_id = d.id ORDER BY a.slug),
           coalesce(c.slug, ''), to_us(d.created_at), to_us(d.changed_at), d.revision, to_us(d.activated_at)
    FROM doors d LEFT JOIN controllers c ON c.id = d.controller_id
    WHERE ($1::text IS NULL OR d.slug = $1) AND d.slug > $2 ORDER BY d.slug LIMIT $3::bigint)";
constexpr const char* kReaders = R"(
    SELECT r.id, r.slug, r.name, r.door_id, r.side, r.state, r.labels, d.slug, to_us(r.created_at), to_us(r.changed_at), r.revision
    FROM readers r JOIN doors d ON d.id = r.door_id
    WHERE ($1::text IS NULL OR r.slug = $1) AND ($2::text IS NULL OR d.slug = $2) AND r.slug > $3 ORDER BY r.slug LIMIT $4::bigint)";

constexpr const char* kCategories = R"(
    SELECT id, slug, name, state, to_us(created_at), to_us(changed_at), revision FROM person_categories
    WHERE ($1::text IS NULL OR slug = $1) AND slug > $2 ORDER BY slug LIMIT $3::bigint)";

constexpr const char* kHasCategory = "SELECT FROM person_categories WHERE id = $1::uuid";
constexpr const char* kHasController = "SELECT FROM controllers WHERE id = $1::uuid";
constexpr const char* kHasDoor = "SELECT FROM doors WHERE id = $1::uuid";
constexpr const char* kHasReader = "SELECT FROM readers WHERE id = $1::uuid";

constexpr const char* kMakeController = R"(
    INSERT INTO controllers (id, slug, name, make, kind, state, source, account_id, heartbeat_seconds, clock, clock_tolerance_seconds,
        created_at, changed_at)
    VALUES ($1::uuid, $2, $3, $4, $5, $6, nullif($7, ''), $8::uuid, $9::int, $10, $11::int, from_us($12::bigint), from_us($12::bigint))
    ON CONFLICT DO NOTHING)";
constexpr const char* kMakeDoor = R"(
    INSERT INTO doors (id, slug, name, kind, leaves, fail_mode, boundary, state, is_main, is_rear, held_open_seconds, controller_id,
        labels, created_at, changed_at)
    VALUES ($1::uuid, $2, $3, $4, $5::int, $6, $7, $8, $9::boolean, $10::boolean, $11::int, $12::uuid, $13::text[],
        from_us($14::bigint), from_us($14::bigint))
    ON CONFLICT DO NOTHING)";
constexpr const char* kMakeReader = R"(
    INSERT INTO readers (id, slug, name, door_id, side, state, labels, created_at, changed_at)
    VALUES ($1::uuid, $2, $3, $4::uuid, $5, $6, $7::text[], from_us($8::bigint), from_us($8::bigint))
    ON CONFLICT DO NOTHING)";

constexpr const char* kMakeCategory = R"(
    INSERT INTO person_categories (id, slug, name, state, created_at, changed_at)
    VALUES ($1::uuid, $2, $3, $4, from_us($5::bigint), from_us($5::bigint)) ON CONFLICT DO NOTHING)";
constexpr const char* kChangeCategory = R"(
    UPDATE person_categories SET name = $3, state = $4, changed_at = from_us($5::bigint), revision = revision + 1
    WHERE id = $1::uuid AND revision = $2::int)";
constexpr const char* kChangeController = R"(
    UPDATE controllers SET name = $3, make = $4, kind = $5, state = $6, source = nullif($7, ''), account_id = $8::uuid,
        heartbeat_seconds = $9::int, clock = $10, clock_tolerance_seconds = $11::int, changed_at = from_us($12::bigint),
        revision = revision + 1
    WHERE id = $1::uuid AND revision = $2::int)";
constexpr const char* kChangeDoor = R"(
    UPDATE doors SET name = $3, kind = $4, leaves = $5::int, fail_mode = $6, boundary = $7, state = $8, is_main = $9::boolean,
        is_rear = $10::boolean, held_open_seconds = $11::int, controller_id = $12::uuid, labels = $13::text[],
        changed_at = from_us($14::bigint), revision = revision + 1
    WHERE id = $1::uuid AND revision = $2::int)";
constexpr const char* kChangeReader = R"(
    UPDATE readers SET name = $3, door_id = $4::uuid, side = $5, state = $6, labels = $7::text[], changed_at = from_us($8::bigint),
        revision = revision + 1
    WHERE id = $1::uuid AND revision = $2::int)";

// A camera that was replaced keeps its slug; the one in use is meant.
constexpr const char* kSetCameras = R"(
    SELECT set_door_cameras($1::uuid, ARRAY(SELECT id FROM cameras WHERE slug = ANY ($2::text[]) AND retired_at IS NULL)))";

template <class Word>
Word known(const std::optional<Word>& word) {
    if (!word) throw pqxx::conversion_error{"a word of the inventory"};
    return *word;
}

std::optional<Uuid> to_optional_uuid(const pqxx::field& field) {
    if (field.is_null()) return std::nullopt;
    return detail::to_uuid(field);
}

std::optional<std::string> or_null(const std::optional<Uuid>& id) {
    return id ? std::optional{to_string(*id)} : std::nullopt;
}

std::optional<std::string> or_null(const std::string& text) {
    return text.empty() ? std::nullopt : std::optional{text};
}

std::string to_array(const std::vector<std::string>& words) {
    detail::ArrayLiteral array;
    for (const std::string& word : words)
        array.add(std::string_view{word});
    return array.str();
}

Edited to_edited(const pqxx::row& row, pqxx::row::size_type first) {
    return {
        .created = detail::to_time(row[first]),
        .changed = detail::to_time(row[first + 1]),
        .revision = row[first + 2].as<int>(),
    };
}

ControllerRow to_controller(const pqxx::row& row) {
    access::Controller controller{
        .id = detail::to_uuid(row[0]),
        .slug = row[1].as<std::string>(),
        .name = row[2].as<std::string>(),
        .make = row[3].as<std::string>(),
        .kind = known(access::controller_kind_from(row[4].as<std::string>())),
        .state = known(access::inventory_state_from(row[5].as<std::string>())),
        .source = row[6].as<std::string>(),
        .account_id = to_optional_uuid(row[7]),
        .heartbeat = std::nullopt,
        .clock = known(access::controller_clock_from(row[9].as<std::string>())),
        .clock_tolerance = std::chrono::seconds{row[10].as<int>()},
    };
    if (!row[8].is_null()) controller.heartbeat = std::chrono::seconds{row[8].as<int>()};
    return {
        .controller = std::move(controller),
        .account = row[11].as<std::string>(),
        .edited = to_edited(row, 12),
        .active_since = detail::to_optional_time(row[15]),
    };
}

DoorRow to_door(const pqxx::row& row) {
    access::Door door{
        .id = detail::to_uuid(row[0]),
        .slug = row[1].as<std::string>(),
        .name = row[2].as<std::string>(),
        .kind = known(access::door_kind_from(row[3].as<std::string>())),
        .leaves = row[4].as<int>(),
        .fail_mode = known(access::fail_mode_from(row[5].as<std::string>())),
        .boundary = known(access::boundary_from(row[6].as<std::string>())),
        .state = known(access::inventory_state_from(row[7].as<std::string>())),
        .is_main = row[8].as<bool>(),
        .is_rear = row[9].as<bool>(),
        .held_open = std::chrono::seconds{row[10].as<int>()},
        .controller_id = to_optional_uuid(row[11]),
        .labels = detail::to_texts(row[12]),
        .camera_slugs = detail::to_texts(row[13]),
    };
    return {
        .door = std::move(door),
        .controller_slug = row[14].as<std::string>(),
        .edited = to_edited(row, 15),
        .active_since = detail::to_optional_time(row[18]),
    };
}

ReaderRow to_reader(const pqxx::row& row) {
    access::Reader reader{
        .id = detail::to_uuid(row[0]),
        .slug = row[1].as<std::string>(),
        .name = row[2].as<std::string>(),
        .door_id = detail::to_uuid(row[3]),
        .side = known(access::reader_side_from(row[4].as<std::string>())),
        .state = known(access::inventory_state_from(row[5].as<std::string>())),
        .labels = detail::to_texts(row[6]),
    };
    return {.reader = std::move(reader), .door_slug = row[7].as<std::string>(), .edited = to_edited(row, 8)};
}

CategoryRow to_category(const pqxx::row& row) {
    return {
        .category =
            {.id = detail::to_uuid(row[0]),
             .slug = row[1].as<std::string>(),
             .name = row[2].as<std::string>(),
             .state = known(access::inventory_state_from(row[3].as<std::string>()))},
        .edited = to_edited(row, 4),
    };
}

std::optional<int> seconds_or_null(const std::optional<std::chrono::seconds>& time) {
    return time ? std::optional{static_cast<int>(time->count())} : std::nullopt;
}

/// `insert` says whether it wrote a row; where not, `has` finds out which row was in its way.
Result<Creation> create(
    Pool& pool,
    const ledger::Act& act,
    UtcTime now,
    const char* has,
    const Uuid& id,
    const std::function<bool(pqxx::transaction_base&)>& insert
) {
    Creation creation = Creation::made;
    const auto done = detail::carry_out(pool, act, now, [&](pqxx::transaction_base& transaction) {
        if (insert(transaction)) return true;
        creation = run(transaction, has, to_string(id)).empty() ? Creation::name_taken : Creation::is_there;
        return false;
    });
    if (!done) return std::unexpected(done.error());
    return creation;
}

}  // namespace

Result<Creation>
create_controller(Pool& pool, const access::Controller& made, const ledger::Act& act, UtcTime now) {
    return create(pool, act, now, kHasController, made.id, [&](pqxx::transaction_base& transaction) {
        const auto rows =
            run(transaction,
                kMakeController,
                to_string(made.id),
                made.slug,
                clean_text(made.name),
                clean_text(made.make),
                std::string{to_string(made.kind)},
                std::string{to_string(made.state)},
                clean_text(made.source),
                or_null(made.account_id),
                seconds_or_null(made.heartbeat),
                std::string{to_string(made.clock)},
                made.clock_tolerance.count(),
                to_epoch_us(now));
        return rows.affected_rows() == 1;
    });
}

Result<Creation> create_door(Pool& pool, const access::Door& made, const ledger::Act& act, UtcTime now) {
    return create(pool, act, now, kHasDoor, made.id, [&](pqxx::transaction_base& transaction) {
        const auto rows =
            run(transaction,
                kMakeDoor,
                to_string(made.id),
                made.slug,
                clean_text(made.name),
                std::string{to_string(made.kind)},
                made.leaves,
                std::string{to_string(made.fail_mode)},
                std::string{to_string(made.boundary)},
                std::string{to_string(made.state)},
                made.is_main,
                made.is_rear,
                made.held_open.count(),
                or_null(made.controller_id),
                to_array(made.labels),
                to_epoch_us(now));
        if (rows.affected_rows() != 1) return false;
        run(transaction, kSetCameras, to_string(made.id), to_array(made.camera_slugs));
        return true;
    });
}

Result<Creation> create_reader(Pool& pool, const access::Reader& made, const ledger::Act& act, UtcTime now) {
    return create(pool, act, now, kHasReader, made.id, [&](pqxx::transaction_base& transaction) {
        const auto rows =
            run(transaction,
                kMakeReader,
                to_string(made.id),
                made.slug,
                clean_text(made.name),
                to_string(made.door_id),
                std::string{to_string(made.side)},
                std::string{to_string(made.state)},
                to_array(made.labels),
                to_epoch_us(now));
        return rows.affected_rows() == 1;
    });
}

Result<std::optional<ControllerRow>> find_controller(Pool& pool, const std::string& slug) {
    return detail::first_of(load(pool, to_controller, kControllers, slug, std::optional<std::string>{}, "", 1)
    );
}

Result<std::optional<ControllerRow>> find_controller_of_source(Pool& pool, const std::string& source) {
    return detail::first_of(
        load(pool, to_controller, kControllers, std::optional<std::string>{}, source, "", 1)
    );
}

Result<std::optional<DoorRow>> find_door(Pool& pool, const std::string& slug) {
    return detail::first_of(load(pool, to_door, kDoors, slug, "", 1));
}

Result<std::optional<ReaderRow>> find_reader(Pool& pool, const std::string& slug) {
    return detail::first_of(load(pool, to_reader, kReaders, slug, std::optional<std::string>{}, "", 1));
}

Result<std::vector<ControllerRow>> load_controllers(Pool& pool, const SlugPage& page) {
    const std::optional<std::string> any;
    return load(pool, to_controller, kControllers, any, any, page.after, page.limit);
}

Result<std::vector<DoorRow>> load_doors(Pool& pool, const SlugPage& page) {
    return load(pool, to_door, kDoors, std::optional<std::string>{}, page.after, page.limit);
}

Result<std::vector<ReaderRow>> load_readers(Pool& pool, const SlugPage& page, const std::string& door) {
    return load(
        pool, to_reader, kReaders, std::optional<std::string>{}, or_null(door), page.after, page.limit
    );
}

Result<bool> change_controller(
    Pool& pool,
    const access::Controller& changed,
    int revision,
    const ledger::Act& act,
    UtcTime now
) {
    return detail::carry_out(pool, act, now, [&](pqxx::transaction_base& transaction) {
        const auto rows =
            run(transaction,
                kChangeController,
                to_string(changed.id),
                revision,
                clean_text(changed.name),
                clean_text(changed.make),
                std::string{to_string(changed.kind)},
                std::string{to_string(changed.state)},
                clean_text(changed.source),
                or_null(changed.account_id),
                seconds_or_null(changed.heartbeat),
                std::string{to_string(changed.clock)},
                changed.clock_tolerance.count(),
                to_epoch_us(now));
        return rows.affected_rows() == 1;
    });
}

Result<bool>
change_door(Pool& pool, const access::Door& changed, int revision, const ledger::Act& act, UtcTime now) {
    return detail::carry_out(pool, act, now, [&](pqxx::transaction_base& transaction) {
        const auto rows =
            run(transaction,
                kChangeDoor,
                to_string(changed.id),
                revision,
                clean_text(changed.name),
                std::string{to_string(changed.kind)},
                changed.leaves,
                std::string{to_string(changed.fail_mode)},
                std::string{to_string(changed.boundary)},
                std::string{to_string(changed.state)},
                changed.is_main,
                changed.is_rear,
                changed.held_open.count(),
                or_null(changed.controller_id),
                to_array(changed.labels),
                to_epoch_us(now));
        if (rows.affected_rows() != 1) return false;
        run(transaction, kSetCameras, to_string(changed.id), to_array(changed.camera_slugs));
        return true;
    });
}

Result<bool>
change_reader(Pool& pool, const access::Reader& changed, int revision, const ledger::Act& act, UtcTime now) {
    return detail::carry_out(pool, act, now, [&](pqxx::transaction_base& transaction) {
        const auto rows =
            run(transaction,
                kChangeReader,
                to_string(changed.id),
                revision,
                clean_text(changed.name),
                to_string(changed.door_id),
                std::string{to_string(changed.side)},
                std::string{to_string(changed.state)},
                to_array(changed.labels),
                to_epoch_us(now));
        return rows.affected_rows() == 1;
    });
}

Result<Creation>
create_category(Pool& pool, const access::PersonCategory& made, const ledger::Act& act, UtcTime now) {
    return create(pool, act, now, kHasCategory, made.id, [&](pqxx::transaction_base& transaction) {
        const auto rows =
            run(transaction,
                kMakeCategory,
                to_string(made.id),
                made.slug,
                clean_text(made.name),
                std::string{to_string(made.state)},
                to_epoch_us(now));
        return rows.affected_rows() == 1;
    });
}

Result<std::optional<CategoryRow>> find_category(Pool& pool, const std::string& slug) {
    return detail::first_of(load(pool, to_category, kCategories, slug, "", 1));
}

Result<std::vector<CategoryRow>> load_categories(Pool& pool, const SlugPage& page) {
    return load(pool, to_category, kCategories, std::optional<std::string>{}, page.after, page.limit);
}

Result<bool> change_category(
    Pool& pool,
    const access::PersonCategory& changed,
    int revision,
    const ledger::Act& act,
    UtcTime now
) {
    return detail::carry_out(pool, act, now, [&](pqxx::transaction_base& transaction) {
        const auto rows =
            run(transaction,
                kChangeCategory,
                to_string(changed.id),
                revision,
                clean_text(changed.name),
                std::string{to_string(changed.state)},
                to_epoch_us(now));
        return rows.affected_rows() == 1;
    });
}

}  // namespace sluice::catalogue
