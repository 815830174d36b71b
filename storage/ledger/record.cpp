#include "storage/ledger/record.hpp"

#include "storage/ledger/canonical.hpp"

#include <nlohmann/json.hpp>
#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace sluice::ledger {
namespace {

using nlohmann::json;

bool is_action(std::string_view action) {
    bool has_dot = false;
    char before = '.';
    for (const char letter : action) {
        const bool is_word =
            (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') || letter == '_';
        if (!is_word && (letter != '.' || before == '.')) return false;
        has_dot = has_dot || letter == '.';
        before = letter;
    }
    return has_dot && before != '.';
}

template <class Value, class Write>
json or_null(const std::optional<Value>& value, Write write) {
    return value ? json(write(*value)) : json(nullptr);
}

}  // namespace

Result<Record> make_record(const Act& act, UtcTime now) {
    if (!is_action(act.action))
        return failure(Remedy::refuse, "record: '" + act.action + "' is no action such as hold.placed");
    if (act.actor.name.empty() || act.actor.role.empty())
        return failure(Remedy::refuse, "record of " + act.action + ": nobody is named as its actor");
    const json facts = json::parse(act.facts, nullptr, false);
    if (!facts.is_object())
        return failure(Remedy::refuse, "record of " + act.action + ": the facts are no JSON object");
    // Twice: the members that stand twice or the fractions are seen in the text only.
    if (const auto checked = canonical_json(act.facts); !checked) return std::unexpected(checked.error());

    Record record{.id = make_uuid_v7(now), .text = {}, .salt = {}};
    const json whole{
        {"format", 1},
        {"id", to_string(record.id)},
        {"at", to_rfc3339(now)},
        {"action", act.action},
        {"principal",
         {{"id", or_null(act.actor.id, [](const Uuid& id) { return to_string(id); })},
          {"name", act.actor.name},
          {"role", act.actor.role}}},
        {"subject", {{"kind", act.subject.kind}, {"id", act.subject.id}}},
        {"facts", facts},
        {"policy_version", or_null(act.policy_version, [](const std::string& version) { return version; })},
    };
    // A name that is not UTF-8 must not keep an act from being recorded.
    auto text = canonical_json(whole.dump(-1, ' ', false, json::error_handler_t::replace));
    if (!text) return std::unexpected(text.error());
    record.text = std::move(*text);
    fill_random(record.salt.data(), record.salt.size());
    return record;
}

Sha256Digest leaf_data(const Salt& salt, std::string_view text) {
    Sha256Digest digest{};
    const ByteView bytes = as_bytes(text);
    unsigned length = 0;
    ::HMAC(
        ::EVP_sha256(),
        salt.data(),
        static_cast<int>(salt.size()),
        bytes.data(),
        bytes.size(),
        digest.data(),
        &length
    );
    return digest;
}

}  // namespace sluice::ledger
