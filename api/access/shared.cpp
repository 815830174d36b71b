#include "api/access/detail/shared.hpp"

#include "config/base/files.hpp"
#include "config/base/log.hpp"

#include <algorithm>
#include <charconv>

#include <openssl/crypto.h>

namespace sluice::api::access_detail {
namespace {

constexpr std::chrono::seconds kAskAgain{1};
constexpr std::chrono::seconds kOldestSignature{300};
constexpr std::size_t kMostSecretBytes = 4096;

std::unexpected<http::Problem> not_signed(std::string detail) {
    return std::unexpected(problem(401, "UNAUTHENTICATED", std::move(detail)));
}

std::optional<std::string> secret_of(const config::Config& config, const std::string& source) {
    const auto found = std::ranges::find(config.access.sources, source, &config::AccessSource::source);
    if (found == config.access.sources.end()) return std::nullopt;
    auto secret = read_text_file(found->secret_file, kMostSecretBytes);
    if (!secret) {
        log::error("access_secret_unreadable", {{"source", source}, {"error", secret.error().describe()}});
        return std::nullopt;
    }
    while (secret->ends_with('\n') || secret->ends_with('\r'))
        secret->pop_back();
    if (secret->empty()) return std::nullopt;
    return std::move(*secret);
}

bool is_equal(std::string_view left, std::string_view right) {
    return left.size() == right.size() && ::CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

}  // namespace

std::expected<access::CardKey, http::Problem> Shared::card_key(const Call& call) {
    if (const auto known = key_.with([](const auto& key) { return key; })) return *known;
    const auto loaded = access::load_or_make_card_key(access::card_key_file(call.services.config.data));
    if (!loaded) {
        log::error("card_key_missing", {{"error", loaded.error().describe()}});
        return std::unexpected(problem(
            503, "CARD_KEY_UNAVAILABLE", "The key that seals card numbers can't be read; its log says why."
        ));
    }
    key_.with([&](auto& key) { key = *loaded; });
    return *loaded;
}

std::expected<std::shared_ptr<const catalogue::DoorNames>, http::Problem> Shared::names(const Call& call) {
    const Deadline now = std::chrono::steady_clock::now();
    const auto known = known_.with([&](const Known& state) {
        return now < state.ask_again ? state.names : std::shared_ptr<const catalogue::DoorNames>{};
    });
    if (known) return known;
    auto loaded = catalogue::load_door_names(call.services.database.pool());
    if (!loaded) return std::unexpected(to_problem(loaded.error()));
    const auto fresh = std::make_shared<const catalogue::DoorNames>(std::move(*loaded));
    known_.with([&](Known& state) { state = {fresh, now + kAskAgain}; });
    return fresh;
}

std::expected<std::string, http::Problem> signed_source(const Call& call) {
    const std::string* source = call.request.find_header("sluice-source");
    const std::string* timestamp = call.request.find_header("sluice-timestamp");
    const std::string* signature = call.request.find_header("sluice-signature");
    if (source == nullptr || timestamp == nullptr || signature == nullptr)
        return not_signed("A token is needed, or Sluice-Source, Sluice-Timestamp and Sluice-Signature.");
    std::int64_t seconds = 0;
    const auto [end, code] =
        std::from_chars(timestamp->data(), timestamp->data() + timestamp->size(), seconds);
    if (code != std::errc{} || end != timestamp->data() + timestamp->size() || seconds < 0 ||
        seconds > 253'402'300'799)
        return not_signed("Sluice-Timestamp must be seconds since 1970.");
    const auto secret = secret_of(call.services.config, *source);
    const std::string text = *timestamp + '.' + call.request.body;
    const std::string expected =
        "sha256=" + to_hex(access::hmac_sha256(as_bytes(secret.value_or(std::string{})), as_bytes(text)));
    if (!is_equal(expected, *signature) || !secret)
        return not_signed("The signature is not that of this source over this body.");
    const auto age = call.now - UtcTime{std::chrono::seconds{seconds}};
    if (age > kOldestSignature || age < -kOldestSignature)
        return not_signed("The signature's time is over five minutes from now: set the clock, sign anew.");
    return *source;
}

}  // namespace sluice::api::access_detail
