#include "tests/support/load_catalogue/load.hpp"

#include "config/base/files.hpp"
#include "config/base/unique_fd.hpp"
#include "storage/catalogue/migrate.hpp"
#include "storage/catalogue/recorder_repository.hpp"
#include "storage/mp4/read.hpp"
#include "storage/volume/volume.hpp"

#include <cerrno>
#include <chrono>
#include <cstdio>

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>
#include <pqxx/pqxx>

namespace sluice::load {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

/// What every row says, because every name is the same file.
struct Facts {
    mp4::VideoFormat format;
    Bytes index;
    mp4::IndexSums sums;
    std::uint64_t bytes = 0;
    Sha256Digest sha256{};
};

mp4::SegmentIndex made_up_index() {
    mp4::SegmentIndex index;
    std::uint64_t offset = 1200;
    for (std::uint32_t i = 0; i < 1500; ++i) {
        if (i % 25 == 0) {
            index.fragments.push_back(
                {.offset = offset,
                 .data_offset = offset + 400,
                 .base_decode_time = i * 3600ULL,
                 .wall = UtcTime{i * 40ms},
                 .first_sample = i,
                 .sample_count = 25}
            );
            offset += 400;
        }
        const std::uint32_t size = i % 50 == 0 ? 90'000 : 12'000 + i * 7919 % 9000;
        index.samples.push_back(
            {.size_bytes = size, .duration = 3600, .composition_offset = 0, .is_key = i % 50 == 0}
        );
        offset += size;
    }
    index.end_bytes = offset;
    return index;
}

Result<Facts> facts_of_file(const fs::path& path) {
    const UniqueFd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    if (!file.is_open()) return errno_error(Remedy::operator_acts, "cannot open " + path.string());
    auto segment = mp4::read_segment(file.get(), UINT64_MAX);
    if (!segment) return std::unexpected(segment.error());
    const auto content = read_text_file(path, 1ULL << 30U);
    if (!content) return std::unexpected(content.error());
    return Facts{
        .format = segment->format,
        .index = mp4::encode_index(segment->index),
        .sums = mp4::sum_up(segment->index),
        .bytes = content->size(),
        .sha256 = sha256(as_bytes(*content))
    };
}

Result<Facts> facts_of(const Options& options) {
    if (!options.link_file.empty()) return facts_of_file(options.link_file);
    Facts facts{
        .format =
            {.codec = Codec::h264,
             .width = 1920,
             .height = 1080,
             .decoder_config = {1, 0x64, 0, 0x28, 0xff, 0xe0, 0},
             .codec_string = "avc1.640028"},
        .index = {},
        .sums = {},
        .bytes = 0
    };
    mp4::SegmentIndex index = made_up_index();
    if (!options.index.empty()) {
        const auto blob = read_text_file(options.index, 1ULL << 24U);
        if (!blob) return std::unexpected(blob.error());
        auto decoded = mp4::decode_index(as_bytes(*blob));
        if (!decoded) return std::unexpected(decoded.error());
        index = std::move(*decoded);
    }
    facts.index = mp4::encode_index(index);
    facts.sums = mp4::sum_up(index);
    facts.bytes = index.end_bytes;
    return facts;
}

/// Hard links, and a new copy whenever the file system allows no more names for one.
class Linker {
public:
    Linker(fs::path source, fs::path root) : source_(std::move(source)), root_(std::move(root)) {}

    Status link(const fs::path& relative) {
        const fs::path name = root_ / relative;
        if (name.parent_path() != folder_) {
            folder_ = name.parent_path();
            std::error_code code;
            fs::create_directories(folder_, code);
            if (code)
                return std::unexpected(Error{Remedy::operator_acts, code, "cannot make " + folder_.string()});
        }
        if (!copy_.empty() && ::link(copy_.c_str(), name.c_str()) == 0) return {};
        if (!copy_.empty() && errno != EMLINK)
            return errno_error(Remedy::operator_acts, "cannot link " + name.string());
        std::error_code code;
        fs::copy_file(source_, name, code);
        if (code)
            return std::unexpected(Error{Remedy::operator_acts, code, "cannot copy to " + name.string()});
        copy_ = name;
        return {};
    }

private:
    fs::path source_;
    fs::path root_;
    fs::path copy_;
    fs::path folder_;
};

struct Place {
    Uuid installation;
    catalogue::VolumeRow volume;
};

Result<Place> place_of(const Options& options, UtcTime now) {
    if (options.volume.empty()) {
        const Uuid installation = make_uuid_v7(now);
        return Place{installation, {make_uuid_v7(now), installation, "/nonexistent/load"}};
    }
    const auto identity = volume::read_identity(options.volume);
    if (!identity) return std::unexpected(identity.error());
    if (!*identity)
        return failure(
            Remedy::operator_acts, options.volume.string() + " has no identity (sluice volume add)"
        );
    const fs::path path = fs::absolute(options.volume).lexically_normal();
    return Place{(*identity)->installation_id, {(*identity)->volume_id, (*identity)->installation_id, path}};
}

catalogue::Inventory inventory_of(const Options& options, const Place& place, UtcTime now) {
    catalogue::Inventory inventory;
    inventory.volumes = {place.volume};
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

constexpr const char* kRuns = R"(
    INSERT INTO runs (id, stream_id, from_at, to_at, footage_to, end_cause, clock_synchronised, measured_fps, media_rate)
    SELECT gen_random_uuid(), id, from_us($2::bigint), from_us($2::bigint) + interval '86395 seconds',
           from_us($2::bigint) + interval '86395 seconds', 'camera_unreachable', true, 25, 1
    FROM unnest($1::uuid[]) AS id)";

constexpr const char* kGaps = R"(
    INSERT INTO gaps (id, stream_id, from_at, to_at, cause)
    SELECT gen_random_uuid(), id, from_us($2::bigint) + interval '86395 seconds', from_us($2::bigint) + interval '86400 seconds', 'camera_unreachable'
    FROM unnest($1::uuid[]) AS id)";

// Ids as the recorder makes them: the millisecond of the start, version 7, the rest at random.
constexpr const char* kSegments = R"(
    INSERT INTO segments (id, stream_id, run_id, volume_id, format_id, sequence, from_at, to_at, bytes, state, path, sha256,
        samples, key_samples, fragments, duration_runs, composition_runs, sample_bytes, ticks, has_composition)
    SELECT id, stream_id, run_id, $3::uuid, $4::uuid, minute, from_at, least(from_at + interval '1 minute', ends), $5::bigint, 'finished',
        'live/' || to_char(from_at AT TIME ZONE 'UTC', 'YYYY-MM-DD') || '/' || slug || '/main/' ||
            to_char(from_at AT TIME ZONE 'UTC', 'YYYYMMDD"T"HH24MISS"Z"') || '_' || id || '.mp4',
        $6::bytea, $7, $8, $9, $10, $11, $12::bigint, $13::bigint, $14::bool
    FROM (
        SELECT r.stream_id, r.id AS run_id, c.slug, minute, r.from_at + minute * interval '1 minute' AS from_at, r.to_at AS ends,
            (substr(h, 1, 8) || '-' || substr(h, 9, 4) || '-7' || substr(x, 1, 3) || '-8' || substr(x, 4, 3) || '-' || substr(x, 7, 12))::uuid AS id
        FROM generate_series(0, 1439) AS minute, runs r JOIN streams s ON s.id = r.stream_id JOIN cameras c ON c.id = s.camera_id,
             LATERAL (SELECT lpad(to_hex(($2::bigint + minute * 60000000::bigint) / 1000), 12, '0') AS h,
                             md5(minute::text || s.id || random()) AS x) AS parts
        WHERE r.stream_id = ANY($1::uuid[]) AND r.from_at = from_us($2::bigint)
    ) AS minutes ORDER BY from_at, stream_id)";

constexpr const char* kIndexes = R"(
    INSERT INTO segment_index (segment_id, from_at, data)
    SELECT id, from_at, $3::bytea FROM segments
    WHERE stream_id = ANY($1::uuid[]) AND from_at >= from_us($2::bigint) AND from_at < from_us($2::bigint) + interval '1 day')";

constexpr const char* kPaths = R"(
    SELECT path FROM segments
    WHERE stream_id = ANY($1::uuid[]) AND from_at >= from_us($2::bigint) AND from_at < from_us($2::bigint) + interval '1 day'
    ORDER BY path)";

Status load_day(
    pqxx::connection& connection,
    const std::string& streams,
    const Place& place,
    const Facts& facts,
    UtcTime day,
    Linker* linker
) {
    const std::int64_t us = to_epoch_us(day);
    pqxx::work transaction{connection};
    transaction.exec_params(
        "SELECT make_partitions((from_us($1) AT TIME ZONE 'UTC')::date, (from_us($1) AT TIME ZONE "
        "'UTC')::date)",
        us
    );
    transaction.exec_params(kRuns, streams, us);
    transaction.exec_params(kGaps, streams, us);
    transaction.exec_params(
        kSegments,
        streams,
        us,
        to_string(place.volume.id),
        to_string(catalogue::format_id(facts.format)),
        facts.bytes,
        "\\x" + to_hex(facts.sha256),
        facts.sums.samples,
        facts.sums.key_samples,
        facts.sums.fragments,
        facts.sums.duration_runs,
        facts.sums.composition_runs,
        facts.sums.sample_bytes,
        facts.sums.ticks,
        facts.sums.has_composition
    );
    transaction.exec_params(kIndexes, streams, us, "\\x" + to_hex(facts.index));
    if (linker != nullptr)
        for (const auto& row : transaction.exec_params(kPaths, streams, us))
            if (const Status linked = linker->link(row[0].as<std::string>()); !linked) return linked;
    transaction.commit();
    return {};
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
    const auto facts = facts_of(options);
    if (!facts) return std::unexpected(facts.error());
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
    save_format(connection, facts->format);
    std::optional<Linker> linker;
    if (!options.link_file.empty()) linker.emplace(options.link_file, options.volume);
    const auto begin = std::chrono::steady_clock::now();
    for (int i = options.days; i >= 1; --i) {
        const UtcTime day = options.end - i * 24h;
        if (Status loaded = load_day(connection, streams, *place, *facts, day, linker ? &*linker : nullptr);
            !loaded)
            return loaded;
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
        "{} segments, {} bytes of index each, database {}\n",
        rows[0][0].c_str(),
        facts->index.size(),
        rows[0][1].c_str()
    );
    return {};
}

}  // namespace sluice::load
