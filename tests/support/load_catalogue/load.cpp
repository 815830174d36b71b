#include "tests/support/load_catalogue/load.hpp"

#include "storage/catalogue/detail/values.hpp"
#include "storage/catalogue/migrate.hpp"
#include "storage/catalogue/recorder_repository.hpp"
#include "storage/volume/volume.hpp"
#include "tests/support/load_catalogue/linker.hpp"
#include "tests/support/load_catalogue/recording.hpp"

#include <chrono>
#include <cstdio>
#include <optional>

#include <fmt/format.h>
#include <pqxx/pqxx>

namespace sluice::load {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

/// The cameras belong to an installation of their own, so that no recorder that starts later retires what its
/// configuration does not name.
struct Place {
    Uuid installation;
    catalogue::VolumeRow volume;
};

Result<Place> place_of(const Options& options, UtcTime now) {
    const Uuid installation = make_uuid_v7(now);
    if (options.volume.empty()) {
        return Place{installation, {make_uuid_v7(now), installation, "/nonexistent/load"}};
    }
    const auto identity = volume::read_identity(options.volume);
    if (!identity) return std::unexpected(identity.error());
    if (!*identity)
        return failure(
            Remedy::operator_acts, options.volume.string() + " has no identity (sluice volume add)"
        );
    const fs::path path = fs::absolute(options.volume).lexically_normal();
    return Place{installation, {(*identity)->volume_id, (*identity)->installation_id, path}};
}

catalogue::Inventory inventory_of(const Options& options, const Place& place, UtcTime now) {
    catalogue::Inventory inventory;
    inventory.recorders = {{make_uuid_v7(now), place.installation, "load", "load", "none"}};
    for (int i = 1; i <= options.cameras; ++i) {
        catalogue::CameraRow camera;
        camera.id = make_uuid_v7(now);
        camera.recorder_id = inventory.recorders[0].id;
        camera.slug = fmt::format("load-{:02}", i);
        camera.name = fmt::format("測試 {}", i);
        inventory.streams.push_back({make_uuid_v7(now), camera.id, StreamKind::main});
        inventory.cameras.push_back(std::move(camera));
    }
    return inventory;
}

// A saved inventory with this volume in it would retire its recorder's own cameras.
constexpr const char* kVolume =
    "INSERT INTO volumes (id, installation_id, path) VALUES ($1::uuid, $2::uuid, $3) ON CONFLICT DO NOTHING";

// $3: how much of the day is covered.
constexpr const char* kRuns = R"(
    INSERT INTO runs (id, stream_id, from_at, to_at, footage_to, end_cause, clock_synchronised, measured_fps, media_rate)
    SELECT gen_random_uuid(), id, from_us($2::bigint), from_us($2::bigint + $3::bigint), from_us($2::bigint + $3::bigint),
           'camera_unreachable', true, 25, 1
    FROM unnest($1::uuid[]) AS id)";

constexpr const char* kGaps = R"(
    INSERT INTO gaps (id, stream_id, from_at, to_at, cause)
    SELECT gen_random_uuid(), id, from_us($2::bigint + $3::bigint), from_us($2::bigint) + interval '1 day', 'camera_unreachable'
    FROM unnest($1::uuid[]) AS id)";

// Ids as the recorder makes them: the millisecond of the start, version 7, the rest at random. $15: how long
// a row lasts, $16: how many there are.
constexpr const char* kSegments = R"(
    INSERT INTO segments (id, stream_id, run_id, volume_id, format_id, sequence, from_at, to_at, bytes, state, path, sha256,
        samples, key_samples, fragments, duration_runs, composition_runs, sample_bytes, ticks, has_composition)
    SELECT id, stream_id, run_id, $3::uuid, $4::uuid, number, from_us(us), from_us(us + $15::bigint), $5::bigint, 'finished',
        'live/' || to_char(from_us(us) AT TIME ZONE 'UTC', 'YYYY-MM-DD') || '/' || slug || '/main/' ||
            to_char(from_us(us) AT TIME ZONE 'UTC', 'YYYYMMDD"T"HH24MISS"Z"') || '_' || id || '.mp4',
        $6::bytea, $7, $8, $9, $10, $11, $12::bigint, $13::bigint, $14::bool
    FROM (
        SELECT r.stream_id, r.id AS run_id, c.slug, number, us,
            (substr(h, 1, 8) || '-' || substr(h, 9, 4) || '-7' || substr(x, 1, 3) || '-8' || substr(x, 4, 3) || '-' || substr(x, 7, 12))::uuid AS id
        FROM generate_series(0, $16::int - 1) AS number, runs r JOIN streams s ON s.id = r.stream_id JOIN cameras c ON c.id = s.camera_id,
             LATERAL (SELECT $2::bigint + number * $15::bigint AS us) AS begin,
             LATERAL (SELECT lpad(to_hex(us / 1000), 12, '0') AS h, md5(number::text || s.id || random()) AS x) AS parts
        WHERE r.stream_id = ANY($1::uuid[]) AND r.from_at = from_us($2::bigint)
    ) AS rows ORDER BY us, stream_id)";

// All cameras have the same indexes, so each comes over the wire once: $3 are starts, $4 indexes.
constexpr const char* kIndexes = R"(
    INSERT INTO segment_index (segment_id, from_at, data)
    SELECT s.id, s.from_at, n.data
    FROM unnest($3::bigint[], $4::bytea[]) AS n (us, data) JOIN segments s ON s.from_at = from_us(n.us)
    WHERE s.stream_id = ANY($1::uuid[]) AND s.from_at >= from_us($2::bigint) AND s.from_at < from_us($2::bigint) + interval '1 day')";

constexpr const char* kPaths = R"(
    SELECT path FROM segments
    WHERE stream_id = ANY($1::uuid[]) AND from_at >= from_us($2::bigint) AND from_at < from_us($2::bigint) + interval '1 day'
    ORDER BY path)";

void load_indexes(
    pqxx::work& transaction,
    const std::string& streams,
    const Recording& recording,
    UtcTime day
) {
    catalogue::detail::ArrayLiteral starts;
    catalogue::detail::ArrayLiteral indexes;
    for (int i = 0; i < recording.rows_a_day(); ++i) {
        const UtcTime from = day + i * recording.length();
        const auto decode_time = static_cast<std::uint64_t>(i) * recording.ticks();
        starts.add(from);
        const Bytes encoded = mp4::encode_index(move_in_time(recording.index, from, decode_time));
        indexes.add(ByteView{encoded});
    }
    transaction.exec_params(kIndexes, streams, to_epoch_us(day), starts.str(), indexes.str());
}

Status load_day(
    pqxx::connection& connection,
    const std::string& streams,
    const Place& place,
    const Recording& recording,
    UtcTime day,
    bool has_index,
    Linker* linker
) {
    const std::int64_t us = to_epoch_us(day);
    const std::int64_t row_us = Microseconds{recording.length()}.count();
    const std::int64_t covered_us = row_us * recording.rows_a_day();
    pqxx::work transaction{connection};
    transaction.exec_params(
        "SELECT make_partitions((from_us($1) AT TIME ZONE 'UTC')::date, (from_us($1) AT TIME ZONE "
        "'UTC')::date)",
        us
    );
    transaction.exec_params(kRuns, streams, us, covered_us);
    transaction.exec_params(kGaps, streams, us, covered_us);
    transaction.exec_params(
        kSegments,
        streams,
        us,
        to_string(place.volume.id),
        to_string(catalogue::format_id(recording.format)),
        recording.bytes,
        "\\x" + to_hex(recording.sha256),
        recording.sums.samples,
        recording.sums.key_samples,
        recording.sums.fragments,
        recording.sums.duration_runs,
        recording.sums.composition_runs,
        recording.sums.sample_bytes,
        recording.sums.ticks,
        recording.sums.has_composition,
        row_us,
        recording.rows_a_day()
    );
    if (has_index) load_indexes(transaction, streams, recording, day);
    if (linker != nullptr)
        for (const auto& row : transaction.exec_params(kPaths, streams, us))
            if (const Status linked = linker->link(row[0].as<std::string>()); !linked) return linked;
    transaction.commit();
    return {};
}

void save_volume(pqxx::connection& connection, const catalogue::VolumeRow& volume) {
    pqxx::work transaction{connection};
    transaction.exec_params(
        kVolume, to_string(volume.id), to_string(volume.installation_id), volume.path.native()
    );
    transaction.commit();
}

// As the recorder does it: with the first row that uses it.
void save_format(pqxx::connection& connection, const mp4::VideoFormat& format) {
    pqxx::work transaction{connection};
    transaction.exec_params(
        "INSERT INTO formats (id, codec, width, height, decoder_config, codec_string) "
        "VALUES ($1::uuid, $2, $3, $4, $5::bytea, $6) ON CONFLICT DO NOTHING",
        to_string(catalogue::format_id(format)),
        std::string{to_string(format.codec)},
        format.width,
        format.height,
        "\\x" + to_hex(format.decoder_config),
        format.codec_string
    );
    transaction.commit();
}

}  // namespace

Status load(const Options& options, UtcTime now) {
    const auto recording = read_recording(options);
    if (!recording) return std::unexpected(recording.error());
    const auto place = place_of(options, now);
    if (!place) return std::unexpected(place.error());
    if (const auto migrated = catalogue::migrate(options.conninfo, false); !migrated)
        return std::unexpected(migrated.error());
    catalogue::Pool pool{options.conninfo, 1};
    const auto inventory = inventory_of(options, *place, now);
    if (Status saved = catalogue::save_inventory(pool, inventory, now); !saved) return saved;

    std::string streams = "{";
    for (const auto& stream : inventory.streams)
        streams += (streams.size() > 1 ? "," : "") + to_string(stream.id);
    streams += '}';
    pqxx::connection connection{options.conninfo};
    save_volume(connection, place->volume);
    save_format(connection, recording->format);
    std::optional<Linker> linker;
    if (!options.link_file.empty()) linker.emplace(options.link_file, options.volume);
    const auto begin = std::chrono::steady_clock::now();
    for (int i = options.days; i >= 1; --i) {
        const UtcTime day = options.end - i * 24h;
        Status loaded = load_day(
            connection, streams, *place, *recording, day, options.has_index, linker ? &*linker : nullptr
        );
        if (!loaded) return loaded;
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
        fmt::print(
            stderr,
            "{} loaded, {} of {} days, {:.1f} s\n",
            to_utc_day(day),
            options.days - i + 1,
            options.days,
            took.count()
        );
    }
    pqxx::nontransaction session{connection};
    session.exec("VACUUM (ANALYZE)");  // as autovacuum has done with days that are past
    const auto rows =
        session.exec("SELECT count(*), pg_size_pretty(pg_database_size(current_database())) FROM segments");
    fmt::print(
        "{} segments, about {} bytes of index each, database {}\n",
        rows[0][0].c_str(),
        options.has_index ? mp4::encode_index(recording->index).size() : 0,
        rows[0][1].c_str()
    );
    return {};
}

}  // namespace sluice::load
