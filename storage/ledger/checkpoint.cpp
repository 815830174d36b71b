#include "storage/ledger/checkpoint.hpp"

#include "config/base/base64.hpp"
#include "storage/ledger/detail/text.hpp"

#include <algorithm>

namespace sluice::ledger {

std::string to_text(const Checkpoint& checkpoint) {
    return checkpoint.origin + '\n' + std::to_string(checkpoint.size) + '\n' + to_base64(checkpoint.root) +
           '\n';
}

Result<Checkpoint> checkpoint_from(std::string_view text) {
    const auto refuse = [](const char* why) {
        return failure(Remedy::refuse, std::string{"checkpoint: "} + why);
    };
    if (!text.ends_with('\n')) return refuse("its last line has no end");
    Checkpoint checkpoint;
    checkpoint.origin = detail::take_until(text, '\n');
    const auto size = detail::from_decimal(detail::take_until(text, '\n'), kLargestTree);
    const auto root = detail::from_strict_base64(detail::take_until(text, '\n'));
    if (checkpoint.origin.empty()) return refuse("no origin");
    if (!size) return refuse("the second line is no number of leaves");
    if (!root || root->size() != checkpoint.root.size()) return refuse("the third line is no hash in base64");
    if (text.starts_with('\n') || text.contains("\n\n")) return refuse("an empty line");
    checkpoint.size = *size;
    std::ranges::copy(*root, checkpoint.root.begin());
    return checkpoint;
}

std::string sign_checkpoint(std::uint64_t size, const Hash& root, const SigningKey& key) {
    Note note{.text = to_text({.origin = key.verifier().name, .size = size, .root = root}), .signatures = {}};
    note.signatures.push_back(key.sign(note.text));
    return to_string(note);
}

Result<Checkpoint> open_checkpoint(const Note& note, const VerifierKey& key) {
    if (!is_signed_by(note, key))
        return failure(Remedy::refuse, "checkpoint: no valid signature of " + to_string(key));
    auto checkpoint = checkpoint_from(note.text);
    if (checkpoint && checkpoint->origin != key.name)
        return failure(
            Remedy::refuse, "checkpoint: of the log " + checkpoint->origin + ", not of " + key.name
        );
    return checkpoint;
}

}  // namespace sluice::ledger
