#include "storage/retention/certificate.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace sluice::retention {

using nlohmann::ordered_json;

namespace {

ordered_json to_object(const catalogue::DestroyedRow& row, const CertificateFacts& facts) {
    ordered_json object;
    const auto stream = std::ranges::find(facts.streams, row.stream_id, &catalogue::StreamRow::id);
    if (stream != facts.streams.end()) {
        const auto camera = std::ranges::find(facts.cameras, stream->camera_id, &catalogue::CameraRow::id);
        if (camera != facts.cameras.end()) {
            object["camera"] = camera->slug;
            object["name"] = camera->name;
        }
        object["stream"] = to_string(stream->kind);
    }
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
    const ordered_json object{
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
    return object.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
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
