#include "api/ledger/routes.hpp"

#include "api/ledger/rules.hpp"
#include "storage/catalogue/ledger_repository.hpp"
#include "storage/ledger/tile.hpp"

#include <charconv>
#include <utility>

namespace sluice::api {
namespace {

http::Response plain(std::string text, std::string type, std::string caching) {
    http::Response response;
    response.set("Content-Type", std::move(type));
    response.set("Cache-Control", std::move(caching));
    response.body = std::move(text);
    return response;
}

http::Response note_response(std::string note) {
    return plain(std::move(note), "text/plain; charset=utf-8", "no-store");
}

http::Problem nothing_signed() {
    return problem(404, "LEDGER_EMPTY", "Nothing is signed yet.");
}

Answer send_checkpoint(const Call& call) {
    catalogue::Pool& pool = call.services.database.pool();
    const std::string* witnessed = call.parameters.find("witnessed");
    if (witnessed != nullptr && *witnessed != "true")
        return std::unexpected(bad_parameter("witnessed", "`true` is the only word."));
    if (witnessed != nullptr) {
        const auto rows = catalogue::load_newest_cosignatures(pool);
        if (!rows) return std::unexpected(to_problem(rows.error()));
        if (rows->empty())
            return std::unexpected(problem(404, "NOT_WITNESSED", "No witness has co-signed a checkpoint yet.")
            );
        return note_response(catalogue::to_note(*rows));
    }
    const auto tree = catalogue::load_tree(pool);
    if (!tree) return std::unexpected(to_problem(tree.error()));
    if (tree->checkpoint.empty()) return std::unexpected(nothing_signed());
    return note_response(tree->checkpoint);
}

Answer send_key(const Call& call) {
    const auto tree = catalogue::load_tree(call.services.database.pool());
    if (!tree) return std::unexpected(to_problem(tree.error()));
    if (tree->key.empty()) return std::unexpected(nothing_signed());
    return note_response(tree->key + "\n");
}

/// The bytes of a tile that is there in this width; nullopt: it is not.
Result<std::optional<std::string>> load_tile(catalogue::Pool& pool, const ledger::TilePath& tile) {
    const std::uint64_t first = tile.number * ledger::kTileWidth;
    if (!tile.level) {
        const auto leaves = catalogue::load_leaves(pool, first, tile.width);
        if (!leaves) return std::unexpected(leaves.error());
        if (leaves->size() != tile.width) return std::optional<std::string>{};
        return ledger::to_bundle(*leaves);
    }
    const auto hashes = catalogue::PoolHashes{pool}.load(*tile.level, first, tile.width);
    if (!hashes) return std::unexpected(hashes.error());
    if (hashes->size() != tile.width) return std::optional<std::string>{};
    return ledger::to_tile(*hashes);
}

Answer send_tile(const Call& call) {
    const auto absent = problem(404, "TILE_NOT_FOUND", "The log has no such tile.");
    const auto tile = ledger::tile_path_from(call.variables[0]);
    if (!tile) return std::unexpected(absent);
    auto bytes = load_tile(call.services.database.pool(), *tile);
    if (!bytes) return std::unexpected(to_problem(bytes.error()));
    if (!*bytes) return std::unexpected(absent);
    return plain(std::move(**bytes), "application/octet-stream", "private, max-age=31536000, immutable");
}

Answer list_records(const Call& call) {
    const auto limit = call.parameters.limit();
    if (!limit) return std::unexpected(limit.error());
    std::uint64_t first = 0;
    if (const std::string* cursor = call.parameters.find("cursor")) {
        const char* const end = cursor->data() + cursor->size();
        const auto [stopped, error] = std::from_chars(cursor->data(), end, first);
        if (error != std::errc{} || stopped != end || first > ledger::kLargestTree)
            return std::unexpected(bad_parameter("cursor", "The index of a record, such as `next` names."));
    }
    const auto rows = catalogue::load_records(call.services.database.pool(), first, *limit);
    if (!rows) return std::unexpected(to_problem(rows.error()));
    std::string items;
    for (const catalogue::RecordRow& row : *rows)
        items += (items.empty() ? "" : ",") + record_json(row);
    const bool is_whole_page = rows->size() == *limit;
    const std::string next =
        is_whole_page ? '"' + std::to_string(rows->back().index.value_or(0) + 1) + '"' : "null";
    http::Response response = json_response("{\"items\":[" + items + "],\"next\":" + next + "}");
    return response;
}

/// The database's tree, as far as the witness has seen it, has the root that it co-signed.
std::expected<void, http::Problem>
check_consistent(catalogue::Pool& pool, const ledger::Checkpoint& seen, std::uint64_t size) {
    catalogue::PoolHashes hashes{pool};
    ledger::Tree tree{hashes, size};
    const auto root = seen.size <= size ? tree.root(seen.size) : Result<ledger::Hash>{ledger::Hash{}};
    if (!root) return std::unexpected(to_problem(root.error()));
    if (seen.size <= size && *root == seen.root) return {};
    return std::unexpected(problem(
        409,
        "CHECKPOINT_INCONSISTENT",
        "This log does not continue the checkpoint: keep it, and tell who audits."
    ));
}

Answer take_cosignatures(const Call& call) {
    catalogue::Pool& pool = call.services.database.pool();
    const auto tree = catalogue::load_tree(pool);
    if (!tree) return std::unexpected(to_problem(tree.error()));
    if (tree->key.empty()) return std::unexpected(nothing_signed());
    const auto cosigned = read_cosigned(call.request.body, tree->key, call.services.config.ledger.witnesses);
    if (!cosigned) return std::unexpected(cosigned.error());
    if (auto same = check_consistent(pool, cosigned->checkpoint, tree->size); !same)
        return std::unexpected(same.error());
    unsigned taken = 0;
    for (const catalogue::CosignatureRow& row : cosigned->rows) {
        const auto is_new = catalogue::add_cosignature(pool, row);
        if (!is_new) return std::unexpected(to_problem(is_new.error()));
        taken += *is_new ? 1 : 0;
    }
    return json_response(
        "{\"size\":" + std::to_string(cosigned->checkpoint.size) + ",\"taken\":" + std::to_string(taken) + "}"
    );
}

}  // namespace

void add_ledger_routes(Routes& routes) {
    routes.push_back(
        make_route("GET", "/v1/ledger/checkpoint", Action::read_ledger, {"witnessed"}, send_checkpoint)
    );
    routes.push_back(make_route("GET", "/v1/ledger/key", Action::read_ledger, {}, send_key));
    routes.push_back(make_route("GET", "/v1/ledger/tile/{path+}", Action::read_ledger, {}, send_tile));
    routes.push_back(
        make_route("GET", "/v1/ledger/records", Action::read_records, {"limit", "cursor"}, list_records)
    );
    routes.push_back(
        make_route("POST", "/v1/ledger/cosignatures", Action::cosign_ledger, {}, take_cosignatures)
    );
}

}  // namespace sluice::api
