#include "storage/ledger/export_folder.hpp"

#include "config/base/files.hpp"
#include "storage/ledger/key_file.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace sluice::ledger {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::size_t kMostNoteBytes = 64U << 10U;
constexpr std::size_t kMostTileBytes = kTileWidth * 34;
constexpr std::size_t kMostLineBytes = 64U << 20U;  // a record of 16 MiB whose every letter is escaped
constexpr std::size_t kEntries = 256;

Status write_file(const fs::path& path, std::string_view content) {
    std::error_code code;
    fs::create_directories(path.parent_path(), code);
    if (code)
        return std::unexpected(
            Error{Remedy::operator_acts, code, "cannot make " + path.parent_path().string()}
        );
    return replace_file(path, content, 0640);
}

Status write_tiles(LogReader& reader, std::uint64_t size, const fs::path& folder) {
    for (const TilePath& tile : tiles_between(0, size)) {
        std::string bytes;
        if (tile.level) {
            const auto hashes = reader.load(*tile.level, tile.number * kTileWidth, tile.width);
            if (!hashes) return std::unexpected(hashes.error());
            bytes = to_tile(*hashes);
        } else {
            const auto leaves = reader.load_leaves(tile.number * kTileWidth, tile.width);
            if (!leaves) return std::unexpected(leaves.error());
            bytes = to_bundle(*leaves);
        }
        if (auto written = write_file(folder / to_path(tile), bytes); !written) return written;
    }
    return {};
}

Status write_records(LogReader& reader, std::uint64_t size, const fs::path& file) {
    std::ofstream out{file, std::ios::binary};
    for (;;) {
        const auto entries = reader.next_entries(kEntries);
        if (!entries) return std::unexpected(entries.error());
        const bool is_end = entries->empty() || entries->back().index >= size;
        for (const Entry& entry : *entries)
            if (entry.index < size) out << to_json_line(entry);
        if (is_end) break;
    }
    out.close();
    if (!out) return errno_error(Remedy::operator_acts, "cannot write " + file.string());
    return {};
}

json or_null(const std::optional<Uuid>& id) {
    return id ? json(to_string(*id)) : json(nullptr);
}

std::unexpected<Error> no_entry(const char* member) {
    return failure(Remedy::refuse, std::string{"no record of an export: "} + member);
}

}  // namespace

Status check_export_folder(const fs::path& folder) {
    std::error_code code;
    if (!fs::exists(folder, code) || fs::is_empty(folder, code)) {
        if (code)
            return std::unexpected(Error{Remedy::operator_acts, code, "cannot look at " + folder.string()});
        return {};
    }
    return failure(Remedy::refuse, folder.string() + " is not empty: name a new folder");
}

std::string to_json_line(const Entry& entry) {
    const json line{
        {"index", entry.index},
        {"id", to_string(entry.id)},
        {"record", entry.text ? json(*entry.text) : json(nullptr)},
        {"salt", entry.salt ? json(to_hex(*entry.salt)) : json(nullptr)},
        {"erased_by", or_null(entry.erased_by)},
    };
    return line.dump() + '\n';
}

Result<Entry> entry_from(std::string_view text) {
    const json line = json::parse(text, nullptr, false);
    if (!line.is_object()) return no_entry("it is no JSON object");
    const auto text_of = [&](const char* name) -> std::optional<std::string> {
        const auto found = line.find(name);
        if (found == line.end() || !found->is_string()) return std::nullopt;
        return found->get<std::string>();
    };
    const auto index = line.find("index");
    if (index == line.end() || !index->is_number_unsigned()) return no_entry("index");
    const auto id = uuid_from_string(text_of("id").value_or(""));
    if (!id) return no_entry("id");
    Entry entry{
        .index = index->get<std::uint64_t>(),
        .id = *id,
        .text = text_of("record"),
        .salt = {},
        .erased_by = {},
    };
    if (const auto salt = text_of("salt")) {
        const auto bytes = from_hex(*salt);
        if (!bytes || bytes->size() != Salt{}.size()) return no_entry("salt");
        std::ranges::copy(*bytes, entry.salt.emplace().begin());
    }
    if (const auto by = text_of("erased_by")) {
        const auto reason = uuid_from_string(*by);
        if (!reason) return no_entry("erased_by");
        entry.erased_by = *reason;
    }
    return entry;
}

Status
write_export(LogReader& reader, const Checkpoint& head, const ExportHead& notes, const fs::path& folder) {
    if (auto empty = check_export_folder(folder); !empty) return empty;
    if (auto written = write_file(folder / "log.vkey", to_string(notes.key) + '\n'); !written) return written;
    if (auto written = write_tiles(reader, head.size, folder); !written) return written;
    if (auto written = write_records(reader, head.size, folder / "records.jsonl"); !written) return written;
    if (!notes.witnessed.empty())
        if (auto written = write_file(folder / "witnessed", notes.witnessed); !written) return written;
    // Last: without it there is no export.
    return write_file(folder / "checkpoint", notes.checkpoint);
}

Result<ExportHead> load_export_head(const fs::path& folder) {
    auto checkpoint = read_text_file(folder / "checkpoint", kMostNoteBytes);
    if (!checkpoint) return std::unexpected(checkpoint.error());
    auto key = load_verifier_file(folder / "log.vkey");
    if (!key) return std::unexpected(key.error());
    ExportHead head{.checkpoint = std::move(*checkpoint), .witnessed = {}, .key = std::move(*key)};
    std::error_code code;
    if (!fs::exists(folder / "witnessed", code)) return head;
    auto witnessed = read_text_file(folder / "witnessed", kMostNoteBytes);
    if (!witnessed) return std::unexpected(witnessed.error());
    head.witnessed = std::move(*witnessed);
    return head;
}

TilePath ExportReader::tile_at(std::optional<std::uint32_t> level, std::uint64_t first) const {
    const std::uint64_t stored = level ? size_ >> (8U * *level) : size_;
    const std::uint64_t number = first / kTileWidth;
    const std::uint64_t begin = std::min(number * kTileWidth, stored);
    return {.level = level, .number = number, .width = std::min(kTileWidth, stored - begin)};
}

Result<std::vector<Hash>> ExportReader::load(std::uint32_t level, std::uint64_t first, std::uint64_t count) {
    const TilePath tile = tile_at(level, first);
    if (tile != known_path_) {
        const auto bytes = read_text_file(folder_ / to_path(tile), kMostTileBytes);
        if (!bytes) return std::unexpected(bytes.error());
        auto hashes = tile_from(*bytes, tile.width);
        if (!hashes) return failure(Remedy::refuse, to_path(tile) + ": " + hashes.error().message());
        known_ = std::move(*hashes);
        known_path_ = tile;
    }
    const std::uint64_t offset = first % kTileWidth;
    if (offset + count > known_.size()) return failure(Remedy::refuse, to_path(tile) + " is too short");
    const auto begin = known_.begin() + static_cast<std::ptrdiff_t>(offset);
    return std::vector<Hash>{begin, begin + static_cast<std::ptrdiff_t>(count)};
}

Result<std::vector<Sha256Digest>> ExportReader::load_leaves(std::uint64_t first, std::uint64_t count) {
    const TilePath tile = tile_at(std::nullopt, first);
    const auto bytes = read_text_file(folder_ / to_path(tile), kMostTileBytes);
    if (!bytes) return std::unexpected(bytes.error());
    auto leaves = bundle_from(*bytes, tile.width);
    if (!leaves) return failure(Remedy::refuse, to_path(tile) + ": " + leaves.error().message());
    if (leaves->size() < count) return failure(Remedy::refuse, to_path(tile) + " is too short");
    return leaves;
}

Result<std::vector<Entry>> ExportReader::next_entries(std::size_t limit) {
    const fs::path file = folder_ / "records.jsonl";
    if (line_ == 0) records_.open(file, std::ios::binary);
    std::vector<Entry> entries;
    std::string text;
    while (entries.size() < limit && std::getline(records_, text)) {
        ++line_;
        if (text.size() > kMostLineBytes)
            return failure(Remedy::refuse, "records.jsonl: a line is over 64 MiB");
        auto entry = entry_from(text);
        if (!entry)
            return failure(
                Remedy::refuse, fmt::format("{}:{}: {}", file.string(), line_, entry.error().message())
            );
        entries.push_back(std::move(*entry));
    }
    if (line_ == 0 && !records_.is_open())
        return failure(Remedy::operator_acts, "cannot open " + file.string());
    return entries;
}

}  // namespace sluice::ledger
