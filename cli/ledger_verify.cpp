#include "cli/ledger_commands.hpp"
#include "config/base/files.hpp"
#include "config/load.hpp"
#include "storage/catalogue/conninfo.hpp"
#include "storage/catalogue/log_reader.hpp"
#include "storage/ledger/export_folder.hpp"
#include "storage/ledger/key_file.hpp"

#include <memory>
#include <optional>
#include <vector>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

namespace sluice::cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::size_t kMostNoteBytes = 64U << 10U;

/// A log with the words that it is judged by.
struct Source {
    std::unique_ptr<catalogue::Pool> pool;  // before its reader
    std::unique_ptr<ledger::LogReader> reader;
    ledger::Checkpoint head;
    std::vector<ledger::Checkpoint> earlier;
    std::string key_from;  ///< where the verifier key came from, when nobody named it
};

Result<ledger::Checkpoint> open_text(const std::string& text, const ledger::VerifierKey& key) {
    const auto note = ledger::parse_note(text);
    if (!note) return std::unexpected(note.error());
    return ledger::open_checkpoint(*note, key);
}

/// The newest words of a witness count as an earlier checkpoint, once they are that witness's.
Status add_witnessed(
    Source& source,
    const std::string& text,
    const ledger::VerifierKey& log_key,
    const std::string& witness
) {
    if (witness.empty()) return {};
    const auto key = ledger::verifier_key_from(witness);
    if (!key) return std::unexpected(key.error());
    if (text.empty()) return failure(Remedy::refuse, "no checkpoint was co-signed by a witness yet");
    const auto note = ledger::parse_note(text);
    if (!note) return std::unexpected(note.error());
    if (!ledger::cosigned_at(*note, *key))
        return failure(Remedy::refuse, "the witnessed checkpoint has no valid co-signature of " + key->name);
    const auto checkpoint = ledger::open_checkpoint(*note, log_key);
    if (!checkpoint) return std::unexpected(checkpoint.error());
    source.earlier.push_back(*checkpoint);
    return {};
}

Result<Source> open_database(const VerifyOptions& options, ledger::VerifierKey& key) {
    const auto config = config::load_or_explain(options.config, config::Secrets::database_only);
    if (!config) return std::unexpected(config.error());
    Source source;
    source.pool = std::make_unique<catalogue::Pool>(catalogue::conninfo_of(*config, "sluice_auditor"), 1);
    source.reader = std::make_unique<catalogue::LogReader>(*source.pool);
    const auto tree = catalogue::load_tree(*source.pool);
    if (!tree) return std::unexpected(tree.error());
    if (tree->checkpoint.empty())
        return failure(Remedy::operator_acts, "nothing is signed yet: the worker (`sluice work`) does it");
    if (options.key.empty()) {
        const auto own = ledger::load_verifier_file(ledger::verifier_file(config->data));
        if (!own) return std::unexpected(own.error());
        key = *own;
        source.key_from = ledger::verifier_file(config->data).string();
    }
    const auto head = open_text(tree->checkpoint, key);
    if (!head) return std::unexpected(head.error());
    source.head = *head;
    const auto witnessed = catalogue::load_newest_cosignatures(*source.pool);
    if (!witnessed) return std::unexpected(witnessed.error());
    if (auto added = add_witnessed(source, catalogue::to_note(*witnessed), key, options.witness); !added)
        return std::unexpected(added.error());
    return source;
}

Result<Source> open_folder(const VerifyOptions& options, ledger::VerifierKey& key) {
    const auto notes = ledger::load_export_head(options.folder);
    if (!notes) return std::unexpected(notes.error());
    Source source;
    if (options.key.empty()) {
        key = notes->key;
        source.key_from = (options.folder / "log.vkey").string();
    }
    const auto head = open_text(notes->checkpoint, key);
    if (!head) return std::unexpected(head.error());
    source.head = *head;
    source.reader = std::make_unique<ledger::ExportReader>(options.folder, head->size);
    if (auto added = add_witnessed(source, notes->witnessed, key, options.witness); !added)
        return std::unexpected(added.error());
    return source;
}

Result<Source> open_source(const VerifyOptions& options) {
    ledger::VerifierKey key;
    if (!options.key.empty()) {
        const auto named = ledger::verifier_key_from(options.key);
        if (!named) return std::unexpected(named.error());
        key = *named;
    }
    auto source = options.folder.empty() ? open_database(options, key) : open_folder(options, key);
    if (!source || options.since.empty()) return source;
    const auto text = read_text_file(options.since, kMostNoteBytes);
    if (!text) return std::unexpected(text.error());
    const auto earlier = open_text(*text, key);
    if (!earlier) return failure(Remedy::refuse, options.since.string() + ": " + earlier.error().message());
    source->earlier.push_back(*earlier);
    return source;
}

void print_json(const ledger::LogReport& report, const Source& source) {
    json findings = json::array();
    for (const auto& finding : report.findings)
        findings.push_back({
            {"kind", ledger::to_string(finding.kind)},
            {"index", finding.index ? json(*finding.index) : json(nullptr)},
            {"record", finding.id ? json(to_string(*finding.id)) : json(nullptr)},
            {"detail", finding.what},
        });
    const json out{
        {"log", source.head.origin},
        {"records", report.size},
        {"root", to_hex(source.head.root)},
        {"erased", report.erased},
        {"truncation_excluded", report.is_truncation_excluded},
        {"findings", std::move(findings)},
        {"more_findings", report.more},
    };
    fmt::print("{}\n", out.dump());
}

void print_lines(const ledger::LogReport& report, const Source& source) {
    for (const auto& finding : report.findings)
        fmt::print(
            "{:<9} {}{}\n",
            ledger::to_string(finding.kind),
            finding.what,
            finding.id ? " (" + to_string(*finding.id) + ")" : ""
        );
    if (report.more > 0) fmt::print("and {} more findings\n", report.more);
    fmt::print(
        "{}: {} records, {} of them erased, root {}\n",
        source.head.origin,
        report.size,
        report.erased,
        to_hex(source.head.root)
    );
    if (!report.is_truncation_excluded)
        fmt::print(
            "without an earlier checkpoint (--since, --witness) it can't be excluded that records were cut "
            "off at the end\n"
        );
    if (!source.key_from.empty())
        fmt::print(
            "the log's key was taken from {}; compare it with the one you were given\n", source.key_from
        );
}

}  // namespace

Status verify_ledger(const VerifyOptions& options) {
    const auto source = open_source(options);
    if (!source) return std::unexpected(source.error());
    const auto report = ledger::verify_log(*source->reader, source->head, source->earlier);
    if (!report) return std::unexpected(report.error());
    if (options.is_json)
        print_json(*report, *source);
    else
        print_lines(*report, *source);
    if (report->is_clean()) return {};
    return failure(
        Remedy::operator_acts,
        fmt::format("the audit log is not whole: {} findings", report->findings.size() + report->more)
    );
}

}  // namespace sluice::cli
