#include "storage/retention/certificate.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace sluice::retention {

using nlohmann::ordered_json;

namespace {

/// An object that says whose stream it is. Facts of either certificate.
template <class Facts>
ordered_json name_stream(const Uuid& stream_id, const Facts& facts) {
    ordered_json object;
    const auto stream = std::ranges::find(facts.streams, stream_id, &catalogue::StreamRow::id);
    if (stream == facts.streams.end()) return object;
    const auto camera = std::ranges::find(facts.cameras, stream->camera_id, &catalogue::CameraRow::id);
    if (camera != facts.cameras.end()) {
        object["camera"] = camera->slug;
        object["name"] = camera->name;
    }
    object["stream"] = to_string(stream->kind);
    return object;
}

ordered_json to_object(const catalogue::DestroyedRow& row, const CertificateFacts& facts) {
    ordered_json object = name_stream(row.stream_id, facts);
    object["from"] = to_rfc3339(row.range.from);
    object["to"] = to_rfc3339(row.range.to);
    object["rule"] = row.rule;
    return object;
}

}  // namespace

std::string make_certificate(const CertificateFacts& facts) {
    const catalogue::PurgeRunRow& run = facts.run;
    ordered_json footage = ordered_json::array();
    for (const catalogue::DestroyedRow& row : facts.stretches)
        footage.push_back(to_object(row, facts));
    ordered_json originals = ordered_json::array();
    for (const catalogue::DestroyedOriginal& original : facts.originals)
        originals.push_back(
            {{"clip", to_string(original.id)},
             {"camera", original.camera},
             {"name", original.name},
             {"bytes", original.bytes},
             {"sha256", to_hex(original.sha256)}}
        );
    ordered_json object{
        {"format", 1},
        {"certificate", to_string(run.id)},
        {"issued", to_rfc3339(facts.issued)},
        {"statement",
         "The copies of this footage held by Sluice are destroyed: their files were unlinked, the folders "
         "synced, and none of them was found afterwards. Copies on the recorder (XVR, NVR, camera) itself "
         "and "
         "copies given out are outside of it."},
        {"kind", to_string(run.kind)},
        {"by", run.principal},
        {"policy_version", run.policy_version},
        {"as_of", to_rfc3339(run.planned)},
        {"planned", {{"segments", run.planned_segments}, {"bytes", run.planned_bytes}}},
        {"destroyed", {{"segments", run.destroyed_segments}, {"bytes", run.destroyed_bytes}}},
        {"files_missing_before", run.missing_files},
        {"kept_by_hold", run.kept_segments},
        {"is_complete", run.error.empty()},
        {"error", run.error.empty() ? ordered_json(nullptr) : ordered_json(run.error)},
        {"tombstones_sha256", to_hex(facts.tombstones)},
        {"footage", footage},
    };
    if (!originals.empty()) object["originals"] = std::move(originals);
    return object.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

CopiesCertificate make_copies_certificate(const CopiesCertificateFacts& facts) {
    struct Stretch {
        TimeRange range;
        std::uint64_t copies = 0;
    };
    std::map<std::pair<Uuid, std::string>, Stretch> stretches;  // by stream and rule
    CopiesCertificate certificate;
    Sha256 digest;
    std::uint64_t verified = 0;
    for (const catalogue::HoldCopyRow& copy : facts.copies) {
        add_to_digest(
            digest,
            {.segment_id = copy.segment_id,
             .stream_id = copy.stream_id,
             .range = copy.range,
             .bytes = copy.bytes,
             .sha256 = copy.sha256,
             .rule = copy.rule,
             .volume_id = copy.volume_id,
             .path = copy.path}
        );
        certificate.bytes += copy.bytes;
        verified += copy.is_verified ? 1 : 0;
        Stretch& stretch =
            stretches.try_emplace({copy.stream_id, copy.rule}, Stretch{copy.range, 0}).first->second;
        stretch.range.from = std::min(stretch.range.from, copy.range.from);
        stretch.range.to = std::max(stretch.range.to, copy.range.to);
        ++stretch.copies;
    }
    certificate.digest = digest.digest();
    ordered_json footage = ordered_json::array();
    for (const auto& [key, stretch] : stretches) {
        ordered_json object = name_stream(key.first, facts);
        object["from"] = to_rfc3339(stretch.range.from);
        object["to"] = to_rfc3339(stretch.range.to);
        object["copies"] = stretch.copies;
        object["rule"] = key.second;
        footage.push_back(std::move(object));
    }
    const catalogue::HoldRow& hold = facts.hold;
    ordered_json release = nullptr;
    if (hold.release)
        release = {
            {"at", to_rfc3339(hold.release->released)},
            {"by", hold.release->releaser},
            {"reason", hold.release->reason}
        };
    const ordered_json object{
        {"format", 1},
        {"certificate", to_string(facts.id)},
        {"issued", to_rfc3339(facts.issued)},
        {"statement",
         "These second copies, made for a special hold and held by Sluice, are destroyed: their files were "
         "unlinked, the folders synced, and none of them was found afterwards. The footage itself and the "
         "copies "
         "of other holds are outside of it."},
        {"kind", "second_copies"},
        {"hold", to_string(hold.id)},
        {"custodian", hold.custodian},
        {"release", release},
        {"destroyed", {{"copies", facts.copies.size()}, {"bytes", certificate.bytes}}},
        {"never_verified", facts.copies.size() - verified},
        {"copies_sha256", to_hex(certificate.digest)},
        {"footage", footage},
    };
    certificate.body = object.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
    return certificate;
}

void add_to_digest(Sha256& hash, const catalogue::Tombstone& tombstone) {
    const std::string line = fmt::format(
        "{} {} {} {} {} {}\n",
        to_string(tombstone.segment_id),
        to_rfc3339(tombstone.range.from),
        to_rfc3339(tombstone.range.to),
        tombstone.bytes,
        tombstone.sha256 ? to_hex(*tombstone.sha256) : "-",
        tombstone.rule
    );
    hash.update(as_bytes(line));
}

}  // namespace sluice::retention
