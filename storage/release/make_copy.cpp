#include "storage/release/make_copy.hpp"

#include "config/base/log.hpp"
#include "storage/catalogue/calendar_repository.hpp"
#include "storage/catalogue/ledger_repository.hpp"
#include "storage/catalogue/policy_repository.hpp"
#include "storage/catalogue/record_repository.hpp"
#include "storage/catalogue/viewing_repository.hpp"
#include "storage/release/detail/collect.hpp"
#include "storage/release/expiry.hpp"
#include "storage/release/package_key.hpp"
#include "storage/release/package_writer.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include <nlohmann/json.hpp>

namespace sluice::release {
namespace fs = std::filesystem;
namespace {

using nlohmann::json;

/// "copy-115-000007-1-01a1ee56.tar"
std::string package_name(const catalogue::CopyRow& copy) {
    std::string dossier = copy.dossier;
    std::ranges::replace(dossier, '/', '-');
    return "copy-" + dossier + "-" + std::to_string(copy.number) + "-" + to_string(copy.id).substr(28) +
           ".tar";
}

/// The record, once a checkpoint covers it, with what proves it.
Result<LedgerProof> record_and_prove(const CopySite& site, const PackageFacts& facts) {
    const ledger::Act act{
        .action = "copy.exported",
        .actor = ledger::system_actor("sluice-worker"),
        .subject = {.kind = "copy", .id = to_string(facts.copy_id)},
        .facts = record_facts(facts),
    };
    const auto id = catalogue::append_record(site.pool, act, site.clock.now());
    if (!id) return std::unexpected(id.error());
    const Deadline limit = std::chrono::steady_clock::now() + catalogue::kCheckpointLimit;
    if (auto covered = catalogue::wait_until_sequenced(site.pool, *id, limit); !covered)
        return std::unexpected(covered.error());
    const auto tree = catalogue::load_tree(site.pool);
    if (!tree) return std::unexpected(tree.error());
    const auto row = catalogue::find_record(site.pool, *id);
    if (!row) return std::unexpected(row.error());
    const bool is_whole =
        *row && (*row)->index && (*row)->text && (*row)->salt && *(*row)->index < tree->size;
    if (!is_whole)
        return failure(Remedy::retry, "the record of the copy is not in the tree", "LEDGER_UNAVAILABLE");
    catalogue::PoolHashes hashes{site.pool};
    ledger::Tree read{hashes, tree->size};
    auto path = read.inclusion_proof(*(*row)->index, tree->size);
    if (!path) return std::unexpected(path.error());
    return LedgerProof{
        .record = *(*row)->text,
        .salt = *(*row)->salt,
        .index = *(*row)->index,
        .size = tree->size,
        .path = std::move(*path),
        .checkpoint = tree->checkpoint,
        .log_key = tree->key,
    };
}

Status add_texts(
    PackageWriter& writer,
    const PackageFacts& facts,
    const LedgerProof& proof,
    const ledger::VerifierKey& key
) {
    const std::vector<std::pair<std::string_view, std::string>> texts{
        {kManifestName, to_manifest(facts, key)},
        {kLedgerName, to_json(proof)},
        {kKeyName, to_pem(key)},
        {kReceiptName, to_receipt(facts, key)},
        {kReadmeName, to_readme(facts, key)},
    };
    for (const auto& [name, text] : texts)
        if (auto added = writer.add_text(name, text); !added) return added;
    return {};
}

std::string register_facts(const PackageFacts& facts, const SealedFile& sealed) {
    json out = json::parse(record_facts(facts));
    out["package"] = sealed.path.filename().string();
    out["package_sha256"] = to_hex(sealed.sha256);
    out["bytes"] = sealed.bytes;
    out["recipient"] = facts.recipient;
    out["escort"] = facts.escort;
    out["custodian"] = facts.custodian;
    out["due"] = to_rfc3339(facts.due);
    return out.dump(-1, ' ', false, json::error_handler_t::replace);
}

UtcTime recorded_from(const PackageFacts& facts) {
    UtcTime from = facts.made;
    for (const PackagedItem& item : facts.items)
        for (const PackagedVideo& video : item.videos)
            from = std::min(from, video.piece.range.from);
    return from;
}

Status save_sealed(
    const CopySite& site,
    const PackageFacts& facts,
    const SealedFile& sealed,
    const ledger::VerifierKey& key
) {
    const auto history = catalogue::load_policy_history(site.pool);
    if (!history) return std::unexpected(history.error());
    const policy::Policy& rules = policy::in_force(*history, facts.made).policy;
    const UtcTime from = recorded_from(facts);
    const UtcTime ceiling = detail::ceiling_of(from, rules.ceiling_years);
    const UtcTime now = site.clock.now();
    const auto calendar = catalogue::load_calendar(site.pool, now);
    if (!calendar) return std::unexpected(calendar.error());
    const catalogue::PackageRow package{
        .copy_id = facts.copy_id,
        .name = sealed.path.filename().string(),
        .bytes = sealed.bytes,
        .sha256 = sealed.sha256,
        .signing_key = to_string(key),
        .manifest = to_manifest(facts, key),
        .receipt = to_receipt(facts, key),
        .recorded_from = from,
        .sealed = now,
        .expires = expiry_of(now, rules.release.package_days, ceiling, *calendar),
    };
    const std::string entry = register_facts(facts, sealed);
    const ledger::Act act{
        .action = "copy.sealed",
        .actor = ledger::system_actor("sluice-worker"),
        .subject = {.kind = "copy", .id = to_string(facts.copy_id)},
        .facts = entry,
    };
    const auto saved = catalogue::seal_copy(site.pool, package, entry, act);
    if (!saved) return std::unexpected(saved.error());
    if (!*saved) return failure(Remedy::refuse, "the copy was sealed or given up meanwhile");
    return {};
}

Result<MadeCopy> make(const CopySite& site, const catalogue::CopyRow& copy, const CopyGoOn& go_on) {
    auto collected = detail::collect(site, copy, go_on);
    if (!collected) return std::unexpected(collected.error());
    const auto key = load_package_key(site.pool, site.data, site.clock.now());
    if (!key) return std::unexpected(key.error());
    const fs::path file = packages_folder(site.data) / package_name(copy);
    if (auto there = volume::make_directories(site.files, site.data, file.parent_path()); !there)
        return std::unexpected(there.error());
    auto writer = PackageWriter::begin(site.files, file, collected->facts.made);
    if (!writer) return std::unexpected(writer.error());
    if (auto added = detail::add_videos(site, *collected, *writer, go_on); !added)
        return std::unexpected(added.error());
    const PackageFacts& facts = collected->facts;
    const auto proof = record_and_prove(site, facts);
    if (!proof) return std::unexpected(proof.error());
    if (auto added = add_texts(*writer, facts, *proof, key->verifier()); !added)
        return std::unexpected(added.error());
    const auto sealed = writer->seal(*key);
    if (!sealed) return std::unexpected(sealed.error());
    if (auto saved = save_sealed(site, facts, *sealed, key->verifier()); !saved)
        return std::unexpected(saved.error());
    log::info(
        "copy_sealed",
        {{"copy", to_string(copy.id)}, {"package", file.filename().string()}, {"bytes", sealed->bytes}}
    );
    return MadeCopy{
        .name = file.filename().string(),
        .bytes = sealed->bytes,
        .sha256 = sealed->sha256,
        .videos = collected->count_videos(),
    };
}

}  // namespace

fs::path packages_folder(const fs::path& data) {
    return data / "spool" / "packages";
}

Result<MadeCopy> make_copy(const CopySite& site, const Uuid& copy_id, const CopyGoOn& go_on) {
    const auto copy = catalogue::find_handed_copy(site.pool, copy_id);
    if (!copy) return std::unexpected(copy.error());
    if (!*copy) return failure(Remedy::refuse, "no copy " + to_string(copy_id) + " was ordered");
    if (const auto& package = (*copy)->package)
        return MadeCopy{.name = package->name, .bytes = package->bytes, .sha256 = package->sha256};
    auto made = make(site, **copy, go_on);
    if (made || made.error().remedy() != Remedy::refuse) return made;
    const std::string why = made.error().message();
    const ledger::Act act{
        .action = "copy.failed",
        .actor = ledger::system_actor("sluice-worker"),
        .subject = {.kind = "copy", .id = to_string(copy_id)},
        .facts = json{{"why", why}, {"code", made.error().label()}}.dump(
            -1, ' ', false, json::error_handler_t::replace
        ),
    };
    const auto failed = catalogue::fail_copy(site.pool, copy_id, why, act, site.clock.now());
    if (!failed) return std::unexpected(failed.error());
    return made;
}

}  // namespace sluice::release
