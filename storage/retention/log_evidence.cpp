#include "storage/retention/log_evidence.hpp"

#include "config/base/files.hpp"
#include "storage/catalogue/log_reader.hpp"
#include "storage/ledger/export_folder.hpp"
#include "storage/ledger/key_file.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace sluice::retention {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::size_t kMostNoteBytes = 64U << 10U;
constexpr std::size_t kEntries = 256;

std::string text_of(const json& object, const char* name) {
    const auto found = object.find(name);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

std::optional<UtcTime> time_of(const json& object, const char* name) {
    const auto time = from_rfc3339(text_of(object, name));
    return time ? std::optional{*time} : std::nullopt;
}

KnownHold to_hold(const json& facts) {
    KnownHold hold{
        .kind = text_of(facts, "kind"), .cameras = {}, .range = {}, .expires = time_of(facts, "expires")
    };
    const auto from = time_of(facts, "from");
    const auto to = time_of(facts, "to");
    if (from && to) hold.range = {*from, *to};
    if (facts.contains("cameras") && facts["cameras"].is_array())
        for (const json& camera : facts["cameras"])
            if (camera.is_string()) hold.cameras.push_back(camera.get<std::string>());
    return hold;
}

/// Extended by hand, or limited with what it belongs to.
void set_expiry(Evidence& evidence, const Uuid& id, const json& facts) {
    const auto hold = evidence.holds.find(id);
    const auto expires = facts.find("expires");
    if (hold == evidence.holds.end() || expires == facts.end() || !expires->is_object()) return;
    hold->second.expires = time_of(*expires, "to");
}

void add_act(Evidence& evidence, const std::string& action, const Uuid& id, const json& facts) {
    if (action == "hold.placed")
        evidence.holds.insert_or_assign(id, to_hold(facts));
    else if (action == "hold.extended" || action == "hold.limited")
        set_expiry(evidence, id, facts);
    else if (action == "hold.released")
        evidence.holds.erase(id);
    else if (action == "purge.marked")
        evidence.purges.try_emplace(id);
    else if (action == "purge.aborted")
        evidence.purges.erase(id);
    else if (action == "purge.certified")
        evidence.purges.insert_or_assign(
            id,
            KnownPurge{
                .is_certified = true,
                .certificate_sha256 = text_of(facts, "certificate_sha256"),
                .tombstones_sha256 = text_of(facts, "tombstones_sha256"),
            }
        );
}

std::unexpected<Error> broken(const fs::path& folder, const std::string& why) {
    return failure(
        Remedy::refuse,
        folder.string() + " is no evidence: " + why +
            "; name another export, or the ledger/ of another backup",
        "EVIDENCE_BROKEN"
    );
}

Result<ledger::Checkpoint> open_text(const std::string& text, const ledger::VerifierKey& key) {
    const auto note = ledger::parse_note(text);
    if (!note) return std::unexpected(note.error());
    return ledger::open_checkpoint(*note, key);
}

/// By this machine's key, or else by its own: then it is of another log.
Result<ledger::Checkpoint> open_head(const ledger::ExportHead& notes, const OwnLog& own, Evidence& evidence) {
    if (own.key)
        if (auto head = open_text(notes.checkpoint, *own.key)) return head;
    evidence.is_other_log = own.key.has_value();
    return open_text(notes.checkpoint, notes.key);
}

Status read_records(ledger::LogReader& reader, Evidence& evidence) {
    for (;;) {
        const auto entries = reader.next_entries(kEntries);
        if (!entries) return std::unexpected(entries.error());
        if (entries->empty()) return {};
        for (const ledger::Entry& entry : *entries)
            add_record(evidence, entry.text);
    }
}

/// The catalogue's own log: what it has beyond the export is read as well. Up to where both reach together.
Result<std::uint64_t> add_catalogue(catalogue::Pool& pool, ledger::Tree& exported, Evidence& evidence) {
    const auto row = catalogue::load_tree(pool);
    if (!row) return std::unexpected(row.error());
    const std::uint64_t size = evidence.head.size;
    if (row->size <= size) {
        const auto root = exported.root(row->size);
        if (!root) return std::unexpected(root.error());
        evidence.is_other_log |= *root != row->root;
        return size;
    }
    catalogue::PoolHashes hashes{pool};
    ledger::Tree tree{hashes, row->size};
    const auto root = tree.root(size);
    if (!root) return std::unexpected(root.error());
    if (*root != evidence.head.root) {
        evidence.is_other_log = true;
        return size;
    }
    catalogue::LogReader rest{pool, size};
    if (auto read = read_records(rest, evidence); !read) return std::unexpected(read.error());
    return row->size;
}

/// How much of what this machine has signed neither has.
Status measure(ledger::Tree& exported, std::uint64_t reach, const OwnLog& own, Evidence& evidence) {
    if (!own.newest || evidence.is_other_log) return {};
    if (own.newest->size > reach) evidence.missing = own.newest->size - reach;
    if (own.newest->size > exported.size()) return {};
    const auto root = exported.root(own.newest->size);
    if (!root) return std::unexpected(root.error());
    evidence.is_other_log = *root != own.newest->root;
    return {};
}

std::string word_of(const ledger::LogReport& report) {
    const std::size_t count = report.findings.size() + report.more;
    return fmt::format("{} ({} findings)", report.findings.front().what, count);
}

}  // namespace

void add_record(Evidence& evidence, const std::optional<std::string>& record) {
    if (!record) {
        ++evidence.erased;
        return;
    }
    const json act = json::parse(*record, nullptr, false);
    if (!act.is_object() || !act.contains("subject") || !act["subject"].is_object()) {
        ++evidence.unread;
        return;
    }
    if (const auto at = time_of(act, "at")) evidence.newest = std::max(evidence.newest.value_or(*at), *at);
    const auto id = uuid_from_string(text_of(act["subject"], "id"));
    if (!id) return;  // of another kind of subject
    const json facts = act.value("facts", json::object());
    add_act(evidence, text_of(act, "action"), *id, facts.is_object() ? facts : json::object());
}

Result<OwnLog> load_own_log(const fs::path& data) {
    OwnLog own;
    std::error_code code;
    if (!fs::exists(ledger::verifier_file(data), code)) return own;
    auto key = ledger::load_verifier_file(ledger::verifier_file(data));
    if (!key) return std::unexpected(key.error());
    own.key = std::move(*key);
    const fs::path file = ledger::checkpoint_file(data);
    if (!fs::exists(file, code)) return own;
    const auto text = read_text_file(file, kMostNoteBytes);
    if (!text) return std::unexpected(text.error());
    const auto newest = open_text(*text, *own.key);
    if (!newest)
        return failure(
            Remedy::operator_acts, file.string() + " is not of this log: " + newest.error().message()
        );
    own.newest = *newest;
    return own;
}

Result<Evidence> load_evidence(catalogue::Pool& pool, const fs::path& export_folder, const OwnLog& own) {
    const auto notes = ledger::load_export_head(export_folder);
    if (!notes) return broken(export_folder, notes.error().describe());
    Evidence evidence;
    const auto head = open_head(*notes, own, evidence);
    if (!head) return broken(export_folder, head.error().message());
    evidence.head = *head;
    ledger::ExportReader first{export_folder, head->size};
    const auto verified = ledger::verify_log(first, *head, {});
    if (!verified) return broken(export_folder, verified.error().describe());
    if (!verified->is_clean()) return broken(export_folder, word_of(*verified));
    ledger::ExportReader second{export_folder, head->size};
    if (auto read = read_records(second, evidence); !read)
        return broken(export_folder, read.error().describe());
    if (evidence.unread > 0) return broken(export_folder, "records that nobody can understand");
    ledger::Tree tree{second, head->size};
    const auto reach = add_catalogue(pool, tree, evidence);
    if (!reach) return std::unexpected(reach.error());
    if (auto measured = measure(tree, *reach, own, evidence); !measured)
        return std::unexpected(measured.error());
    return evidence;
}

}  // namespace sluice::retention
