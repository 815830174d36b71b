#include "cli/backup/backup.hpp"

#include "cli/backup/programs.hpp"
#include "cli/process/os_user.hpp"
#include "config/base/files.hpp"
#include "storage/catalogue/conninfo.hpp"
#include "storage/catalogue/log_export.hpp"
#include "storage/catalogue/migrate.hpp"
#include "storage/evidence/evidence_store.hpp"
#include "storage/volume/durable_files.hpp"
#include "storage/volume/installation.hpp"

#include <numeric>

#include <fcntl.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

namespace sluice::backup {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kMostStateBytes = 16U << 20U;

/// A folder that goes away with everything in it unless it was kept.
class PartialFolder {
public:
    explicit PartialFolder(fs::path path) : path_(std::move(path)) {}
    ~PartialFolder() {
        std::error_code ignored;  // what is left is named .partial and in nobody's way
        if (!is_kept_) fs::remove_all(path_, ignored);
    }
    PartialFolder(const PartialFolder&) = delete;
    PartialFolder& operator=(const PartialFolder&) = delete;
    [[nodiscard]] const fs::path& path() const noexcept { return path_; }
    void keep() noexcept { is_kept_ = true; }

private:
    fs::path path_;
    bool is_kept_ = false;
};

Status sync(const fs::path& path) {
    const UniqueFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    if (!fd.is_open() || ::fsync(fd.get()) != 0)
        return errno_error(Remedy::operator_acts, "cannot sync " + path.string());
    return {};
}

/// Files first, then the folders that name them, innermost first.
Status sync_tree(const fs::path& folder) {
    std::vector<fs::path> folders{folder};
    std::error_code code;
    for (fs::recursive_directory_iterator at{folder, code}, end; !code && at != end; at.increment(code)) {
        if (at->is_directory())
            folders.push_back(at->path());
        else if (auto synced = sync(at->path()); !synced)
            return synced;
    }
    if (code) return failure(Remedy::operator_acts, "cannot list " + folder.string() + ": " + code.message());
    for (auto at = folders.rbegin(); at != folders.rend(); ++at)
        if (auto synced = sync(*at); !synced) return synced;
    return {};
}

Status copy_state(const config::Config& config, const fs::path& folder) {
    const fs::path state = volume::state_path(config.data);
    std::error_code code;
    if (!fs::exists(state, code) && !code) return {};  // no recorder has ever run here
    const auto text = read_text_file(state, kMostStateBytes);
    if (!text) return std::unexpected(text.error());
    return replace_file(folder / kStateFile, *text, 0600);
}

/// After the dump: a paper's file is there before its row, so every row of the dump has its file, unless it
/// was destroyed by rule meanwhile.
Status copy_papers(const config::Config& config, const fs::path& folder) {
    const fs::path papers = evidence::papers_folder(config.data);
    std::error_code code;
    if (!fs::exists(papers, code) && !code) return {};  // none was ever handed in
    fs::create_directory(folder / kPapersFolder, code);
    for (fs::directory_iterator at{papers, code}, end; !code && at != end; at.increment(code)) {
        if (at->path().extension() != evidence::kPaperExtension) continue;  // a file being written
        std::error_code failed;
        fs::copy_file(at->path(), folder / kPapersFolder / at->path().filename(), failed);
        if (failed && fs::exists(at->path()))
            return failure(
                Remedy::operator_acts, "cannot copy " + at->path().string() + ": " + failed.message()
            );
    }
    if (code) return failure(Remedy::operator_acts, "cannot list " + papers.string() + ": " + code.message());
    return {};
}

/// Everything but the manifest. Dump and counts see the same rows.
Result<Manifest>
fill(const config::Config& config, const catalogue::Server& server, const fs::path& folder, UtcTime now) {
    Manifest manifest{
        .made = now,
        .program = std::string{"sluice "} + SLUICE_VERSION,
        .schema = catalogue::required_version(),
        .ledger_size = 0,
        .rows = {},
        .files = {},
    };
    catalogue::Pool pool{server.conninfo(server.database()), 1};
    const auto log = catalogue::export_log(pool, config.data, folder / kLedgerFolder);
    if (!log) return std::unexpected(log.error());
    if (*log) manifest.ledger_size = (*log)->size;
    const auto snapshot = catalogue::Snapshot::take(server.conninfo(server.database()));
    if (!snapshot) return std::unexpected(snapshot.error());
    auto rows = (*snapshot)->count();
    if (!rows) return std::unexpected(rows.error());
    manifest.rows = std::move(*rows);
    if (auto dumped = dump(server, (*snapshot)->id(), folder / kDumpFile); !dumped)
        return std::unexpected(dumped.error());
    if (auto copied = copy_state(config, folder); !copied) return std::unexpected(copied.error());
    if (auto copied = copy_papers(config, folder); !copied) return std::unexpected(copied.error());
    auto files = list_files(folder);
    if (!files) return std::unexpected(files.error());
    manifest.files = std::move(*files);
    return manifest;
}

Status enter(const catalogue::Server& server, const Made& made, const std::string& manifest, UtcTime now) {
    catalogue::Pool pool{server.conninfo(server.database()), 1};
    const catalogue::BackupRow row{
        .id = make_uuid_v7(now),
        .made = made.manifest.made,
        .folder = made.folder.string(),
        .bytes = made.bytes,
        .manifest_sha256 = sha256(as_bytes(manifest)),
        .verified = made.is_verified ? std::optional{now} : std::nullopt,
    };
    const nlohmann::json facts{
        {"manifest_sha256", to_hex(row.manifest_sha256)},
        {"bytes", made.bytes},
        {"ledger_size", made.manifest.ledger_size},
        {"verified", made.is_verified}
    };
    return catalogue::save_backup(
        pool,
        row,
        {.action = "backup.made",
         .actor = process::operator_here(),
         .subject = {"backup", to_string(row.id)},
         .facts = facts.dump()}
    );
}

}  // namespace

Result<Made>
make_backup(const config::Config& config, const fs::path& target, bool verifies, const Clock& clock) {
    const auto server = catalogue::Server::parse(catalogue::conninfo_of(config, "sluice_super"));
    if (!server) return std::unexpected(server.error());
    const UtcTime now = clock.now();
    const std::string name = "sluice-" + to_compact_utc(now);
    PartialFolder partial{target / ("." + name + ".partial")};
    std::error_code code;
    fs::create_directories(partial.path(), code);
    if (!code) fs::permissions(partial.path(), fs::perms::owner_all, code);
    if (code)
        return failure(
            Remedy::operator_acts, "cannot make " + partial.path().string() + ": " + code.message()
        );
    auto manifest = fill(config, *server, partial.path(), now);
    if (!manifest) return std::unexpected(manifest.error());
    const std::string text = to_json(*manifest);
    if (auto written = replace_file(partial.path() / kManifestFile, text, 0600); !written)
        return std::unexpected(written.error());
    if (verifies) {
        const std::string scratch = "sluice_verify_" + std::to_string(::getpid());
        if (auto restored = restore_into(*server, scratch, partial.path(), *manifest); !restored)
            return std::unexpected(restored.error());
        if (auto dropped = catalogue::drop_database(*server, scratch); !dropped)
            return std::unexpected(dropped.error());
    }
    if (auto synced = sync_tree(partial.path()); !synced) return std::unexpected(synced.error());
    Made made{.folder = target / name, .manifest = std::move(*manifest), .bytes = 0, .is_verified = verifies};
    made.bytes = std::accumulate(
        made.manifest.files.begin(),
        made.manifest.files.end(),
        std::uint64_t{text.size()},
        [](std::uint64_t sum, const FileEntry& file) { return sum + file.bytes; }
    );
    fs::rename(partial.path(), made.folder, code);
    if (code)
        return failure(Remedy::operator_acts, "cannot make " + made.folder.string() + ": " + code.message());
    partial.keep();
    if (auto synced = sync(target); !synced) return std::unexpected(synced.error());
    if (auto entered = enter(*server, made, text, clock.now()); !entered)
        return std::unexpected(entered.error());
    return made;
}

}  // namespace sluice::backup
