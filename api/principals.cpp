#include "api/principals.hpp"

#include "api/http/text.hpp"
#include "config/base/base64.hpp"
#include "config/base/token.hpp"

namespace sluice::api {
namespace {

constexpr auto kFresh = std::chrono::seconds{5};
constexpr auto kRemembered = std::chrono::hours{24};
constexpr std::size_t kMostKnown = 4096;

bool is_valid_at(const catalogue::PrincipalRow& principal, UtcTime now) {
    return principal.valid_from <= now && (!principal.valid_to || now < *principal.valid_to);
}

std::optional<std::string> find_named_cookie(const http::Request& request, std::string_view name) {
    const std::string* header = request.find_header("cookie");
    if (header == nullptr) return std::nullopt;
    for (const std::string_view pair : http::split(*header, ';')) {
        const std::string_view trimmed = http::trim(pair);
        const std::size_t equals = trimmed.find('=');
        if (equals == std::string_view::npos || trimmed.substr(0, equals) != name) continue;
        const std::string_view value = trimmed.substr(equals + 1);
        // One of the name that is no token hides none behind it.
        if (is_token(value)) return std::string{value};
    }
    return std::nullopt;
}

}  // namespace

std::optional<std::string> find_token(const http::Request& request) {
    const std::string* header = request.find_header("authorization");
    if (header == nullptr) return std::nullopt;
    const std::string_view value = http::trim(*header);
    const std::size_t space = value.find(' ');
    if (space == std::string_view::npos) return std::nullopt;
    const std::string_view scheme = value.substr(0, space);
    const std::string_view rest = http::trim(value.substr(space + 1));
    std::optional<std::string> token;
    if (http::is_same_word(scheme, "bearer")) {
        token = std::string{rest};
    } else if (http::is_same_word(scheme, "basic")) {
        const auto decoded = from_base64(rest);
        if (!decoded) return std::nullopt;
        const std::string_view pair = as_text(*decoded);
        const std::size_t colon = pair.find(':');
        if (colon != std::string_view::npos) token = std::string{pair.substr(colon + 1)};
    }
    if (!token || !is_token(*token)) return std::nullopt;
    return token;
}

std::optional<std::string> find_viewing_token(const http::Request& request) {
    auto cookie = find_named_cookie(request, kViewingCookie);
    return cookie ? std::move(cookie) : find_token(request);
}

std::optional<std::string> find_cookie(const http::Request& request) {
    return find_named_cookie(request, kSessionCookie);
}

void Principals::forget(const std::string& token) {
    known_.with([hash = token_hash(token)](auto& known) { known.erase(hash); });
}

Result<std::optional<catalogue::PrincipalRow>> Principals::find(const std::string& token, UtcTime now) {
    const Sha256Digest hash = token_hash(token);
    const Deadline asked = std::chrono::steady_clock::now();
    auto fresh = known_.with([&](const auto& known) -> std::optional<Known> {
        const auto found = known.find(hash);
        if (found == known.end() || asked - found->second.asked >= kFresh) return std::nullopt;
        return found->second;
    });
    if (!fresh) {
        auto principal = lookup_(hash, now);
        if (!principal) return std::unexpected(principal.error());
        fresh = Known{std::move(*principal), asked};
        known_.with([&](auto& known) {
            // Wrong tokens are not kept: guessing must not push the right ones out.
            if (!fresh->principal) {
                known.erase(hash);
                return;
            }
            if (known.size() >= kMostKnown) known.clear();
            known.insert_or_assign(hash, *fresh);
        });
    }
    if (fresh->principal && !is_valid_at(*fresh->principal, now)) return std::nullopt;
    return fresh->principal;
}

std::optional<catalogue::PrincipalRow> Principals::find_remembered(const std::string& token, UtcTime now)
    const {
    const Sha256Digest hash = token_hash(token);
    const Deadline limit = std::chrono::steady_clock::now() - kRemembered;
    auto principal = known_.with([&](const auto& known) {
        const auto found = known.find(hash);
        const bool is_known = found != known.end() && found->second.asked >= limit;
        return is_known ? found->second.principal : std::nullopt;
    });
    if (principal && !is_valid_at(*principal, now)) return std::nullopt;
    return principal;
}

}  // namespace sluice::api
