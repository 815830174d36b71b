#include "cli/ledger_commands.hpp"
#include "cli/process/os_user.hpp"
#include "cli/witness/witness.hpp"
#include "config/base/files.hpp"
#include "config/load.hpp"
#include "storage/catalogue/conninfo.hpp"
#include "storage/catalogue/ledger_repository.hpp"
#include "storage/catalogue/log_export.hpp"
#include "storage/catalogue/record_repository.hpp"
#include "storage/ledger/export_folder.hpp"
#include "storage/ledger/key_file.hpp"
#include "storage/release/package_key.hpp"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

namespace sluice::cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

Status wait_for(catalogue::Pool& pool, const Uuid& record) {
    return catalogue::wait_until_sequenced(
        pool, record, std::chrono::steady_clock::now() + catalogue::kCheckpointLimit
    );
}

}  // namespace

Status make_ledger_key(const KeygenOptions& options) {
    const std::string name = options.name.empty() ? (options.is_witness ? "witness/" : "sluice/") +
                                                        to_string(make_uuid_v7(RealClock{}.now()))
                                                  : options.name;
    if (!ledger::is_key_name(name))
        return failure(
            Remedy::refuse,
            "--name '" + name + "' may hold neither spaces nor '+'; take an address such as cctv.example/log"
        );
    const auto kind = options.is_witness ? ledger::KeyKind::witness : ledger::KeyKind::log;
    const auto key = ledger::SigningKey::make(name, kind);
    if (auto saved = ledger::save_new_key(options.file, key); !saved) return saved;
    fmt::print(
        "{} holds the key, for its owner alone. Whoever verifies needs:\n{}\n",
        options.file.string(),
        to_string(key.verifier())
    );
    return {};
}

Status make_copies_key(const CopiesKeyOptions& options) {
    const auto config = config::load_or_explain(options.config, config::Secrets::database_only);
    if (!config) return std::unexpected(config.error());
    catalogue::Pool pool{catalogue::conninfo_of(*config, "sluice_worker"), 1};
    const auto made = release::make_package_key(
        pool, config->data, options.is_replacing, process::operator_here(), RealClock{}.now()
    );
    if (!made) return std::unexpected(made.error());
    if (made->former)
        fmt::print(
            "replaces {}; what it has signed is verified by {}\n",
            to_string(*made->former),
            release::package_keys_file(config->data).string()
        );
    fmt::print(
        "{} holds the key; keep a copy of it beside the audit log's. Whoever verifies needs:\n{}\n",
        release::package_key_file(config->data).string(),
        to_string(made->key)
    );
    return {};
}

Status export_ledger(const fs::path& config_file, const fs::path& folder) {
    const auto config = config::load_or_explain(config_file, config::Secrets::database_only);
    if (!config) return std::unexpected(config.error());
    catalogue::Pool pool{catalogue::conninfo_of(*config, "sluice_worker"), 1};
    if (auto empty = ledger::check_export_folder(folder); !empty) return empty;
    const auto record = catalogue::append_record(
        pool,
        ledger::Act{
            .action = "ledger.exported",
            .actor = process::operator_here(),
            .subject = {.kind = "folder", .id = folder.string()},
        },
        RealClock{}.now()
    );
    if (!record) return std::unexpected(record.error());
    if (auto waited = wait_for(pool, *record); !waited) return waited;
    const auto head = catalogue::export_log(pool, config->data, folder);
    if (!head) return std::unexpected(head.error());
    if (!*head) return failure(Remedy::retry, "nothing of the audit log is signed yet");
    fmt::print("{} records of {} in {}\n", (*head)->size, (*head)->origin, folder.string());
    return {};
}

Status witness_ledger(const WitnessOptions& options) {
    const auto log_key = ledger::verifier_key_from(options.log_key);
    if (!log_key) return std::unexpected(log_key.error());
    const auto key = ledger::load_key_file(options.key);
    if (!key) return std::unexpected(key.error());
    if (key->verifier().kind != ledger::KeyKind::witness)
        return failure(
            Remedy::refuse, options.key.string() + " is the key of a log: make one with keygen --witness"
        );
    std::string token;
    if (!options.token.empty()) {
        auto text = read_text_file(options.token, 4096);
        if (!text) return std::unexpected(text.error());
        token = std::move(*text);
        token.erase(token.find_last_not_of(" \n") + 1);
    }
    witness::HttpClient client{options.url, std::move(token), options.authorities};
    const auto seen = witness::witness_once(
        client, {.state_file = options.state, .log_key = *log_key}, *key, RealClock{}.now()
    );
    if (!seen) return std::unexpected(seen.error());
    fmt::print("{}: {} records, root {}, co-signed\n", seen->origin, seen->size, to_hex(seen->root));
    return {};
}

Status erase_record(const fs::path& config_file, const std::string& record, const std::string& reason) {
    const auto id = uuid_from_string(record);
    if (!id) return std::unexpected(id.error());
    const auto config = config::load_or_explain(config_file, config::Secrets::database_only);
    if (!config) return std::unexpected(config.error());
    catalogue::Pool pool{catalogue::conninfo_of(*config, "sluice_worker"), 1};
    const auto erased = catalogue::erase_record(
        pool,
        *id,
        {.action = "ledger.erased",
         .actor = process::operator_here(),
         .subject = {.kind = "record", .id = to_string(*id)},
         .facts = json{{"reason", reason}}.dump(-1, ' ', false, json::error_handler_t::replace)},
        RealClock{}.now()
    );
    if (!erased) return std::unexpected(erased.error());
    if (!*erased)
        return failure(
            Remedy::refuse,
            "no record " + to_string(*id) +
                " that could be erased: unknown, not signed yet, erased before, or itself the reason of an "
                "erasure"
        );
    fmt::print("erased under {}\n", to_string(**erased));
    return wait_for(pool, **erased);
}

}  // namespace sluice::cli
