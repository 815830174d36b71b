#include "storage/catalogue/detail/connection.hpp"
#include "storage/catalogue/detail/values.hpp"
#include "storage/catalogue/recorder_repository.hpp"

namespace sluice::catalogue {

namespace {

using detail::ArrayLiteral;

constexpr const char* kSaveVolumes = R"(
    INSERT INTO volumes AS v (id, installation_id, path)
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[])
    ON CONFLICT (id) DO UPDATE SET path = excluded.path WHERE v.path <> excluded.path)";

// Unchanged rows are not written again: every restart of the recorder comes through here.
constexpr const char* kSaveRecorders = R"(
    INSERT INTO recorders AS r (id, installation_id, slug, name, vendor)
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[])
    ON CONFLICT (id) DO UPDATE SET slug = excluded.slug, name = excluded.name, vendor = excluded.vendor, retired_at = NULL
    WHERE (r.slug, r.name, r.vendor) IS DISTINCT FROM (excluded.slug, excluded.name, excluded.vendor) OR r.retired_at IS NOT NULL)";

constexpr const char* kSaveChannels = R"(
    INSERT INTO channels (recorder_id, number)
    SELECT * FROM unnest($1::uuid[], $2::int[]) AS c (recorder_id, number) WHERE number > 0
    ON CONFLICT DO NOTHING)";

// Tags come as text of an array, because arrays of arrays must be rectangular.
constexpr const char* kSaveCameras = R"(
    INSERT INTO cameras AS c (id, installation_id, recorder_id, slug, name, channel, tags, zone, owner, is_enabled, retired_at)
    SELECT n.id, r.installation_id, n.recorder_id, n.slug, n.name, nullif(n.channel, 0), n.tags::text[], n.zone, n.owner,
           n.is_enabled, from_us(n.retired_us)
    FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::int[], $6::text[], $7::text[], $8::text[], $9::bool[], $10::bigint[])
         AS n (id, recorder_id, slug, name, channel, tags, zone, owner, is_enabled, retired_us)
    LEFT JOIN recorders r ON r.id = n.recorder_id
    ON CONFLICT (id) DO UPDATE SET recorder_id = excluded.recorder_id, slug = excluded.slug, name = excluded.name,
        channel = excluded.channel, tags = excluded.tags, zone = excluded.zone, owner = excluded.owner,
        is_enabled = excluded.is_enabled, retired_at = excluded.retired_at
    WHERE (c.recorder_id, c.slug, c.name, c.channel, c.tags, c.zone, c.owner, c.is_enabled, c.retired_at) IS DISTINCT FROM
          (excluded.recorder_id, excluded.slug, excluded.name, excluded.channel, excluded.tags, excluded.zone, excluded.owner,
           excluded.is_enabled, excluded.retired_at))";

constexpr const char* kSaveStreams = R"(
    INSERT INTO streams (id, camera_id, kind)
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[])
    ON CONFLICT (id) DO NOTHING)";

// Of the named installations only: other recorders share this database.
constexpr const char* kRetireCameras = R"(
    UPDATE cameras SET retired_at = from_us($3)
    WHERE installation_id = ANY($1::uuid[]) AND id <> ALL($2::uuid[]) AND retired_at IS NULL)";
constexpr const char* kRetireRecorders = R"(
    UPDATE recorders SET retired_at = from_us($3)
    WHERE installation_id = ANY($1::uuid[]) AND id <> ALL($2::uuid[]) AND retired_at IS NULL)";

void save_volumes(pqxx::work& transaction, const std::vector<VolumeRow>& volumes) {
    ArrayLiteral ids;
    ArrayLiteral installations;
    ArrayLiteral paths;
    for (const auto& volume : volumes) {
        ids.add(volume.id);
        installations.add(volume.installation_id);
        paths.add(std::string_view{volume.path.native()});
    }
    detail::run(transaction, kSaveVolumes, ids.str(), installations.str(), paths.str());
}

void save_recorders(pqxx::work& transaction, const std::vector<RecorderRow>& recorders) {
    ArrayLiteral ids;
    ArrayLiteral installations;
    ArrayLiteral slugs;
    ArrayLiteral names;
    ArrayLiteral vendors;
    for (const auto& recorder : recorders) {
        ids.add(recorder.id);
        installations.add(recorder.installation_id);
        slugs.add(std::string_view{recorder.slug});
        names.add(std::string_view{recorder.name});
        vendors.add(std::string_view{recorder.vendor});
    }
    detail::run(
        transaction, kSaveRecorders, ids.str(), installations.str(), slugs.str(), names.str(), vendors.str()
    );
}

void save_cameras(pqxx::work& transaction, const std::vector<CameraRow>& cameras) {
    ArrayLiteral ids;
    ArrayLiteral recorders;
    ArrayLiteral slugs;
    ArrayLiteral names;
    ArrayLiteral channels;
    ArrayLiteral tags;
    ArrayLiteral zones;
    ArrayLiteral owners;
    ArrayLiteral enabled;
    ArrayLiteral retired;
    for (const auto& camera : cameras) {
        ids.add(camera.id);
        recorders.add(camera.recorder_id);
        slugs.add(std::string_view{camera.slug});
        names.add(std::string_view{camera.name});
        channels.add(static_cast<std::uint64_t>(camera.channel));
        ArrayLiteral own_tags;
        for (const auto& tag : camera.tags)
            own_tags.add(std::string_view{tag});
        tags.add(std::string_view{own_tags.str()});
        zones.add(std::string_view{camera.zone});
        owners.add(std::string_view{camera.owner});
        enabled.add(camera.is_enabled);
        retired.add(camera.retired);
    }
    detail::run(transaction, kSaveChannels, recorders.str(), channels.str());
    detail::run(
        transaction,
        kSaveCameras,
        ids.str(),
        recorders.str(),
        slugs.str(),
        names.str(),
        channels.str(),
        tags.str(),
        zones.str(),
        owners.str(),
        enabled.str(),
        retired.str()
    );
}

void save_streams(pqxx::work& transaction, const std::vector<StreamRow>& streams) {
    ArrayLiteral ids;
    ArrayLiteral cameras;
    ArrayLiteral kinds;
    for (const auto& stream : streams) {
        ids.add(stream.id);
        cameras.add(stream.camera_id);
        kinds.add(to_string(stream.kind));
    }
    detail::run(transaction, kSaveStreams, ids.str(), cameras.str(), kinds.str());
}

void retire_others(pqxx::work& transaction, const Inventory& inventory, UtcTime now) {
    ArrayLiteral installations;
    for (const auto& volume : inventory.volumes)
        installations.add(volume.installation_id);
    ArrayLiteral recorders;
    for (const auto& recorder : inventory.recorders) {
        installations.add(recorder.installation_id);
        recorders.add(recorder.id);
    }
    ArrayLiteral cameras;
    for (const auto& camera : inventory.cameras)
        cameras.add(camera.id);
    detail::run(transaction, kRetireCameras, installations.str(), cameras.str(), to_epoch_us(now));
    detail::run(transaction, kRetireRecorders, installations.str(), recorders.str(), to_epoch_us(now));
}

}  // namespace

Status save_inventory(Pool& pool, const Inventory& inventory, UtcTime now) {
    return pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        save_volumes(transaction, inventory.volumes);
        save_recorders(transaction, inventory.recorders);
        save_cameras(transaction, inventory.cameras);
        save_streams(transaction, inventory.streams);
        retire_others(transaction, inventory, now);
        transaction.commit();
        return {};
    });
}

Status ensure_partitions(Pool& pool, UtcTime until) {
    return pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        detail::run(transaction, "SELECT ensure_partitions(from_us($1))", to_epoch_us(until));
        transaction.commit();
        return {};
    });
}

}  // namespace sluice::catalogue
