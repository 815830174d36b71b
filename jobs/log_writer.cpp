#include "jobs/log_writer.hpp"

#include "config/base/files.hpp"
#include "config/base/log.hpp"
#include "storage/ledger/key_file.hpp"

#include <fmt/format.h>

namespace sluice::jobs {
namespace {

namespace fs = std::filesystem;
using catalogue::SequencingSession;
using catalogue::TreeRow;

constexpr std::size_t kMostRecords = 1000;
constexpr std::size_t kMostFileBytes = 64U << 10U;

std::unexpected<Error> trouble(std::string what) {
    return failure(Remedy::operator_acts, std::move(what), "ledger_trouble");
}

Status make_folder(const fs::path& folder) {
    std::error_code code;
    if (!fs::create_directories(folder, code) && code)
        return std::unexpected(Error{Remedy::operator_acts, code, "cannot make " + folder.string()});
    return {};
}

/// A first key for a log that does not exist yet; never a second one for a log that does.
Result<ledger::SigningKey> make_key(const fs::path& file, UtcTime now) {
    auto key = ledger::SigningKey::make("sluice/" + to_string(make_uuid_v7(now)), ledger::KeyKind::log);
    if (auto saved = ledger::save_new_key(file, key); !saved) return std::unexpected(saved.error());
    log::info("ledger_key_made", {{"path", file.string()}, {"verifier_key", to_string(key.verifier())}});
    return key;
}

Result<ledger::SigningKey> get_key(const LogSettings& settings, const TreeRow& tree, UtcTime now) {
    const bool is_ours = settings.key_file.empty();
    const fs::path file = is_ours ? ledger::default_key_file(settings.data) : settings.key_file;
    auto key = ledger::load_key_file(file);
    const bool is_missing = !key && key.error().code() == std::errc::no_such_file_or_directory;
    if (is_missing && is_ours && tree.checkpoint.empty()) return make_key(file, now);
    if (!key) return trouble(key.error().describe());
    if (key->verifier().kind != ledger::KeyKind::log)
        return trouble(file.string() + " is the key of a witness, not of a log");
    return key;
}

Result<std::string> read_if_there(const fs::path& file) {
    std::error_code code;
    if (!fs::exists(file, code) && !code) return std::string{};
    return read_text_file(file, kMostFileBytes);
}

Result<ledger::Checkpoint> open_text(const std::string& text, const ledger::VerifierKey& key) {
    const auto note = ledger::parse_note(text);
    if (!note) return std::unexpected(note.error());
    return ledger::open_checkpoint(*note, key);
}

}  // namespace

Result<LogWriter> LogWriter::open(const LogSettings& settings) {
    auto session = SequencingSession::open(settings.conninfo);
    if (!session) return std::unexpected(session.error());
    const auto tree = (*session)->load_tree();
    if (!tree) return std::unexpected(tree.error());
    const auto tell = [&](const Error& error) {
        if (error.remedy() == Remedy::operator_acts)
            log_and_drop((*session)->say_trouble(error.describe()), "the log line says it too");
        return std::unexpected(error);
    };
    if (auto made = make_folder(ledger::ledger_folder(settings.data)); !made) return tell(made.error());
    auto key = get_key(settings, *tree, RealClock{}.now());
    if (!key) return tell(key.error());
    LogWriter writer{std::move(*session), std::move(*key)};
    const auto compared = writer.compare(*tree, settings.data);
    if (compared) return writer;
    session = std::move(writer.session_);
    return tell(compared.error());
}

/// The database's own word against its signature and against what its hashes give.
Status LogWriter::compare(const TreeRow& row, const fs::path& data) {
    checkpoint_file_ = ledger::checkpoint_file(data);
    is_signed_ = !row.checkpoint.empty();
    if (is_signed_) {
        const auto checkpoint = open_text(row.checkpoint, key_.verifier());
        if (!checkpoint)
            return trouble(
                "the ledger's checkpoint in the database is not ours: " + checkpoint.error().message()
            );
        if (checkpoint->size != row.size || checkpoint->root != row.root)
            return trouble("the ledger's tree in the database is not the one that was signed");
    }
    ledger::Tree tree{session_->hashes(), row.size};
    auto frontier = ledger::Frontier::load(tree, row.size);
    if (!frontier && frontier.error().remedy() == Remedy::retry) return std::unexpected(frontier.error());
    if (!frontier) return trouble(frontier.error().message());
    if (frontier->root() != row.root)
        return trouble("the ledger's records in the database do not give the root that was signed");
    frontier_ = std::move(*frontier);
    if (auto same = compare_with_own(tree, checkpoint_file_); !same) return same;
    if (is_signed_)
        if (auto kept = keep(row.checkpoint); !kept) return kept;
    const std::string key = to_string(key_.verifier());
    if (auto said = session_->say_key(key); !said) return said;
    return replace_file(ledger::verifier_file(data), key + '\n', 0644);
}

/// What this machine has signed is a beginning of the database's tree: otherwise somebody has put the
/// database back, and signing on would say two different things of one log.
Status LogWriter::compare_with_own(ledger::Tree& tree, const fs::path& file) {
    const auto text = read_if_there(file);
    if (!text) return std::unexpected(text.error());
    if (text->empty()) return {};
    const auto own = open_text(*text, key_.verifier());
    if (!own) return trouble(file.string() + " is not of this log: " + own.error().message());
    if (own->size > tree.size())
        return trouble(fmt::format(
            "this machine has signed {} records, the database has {}: it was put back to an older state",
            own->size,
            tree.size()
        ));
    const auto root = tree.root(own->size);
    if (!root) return std::unexpected(root.error());
    if (*root != own->root)
        return trouble(fmt::format(
            "the first {} records in the database are not those that this machine has signed", own->size
        ));
    return {};
}

/// After the commit: a checkpoint in the file alone could never be made good.
Status LogWriter::keep(const std::string& checkpoint) const {
    return replace_file(checkpoint_file_, checkpoint, 0644);
}

Result<std::size_t> LogWriter::step(UtcTime now) {
    const auto waiting = session_->load_waiting(kMostRecords);
    if (!waiting) return std::unexpected(waiting.error());
    if (waiting->empty() && is_signed_) return 0;
    ledger::Frontier frontier = frontier_;
    catalogue::TreeStep step{
        .old_size = frontier_.size(),
        .old_root = frontier_.root(),
        .records = {},
        .leaves = {},
        .nodes = {},
        .root = {},
        .checkpoint = {},
    };
    for (const catalogue::WaitingRecord& record : *waiting) {
        step.records.push_back(record.id);
        step.leaves.push_back(ledger::leaf_data(record.salt, record.text));
        frontier.add(ledger::leaf_hash(step.leaves.back()), step.nodes);
    }
    step.root = frontier.root();
    step.checkpoint = ledger::sign_checkpoint(frontier.size(), step.root, key_);
    if (auto extended = session_->extend(step, now); !extended) return std::unexpected(extended.error());
    frontier_ = std::move(frontier);
    is_signed_ = true;
    if (auto kept = keep(step.checkpoint); !kept) return std::unexpected(kept.error());
    return waiting->size();
}

}  // namespace sluice::jobs
