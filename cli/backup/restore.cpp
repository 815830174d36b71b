#include "cli/backup/backup.hpp"
#include "cli/backup/programs.hpp"
#include "cli/process/os_user.hpp"
#include "config/base/files.hpp"
#include "storage/catalogue/conninfo.hpp"
#include "storage/catalogue/migrate.hpp"
#include "storage/evidence/evidence_store.hpp"
#include "storage/volume/installation.hpp"

#include <unistd.h>

#include <nlohmann/json.hpp>

namespace sluice::backup {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kMostStateBytes = 16U << 20U;
constexpr const char* kFresh = "sluice_restore";

Status refuse_content(const catalogue::Server& server, bool replaces) {
    if (replaces) return {};
    const auto has_content = catalogue::has_content(server.conninfo(server.database()));
    if (!has_content) return std::unexpected(has_content.error());
    if (!*has_content) return {};
    return failure(
        Remedy::refuse,
        "the database has footage or records already; with --replace it is kept under another name",
        "not_empty"
    );
}

/// A server that never had a catalogue lacks the roles that the dump gives its rights to. A migration makes
/// them, and the database itself where that is missing.
Status prepare_server(const std::string& conninfo) {
    if (const auto version = catalogue::load_version(conninfo); version && *version > 0) return {};
    const auto migrated = catalogue::migrate(conninfo, false);
    if (!migrated) return std::unexpected(migrated.error());
    return {};
}

/// Of this program's schema, unconfirmed, and saying where it comes from.
Status
prepare(const catalogue::Server& server, const fs::path& folder, const Manifest& manifest, UtcTime now) {
    const std::string conninfo = server.conninfo(kFresh);
    const catalogue::Upgrade upgrade{process::operator_here(), now};
    if (const auto migrated = catalogue::migrate(conninfo, false, upgrade); !migrated)
        return std::unexpected(migrated.error());
    catalogue::Pool pool{conninfo, 1};
    const nlohmann::json facts{
        {"folder", folder.string()},
        {"made", to_rfc3339(manifest.made)},
        {"ledger_size", manifest.ledger_size}
    };
    return catalogue::mark_restored(
        pool,
        {.action = "backup.restored",
         .actor = process::operator_here(),
         .subject = {"backup", to_rfc3339(manifest.made)},
         .facts = facts.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)},
        now
    );
}

/// Never replaces one: the ids in it are those of the footage that is being recorded.
Result<Restored::State> put_state_back(const config::Config& config, const fs::path& folder) {
    std::error_code code;
    if (!fs::exists(folder / kStateFile, code)) return Restored::State::same;
    const auto saved = read_text_file(folder / kStateFile, kMostStateBytes);
    if (!saved) return std::unexpected(saved.error());
    const fs::path path = volume::state_path(config.data);
    if (fs::exists(path, code)) {
        const auto present = read_text_file(path, kMostStateBytes);
        if (!present) return std::unexpected(present.error());
        return *present == *saved ? Restored::State::same : Restored::State::kept;
    }
    fs::create_directories(path.parent_path(), code);
    if (auto written = replace_file(path, *saved, 0600); !written) return std::unexpected(written.error());
    const auto owner = process::find_user(process::kRecorderUser);
    const bool is_theirs = process::is_root() && owner && *owner;
    if (is_theirs && ::chown(path.c_str(), (*owner)->uid, (*owner)->gid) != 0)
        return errno_error(Remedy::operator_acts, "cannot give away " + path.string());
    return Restored::State::put_back;
}

/// Those that are not there; which one is right when both are, the ids say: files are never changed.
Result<std::size_t> put_papers_back(const config::Config& config, const fs::path& folder) {
    std::error_code code;
    if (!fs::exists(folder / kPapersFolder, code)) return 0;
    const fs::path papers = evidence::papers_folder(config.data);
    const bool is_new = fs::create_directories(papers, code);
    if (code) return failure(Remedy::operator_acts, "cannot make " + papers.string() + ": " + code.message());
    if (is_new)
        if (auto given = give_to_folder_owner(papers); !given) return std::unexpected(given.error());
    std::size_t count = 0;
    for (const auto& entry : fs::directory_iterator{folder / kPapersFolder, code}) {
        const fs::path path = papers / entry.path().filename();
        if (!fs::copy_file(entry.path(), path, fs::copy_options::skip_existing, code) && !code) continue;
        if (code)
            return failure(Remedy::operator_acts, "cannot write " + path.string() + ": " + code.message());
        fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write, code);
        if (auto given = give_to_folder_owner(path); !given) return std::unexpected(given.error());
        ++count;
    }
    if (auto synced = sync_folder(papers); !synced) return std::unexpected(synced.error());
    return count;
}

}  // namespace

Result<Restored>
restore_backup(const config::Config& config, const fs::path& folder, bool replaces, const Clock& clock) {
    auto manifest = load_manifest(folder);
    if (!manifest) return std::unexpected(manifest.error());
    if (manifest->schema > catalogue::required_version())
        return failure(
            Remedy::operator_acts,
            "the backup was made by a newer program (" + manifest->program + "); restore it with that one"
        );
    if (auto whole = check_files(folder, *manifest); !whole) return std::unexpected(whole.error());
    const std::string conninfo = catalogue::conninfo_of(config, "sluice_super");
    const auto server = catalogue::Server::parse(conninfo);
    if (!server) return std::unexpected(server.error());
    if (auto prepared = prepare_server(conninfo); !prepared) return std::unexpected(prepared.error());
    if (auto empty = refuse_content(*server, replaces); !empty) return std::unexpected(empty.error());
    if (auto restored = restore_into(*server, kFresh, folder, *manifest); !restored)
        return std::unexpected(restored.error());
    const UtcTime now = clock.now();
    Status ready = prepare(*server, folder, *manifest, now);
    const std::string former = server->database() + "_before_" + to_compact_utc(now);
    if (ready) ready = catalogue::swap_database(*server, kFresh, former);
    if (!ready) {
        log_and_drop(catalogue::drop_database(*server, kFresh), "the restore has failed already");
        return std::unexpected(ready.error());
    }
    const auto state = put_state_back(config, folder);
    if (!state) return std::unexpected(state.error());
    const auto papers = put_papers_back(config, folder);
    if (!papers) return std::unexpected(papers.error());
    return Restored{.manifest = std::move(*manifest), .former = former, .state = *state, .papers = *papers};
}

}  // namespace sluice::backup
