#include "storage/ledger/canonical.hpp"
#include "storage/ledger/checkpoint.hpp"
#include "storage/ledger/tile.hpp"

#include <cstdint>
#include <cstdlib>
#include <string_view>

/// What a log, a witness or an export may hand us: whatever is accepted is written back as it came.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace sluice::ledger;
    const std::string_view text{reinterpret_cast<const char*>(data), size};

    if (const auto note = parse_note(text)) {
        if (to_string(*note) != text) std::abort();
        static const auto kKey = SigningKey::make("fuzz.example/log", KeyKind::log);
        if (is_signed_by(*note, kKey.verifier())) std::abort();
        static_cast<void>(cosigned_at(*note, kKey.verifier()));
    }
    if (const auto checkpoint = checkpoint_from(text))
        if (!text.starts_with(to_text(*checkpoint))) std::abort();
    if (const auto key = verifier_key_from(text))
        if (to_string(*key) != text) std::abort();
    static_cast<void>(SigningKey::from_text(text));
    if (const auto path = tile_path_from(text))
        if (to_path(*path).substr(5) != text) std::abort();
    const std::uint64_t width = size == 0 ? 0 : data[0];
    if (const auto tile = tile_from(text, width))
        if (to_tile(*tile) != text) std::abort();
    if (const auto bundle = bundle_from(text, width))
        if (to_bundle(*bundle) != text) std::abort();
    if (const auto json = canonical_json(text))
        if (canonical_json(*json).value() != *json) std::abort();
    return 0;
}
