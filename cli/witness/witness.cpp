#include "cli/witness/witness.hpp"

#include "config/base/files.hpp"
#include "storage/ledger/tile.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace sluice::witness {
namespace {

namespace fs = std::filesystem;
using ledger::Checkpoint;

constexpr std::size_t kMostNoteBytes = 64U << 10U;

Result<std::string> need(HttpClient& client, const std::string& path) {
    auto answer = client.get(path);
    if (!answer) return std::unexpected(answer.error());
    if (answer->status == 200) return std::move(answer->body);
    return failure(
        Remedy::retry,
        fmt::format("GET {} was answered {}: {}", path, answer->status, answer->body.substr(0, 300))
    );
}

std::unexpected<Error> inconsistent(std::string what) {
    return failure(
        Remedy::refuse,
        "THE LOG IS INCONSISTENT: " + std::move(what) + ". Keep the state file and tell who audits.",
        "inconsistent"
    );
}

/// nullopt: nothing was ever seen.
Result<std::optional<Checkpoint>> load_seen(const Round& round) {
    std::error_code code;
    if (!fs::exists(round.state_file, code) && !code) return std::optional<Checkpoint>{};
    const auto text = read_text_file(round.state_file, kMostNoteBytes);
    if (!text) return std::unexpected(text.error());
    const auto note = ledger::parse_note(*text);
    if (!note) return std::unexpected(note.error());
    const auto seen = ledger::open_checkpoint(*note, round.log_key);
    if (!seen)
        return failure(Remedy::operator_acts, round.state_file.string() + ": " + seen.error().message());
    return std::optional{*seen};
}

}  // namespace

Result<std::vector<ledger::Hash>>
HttpHashes::load(std::uint32_t level, std::uint64_t first, std::uint64_t count) {
    const std::uint64_t stored = size_ >> (8U * level);
    const std::uint64_t number = first / ledger::kTileWidth;
    const ledger::TilePath tile{
        .level = level,
        .number = number,
        .width = std::min(ledger::kTileWidth, stored - number * ledger::kTileWidth)
    };
    const auto bytes = need(client_, "/v1/ledger/" + to_path(tile));
    if (!bytes) return std::unexpected(bytes.error());
    auto hashes = ledger::tile_from(*bytes, tile.width);
    if (!hashes) return hashes;
    const auto begin = hashes->begin() + static_cast<std::ptrdiff_t>(first % ledger::kTileWidth);
    return std::vector<ledger::Hash>{begin, begin + static_cast<std::ptrdiff_t>(count)};
}

Status check_continues(const Checkpoint& seen, const Checkpoint& head, ledger::HashSource& hashes) {
    if (head.size < seen.size)
        return inconsistent(fmt::format("it had {} records and has {}", seen.size, head.size));
    ledger::Tree tree{hashes, head.size};
    const auto root = tree.root(head.size);
    if (!root) return std::unexpected(root.error());
    if (*root != head.root) return inconsistent("its tiles do not give the root that it signed");
    const auto proof = tree.consistency_proof(seen.size, head.size);
    if (!proof) return std::unexpected(proof.error());
    if (ledger::verify_consistency(seen.size, seen.root, head.size, head.root, *proof)) return {};
    return inconsistent(fmt::format("its first {} records are not those that were seen", seen.size));
}

Result<Checkpoint>
witness_once(HttpClient& client, const Round& round, const ledger::SigningKey& key, UtcTime now) {
    const auto seen = load_seen(round);
    if (!seen) return std::unexpected(seen.error());
    const auto text = need(client, "/v1/ledger/checkpoint");
    if (!text) return std::unexpected(text.error());
    auto note = ledger::parse_note(*text);
    if (!note) return std::unexpected(note.error());
    const auto head = ledger::open_checkpoint(*note, round.log_key);
    if (!head) return std::unexpected(head.error());
    HttpHashes hashes{client, head->size};
    const Checkpoint before =
        seen->value_or(Checkpoint{.origin = head->origin, .size = 0, .root = ledger::empty_root()});
    if (auto continues = check_continues(before, *head, hashes); !continues)
        return std::unexpected(continues.error());
    // First remembered, then said: a co-signature of something forgotten could be followed by one of its
    // opposite.
    if (auto kept = replace_file(round.state_file, *text, 0640); !kept) return std::unexpected(kept.error());
    const std::int64_t seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
    note->signatures.push_back(key.cosign(note->text, seconds));
    const auto posted = client.post_text("/v1/ledger/cosignatures", to_string(*note));
    if (!posted) return std::unexpected(posted.error());
    if (posted->status != 200)
        return failure(
            Remedy::retry,
            fmt::format("the co-signature was answered {}: {}", posted->status, posted->body.substr(0, 300))
        );
    return *head;
}

}  // namespace sluice::witness
