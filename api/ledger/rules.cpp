#include "api/ledger/rules.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace sluice::api {
namespace {

using http::problem;
using nlohmann::json;

/// The note with the signatures of one key and no other.
ledger::Note only(const ledger::Note& note, const ledger::VerifierKey& key) {
    ledger::Note part{.text = note.text, .signatures = {}};
    std::ranges::copy_if(note.signatures, std::back_inserter(part.signatures), [&](const auto& signature) {
        return signature.name == key.name && signature.key_id == key.id();
    });
    return part;
}

std::optional<catalogue::CosignatureRow> row_of(
    const ledger::Note& note,
    const ledger::Checkpoint& checkpoint,
    const ledger::VerifierKey& log,
    const std::string& witness
) {
    const auto key = ledger::verifier_key_from(witness);
    if (!key) return std::nullopt;
    const ledger::Note own = only(note, *key);
    const auto seconds = ledger::cosigned_at(own, *key);
    if (!seconds || own.signatures.size() != 1) return std::nullopt;
    return catalogue::CosignatureRow{
        .size = checkpoint.size,
        .root = checkpoint.root,
        .witness = key->name,
        .key_id = key->id(),
        .signed_at = UtcTime{std::chrono::seconds{*seconds}},
        .checkpoint = to_string(only(note, log)),
        .line = to_line(own.signatures.front()),
    };
}

template <class Digest>
json hex_or_null(const std::optional<Digest>& digest) {
    return digest ? json(to_hex(*digest)) : json(nullptr);
}

}  // namespace

std::expected<Cosigned, http::Problem>
read_cosigned(std::string_view text, const std::string& log_key, const std::vector<std::string>& witnesses) {
    const auto note = ledger::parse_note(text);
    if (!note)
        return std::unexpected(
            problem(400, "MALFORMED_NOTE", "The body is no signed note: " + note.error().message() + ".")
        );
    const auto key = ledger::verifier_key_from(log_key);
    const auto checkpoint =
        key ? ledger::open_checkpoint(*note, *key) : Result<ledger::Checkpoint>{std::unexpected(key.error())};
    if (!checkpoint)
        return std::unexpected(
            problem(422, "CHECKPOINT_NOT_OURS", "The note is no checkpoint that this log has signed.")
        );
    Cosigned cosigned{.checkpoint = *checkpoint, .rows = {}};
    for (const std::string& witness : witnesses)
        if (auto row = row_of(*note, *checkpoint, *key, witness)) cosigned.rows.push_back(std::move(*row));
    if (cosigned.rows.empty())
        return std::unexpected(problem(
            422,
            "COSIGNATURE_UNKNOWN",
            "No valid co-signature of a witness that is configured here (ledger.witnesses)."
        ));
    return cosigned;
}

std::string record_json(const catalogue::RecordRow& record) {
    const json object{
        {"index", record.index ? json(*record.index) : json(nullptr)},
        {"id", to_string(record.id)},
        {"at", to_rfc3339(record.at)},
        {"action", record.action},
        {"record", record.text ? json(*record.text) : json(nullptr)},
        {"salt", hex_or_null(record.salt)},
        {"leaf", hex_or_null(record.leaf)},
        {"erased_by", record.erased_by ? json(to_string(*record.erased_by)) : json(nullptr)},
    };
    return object.dump();
}

}  // namespace sluice::api
