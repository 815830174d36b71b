#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What a camera asks for before it shows anything (RFC 7617, RFC 7616).
namespace sluice::farm {

enum class AuthKind { none, basic, digest_md5, digest_sha256 };
[[nodiscard]] std::optional<AuthKind> auth_kind_from(std::string_view word);

struct Credentials {
    AuthKind kind = AuthKind::none;
    std::string user;
    std::string password;
};

inline constexpr std::string_view kRealm = "rtsp-farm";

/// WWW-Authenticate fields of a 401; SHA-256 is offered first and MD5 beside it, as the standard asks for.
[[nodiscard]] std::vector<std::string> challenges(AuthKind kind, const std::string& nonce);

/// Whether an Authorization field is right for a request.
[[nodiscard]] bool is_authorized(
    const Credentials& wanted,
    const std::string& nonce,
    const std::string& method,
    std::string_view authorization
);

}  // namespace sluice::farm
