#include "storage/retention/confirm.hpp"

#include "storage/catalogue/hold_repository.hpp"
#include "storage/catalogue/purge_repository.hpp"
#include "storage/retention/certificate.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace sluice::retention {
namespace {

using catalogue::HoldRow;
using nlohmann::json;

constexpr std::size_t kTombstonesAtOnce = 5'000;

std::string word_of(const std::optional<UtcTime>& expires) {
    return expires ? to_rfc3339(*expires) : "never";
}

/// Why the hold keeps less than the log says, which ends at `newest`; empty: it keeps all of that.
std::string weakness_of(const HoldRow& hold, const KnownHold& known, std::optional<UtcTime> newest) {
    // Of what was released since the log can't know.
    if (hold.release && (!newest || hold.release->released <= *newest))
        return "it was released at " + to_rfc3339(hold.release->released);
    if (hold.release) return {};
    if (to_string(hold.kind) != known.kind)
        return fmt::format("its kind is {} instead of {}", to_string(hold.kind), known.kind);
    if (hold.expires && (!known.expires || *hold.expires < *known.expires))
        return fmt::format("it ends at {} instead of {}", word_of(hold.expires), word_of(known.expires));
    if (!known.range.is_empty() && (hold.range.from > known.range.from || hold.range.to < known.range.to))
        return fmt::format(
            "it keeps {} to {} instead of {} to {}",
            to_rfc3339(hold.range.from),
            to_rfc3339(hold.range.to),
            to_rfc3339(known.range.from),
            to_rfc3339(known.range.to)
        );
    for (const std::string& camera : known.cameras)
        if (std::ranges::find(hold.camera_slugs, camera) == hold.camera_slugs.end())
            return "it lacks camera " + camera;
    return {};
}

Status compare_holds(catalogue::Pool& pool, const Evidence& evidence, UtcTime now, Comparison& comparison) {
    for (const auto& [id, known] : evidence.holds) {
        if (known.expires && *known.expires <= now) continue;
        const auto hold = catalogue::find_hold(pool, id);
        if (!hold) return std::unexpected(hold.error());
        if (!*hold) {
            comparison.missing_holds.push_back(id);
            continue;
        }
        if (std::string what = weakness_of(**hold, known, evidence.newest); !what.empty())
            comparison.weaker_holds.push_back({id, std::move(what)});
    }
    return {};
}

/// As the purge's certificate counts them.
Result<std::string> hash_tombstones(catalogue::Pool& pool, const Uuid& run) {
    Sha256 hash;
    Uuid after{};
    for (;;) {
        const auto some = catalogue::load_tombstones(pool, run, after, kTombstonesAtOnce);
        if (!some) return std::unexpected(some.error());
        for (const catalogue::Tombstone& tombstone : *some)
            add_to_digest(hash, tombstone);
        if (some->size() < kTombstonesAtOnce) return to_hex(hash.digest());
        after = some->back().segment_id;
    }
}

/// What a run without certificate has destroyed the next purge finds out by its marks; so its row is enough.
Status compare_purge(catalogue::Pool& pool, const Uuid& id, const KnownPurge& known, Comparison& comparison) {
    const auto run = catalogue::find_purge_run(pool, id);
    if (!run) return std::unexpected(run.error());
    if (!*run) comparison.missing_purges.push_back(id);
    if (!known.is_certified) return {};
    const auto certificate = catalogue::find_certificate(pool, id);
    if (!certificate) return std::unexpected(certificate.error());
    const bool is_there =
        *certificate && (known.certificate_sha256.empty() ||
                         to_hex(sha256(as_bytes((*certificate)->body))) == known.certificate_sha256);
    if (!is_there) comparison.missing_certificates.push_back(id);
    const auto tombstones = hash_tombstones(pool, id);
    if (!tombstones) return std::unexpected(tombstones.error());
    if (!known.tombstones_sha256.empty() && *tombstones != known.tombstones_sha256)
        comparison.missing_tombstones.push_back(id);
    return {};
}

json ids(const std::vector<Uuid>& all) {
    json list = json::array();
    for (const Uuid& id : all)
        list.push_back(to_string(id));
    return list;
}

json to_json(const Comparison& comparison) {
    json weaker = json::array();
    for (const WeakerHold& hold : comparison.weaker_holds)
        weaker.push_back({{"hold", to_string(hold.id)}, {"what", hold.what}});
    return {
        {"missing_holds", ids(comparison.missing_holds)},
        {"weaker_holds", std::move(weaker)},
        {"missing_purges", ids(comparison.missing_purges)},
        {"missing_certificates", ids(comparison.missing_certificates)},
        {"missing_tombstones", ids(comparison.missing_tombstones)},
        {"erased_records", comparison.erased},
        {"missing_records", comparison.missing_records},
        {"is_other_log", comparison.is_other_log},
    };
}

}  // namespace

bool Comparison::is_whole() const noexcept {
    return missing_holds.empty() && weaker_holds.empty() && missing_purges.empty() &&
           missing_certificates.empty() && missing_tombstones.empty() && erased == 0 &&
           missing_records == 0 && !is_other_log;
}

std::vector<std::string> Comparison::lines() const {
    std::vector<std::string> lines;
    const auto each = [&](const std::vector<Uuid>& all, const char* text) {
        for (const Uuid& id : all)
            lines.push_back(fmt::format(fmt::runtime(text), to_string(id)));
    };
    each(missing_holds, "missing hold {}");
    for (const WeakerHold& hold : weaker_holds)
        lines.push_back(fmt::format("weaker hold {}: {}", to_string(hold.id), hold.what));
    each(missing_purges, "missing purge {}: it had marked footage, and the catalogue knows nothing of it");
    each(
        missing_certificates, "missing certificate {}: the catalogue has none of this purge, or another text"
    );
    each(missing_tombstones, "missing tombstones of purge {}: not those that were certified");
    if (erased > 0)
        lines.push_back(fmt::format("{} records are erased: nobody can tell what they said", erased));
    if (missing_records > 0)
        lines.push_back(fmt::format(
            "{} records were signed behind the end of the evidence: it is too old", missing_records
        ));
    if (is_other_log)
        lines.emplace_back(
            "the evidence is not of the log that this machine and the catalogue go on with: nobody can "
            "tell whether it reaches to its end"
        );
    return lines;
}

Result<Comparison> compare(catalogue::Pool& pool, const Evidence& evidence, UtcTime now) {
    Comparison comparison;
    comparison.erased = evidence.erased;
    comparison.missing_records = evidence.missing;
    comparison.is_other_log = evidence.is_other_log;
    if (auto compared = compare_holds(pool, evidence, now, comparison); !compared)
        return std::unexpected(compared.error());
    for (const auto& [id, known] : evidence.purges)
        if (auto compared = compare_purge(pool, id, known, comparison); !compared)
            return std::unexpected(compared.error());
    return comparison;
}

Result<bool> confirm(catalogue::Pool& pool, const Confirmation& confirmation, UtcTime now) {
    if (!confirmation.comparison.is_whole() && confirmation.reason.empty())
        return failure(
            Remedy::refuse,
            "the catalogue is not what the audit log says, or that can't be told (the lines above): place "
            "the holds "
            "again, restore a newer backup, or name newer evidence; --reason confirms it nevertheless",
            "EVIDENCE_MISSING"
        );
    json facts = to_json(confirmation.comparison);
    facts["evidence"] = confirmation.evidence;
    facts["reason"] = confirmation.reason;
    const ledger::Act act{
        .action = "retention.confirmed",
        .actor = ledger::system_actor(confirmation.principal),
        .subject = {.kind = "catalogue", .id = "catalogue"},
        .facts = facts.dump(-1, ' ', false, json::error_handler_t::replace),
    };
    return catalogue::confirm_catalogue(pool, act, now);
}

}  // namespace sluice::retention
