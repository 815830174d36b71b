#include "cli/backup/manifest.hpp"

#include "config/base/files.hpp"

#include <algorithm>
#include <array>
#include <fstream>

#include <nlohmann/json.hpp>

namespace sluice::backup {

namespace fs = std::filesystem;
using nlohmann::json;

namespace {

constexpr std::size_t kMostBytes = 64U << 20U;
constexpr std::size_t kPieceBytes = 1U << 20U;

Result<FileEntry> hash_file(const fs::path& path, std::string name) {
    std::ifstream file{path, std::ios::binary};
    FileEntry entry{.name = std::move(name), .bytes = 0, .sha256 = {}};
    Sha256 hash;
    std::vector<char> piece(kPieceBytes);
    while (file) {
        file.read(piece.data(), static_cast<std::streamsize>(piece.size()));
        const auto count = static_cast<std::size_t>(file.gcount());
        hash.update(as_bytes({piece.data(), count}));
        entry.bytes += count;
    }
    if (!file.eof()) return failure(Remedy::operator_acts, "cannot read " + path.string());
    entry.sha256 = hash.digest();
    return entry;
}

FileEntry entry_of(const json& object) {
    const auto hash = from_hex(object.at("sha256").get<std::string>());
    FileEntry entry{
        .name = object.at("name").get<std::string>(),
        .bytes = object.at("bytes").get<std::uint64_t>(),
        .sha256 = {}
    };
    if (!hash || hash->size() != entry.sha256.size()) throw std::invalid_argument{"sha256"};
    std::ranges::copy(*hash, entry.sha256.begin());
    return entry;
}

}  // namespace

std::string to_json(const Manifest& manifest) {
    json files = json::array();
    for (const FileEntry& file : manifest.files)
        files.push_back({{"name", file.name}, {"bytes", file.bytes}, {"sha256", to_hex(file.sha256)}});
    return json{
               {"format", 1},
               {"made", to_rfc3339(manifest.made)},
               {"program", manifest.program},
               {"schema", manifest.schema},
               {"ledger_size", manifest.ledger_size},
               {"rows", manifest.rows},
               {"files", files}
           }.dump(1) +
           "\n";
}

Result<Manifest> manifest_from(std::string_view text) {
    if (text.size() > kMostBytes) return failure(Remedy::refuse, "the manifest is longer than 64 MiB");
    try {
        const json object = json::parse(text);
        if (object.at("format") != 1)
            return failure(Remedy::refuse, "the manifest is of another format than 1");
        const auto made = from_rfc3339(object.at("made").get<std::string>());
        if (!made) return std::unexpected(made.error());
        Manifest manifest{
            .made = *made,
            .program = object.at("program").get<std::string>(),
            .schema = object.at("schema").get<int>(),
            .ledger_size = object.at("ledger_size").get<std::uint64_t>(),
            .rows = object.at("rows").get<catalogue::RowCounts>(),
            .files = {},
        };
        for (const json& file : object.at("files"))
            manifest.files.push_back(entry_of(file));
        return manifest;
    } catch (const json::exception&) {
        return failure(Remedy::refuse, "the manifest can't be read");
    } catch (const std::invalid_argument& error) {
        return failure(Remedy::refuse, std::string{"the manifest has a wrong "} + error.what());
    }
}

Result<std::vector<FileEntry>> list_files(const fs::path& folder) {
    std::vector<FileEntry> files;
    std::error_code code;
    for (fs::recursive_directory_iterator at{folder, code}, end; !code && at != end; at.increment(code)) {
        if (!at->is_regular_file(code) || code) continue;
        auto entry = hash_file(at->path(), at->path().lexically_relative(folder).generic_string());
        if (!entry) return std::unexpected(entry.error());
        files.push_back(std::move(*entry));
    }
    if (code) return failure(Remedy::operator_acts, "cannot list " + folder.string() + ": " + code.message());
    std::ranges::sort(files, {}, &FileEntry::name);
    return files;
}

Status check_files(const fs::path& folder, const Manifest& manifest) {
    auto found = list_files(folder);
    if (!found) return std::unexpected(found.error());
    std::erase_if(*found, [](const FileEntry& file) { return file.name == kManifestFile; });
    for (const FileEntry& file : manifest.files) {
        const auto there = std::ranges::find(*found, file.name, &FileEntry::name);
        if (there == found->end())
            return failure(Remedy::refuse, (folder / file.name).string() + " is missing");
        if (*there != file)
            return failure(Remedy::refuse, (folder / file.name).string() + " is not what was backed up");
    }
    if (found->size() != manifest.files.size())
        return failure(Remedy::refuse, folder.string() + " holds files that the manifest does not name");
    return {};
}

Result<Manifest> load_manifest(const fs::path& folder) {
    const auto text = read_text_file(folder / kManifestFile, kMostBytes);
    if (!text) return std::unexpected(text.error());
    return manifest_from(*text);
}

}  // namespace sluice::backup
