#include "storage/catalogue/log_export.hpp"

#include "storage/catalogue/ledger_repository.hpp"
#include "storage/catalogue/log_reader.hpp"
#include "storage/ledger/key_file.hpp"

#include <system_error>
#include <utility>

namespace sluice::catalogue {

Result<std::optional<ledger::Checkpoint>>
export_log(Pool& pool, const std::filesystem::path& data, const std::filesystem::path& folder) {
    const auto tree = load_tree(pool);
    if (!tree) return std::unexpected(tree.error());
    if (tree->checkpoint.empty()) return std::nullopt;
    auto key = ledger::load_verifier_file(ledger::verifier_file(data));
    if (!key) return std::unexpected(key.error());
    const auto witnessed = load_newest_cosignatures(pool);
    if (!witnessed) return std::unexpected(witnessed.error());
    const auto note = ledger::parse_note(tree->checkpoint);
    if (!note) return std::unexpected(note.error());
    const auto head = ledger::open_checkpoint(*note, *key);
    if (!head) return std::unexpected(head.error());
    const ledger::ExportHead notes{
        .checkpoint = tree->checkpoint, .witnessed = to_note(*witnessed), .key = std::move(*key)
    };
    LogReader reader{pool};
    if (const Status written = ledger::write_export(reader, *head, notes, folder); !written)
        return std::unexpected(written.error());
    return *head;
}

}  // namespace sluice::catalogue
