#include "tests/support/farm/auth.hpp"

#include "config/base/base64.hpp"
#include "config/base/bytes.hpp"

#include <array>

#include <fmt/format.h>
#include <openssl/evp.h>

namespace sluice::farm {
namespace {

std::string hex_digest(const EVP_MD* kind, const std::string& text) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    EVP_Digest(text.data(), text.size(), digest.data(), &size, kind, nullptr);
    return to_hex({digest.data(), size});
}

/// Value of `name="value"` or `name=value` in a list of parameters.
std::string parameter(std::string_view list, std::string_view name) {
    std::size_t at = 0;
    while ((at = list.find(name, at)) != std::string_view::npos) {
        const bool is_whole = at == 0 || list[at - 1] == ' ' || list[at - 1] == ',';
        at += name.size();
        if (!is_whole || at >= list.size() || list[at] != '=') continue;
        std::string_view value = list.substr(at + 1);
        if (!value.starts_with('"')) return std::string{value.substr(0, value.find_first_of(", "))};
        value.remove_prefix(1);
        return std::string{value.substr(0, value.find('"'))};
    }
    return {};
}

bool is_right_digest(
    const Credentials& wanted,
    const std::string& nonce,
    const std::string& method,
    std::string_view list
) {
    const bool is_sha256 = parameter(list, "algorithm") == "SHA-256";
    if (is_sha256 && wanted.kind != AuthKind::digest_sha256) return false;
    const EVP_MD* const kind = is_sha256 ? EVP_sha256() : EVP_md5();
    const std::string secret =
        hex_digest(kind, fmt::format("{}:{}:{}", wanted.user, kRealm, wanted.password));
    const std::string request = hex_digest(kind, method + ":" + parameter(list, "uri"));
    const std::string quality = parameter(list, "qop");
    const std::string middle =
        quality.empty()
            ? nonce
            : fmt::format("{}:{}:{}:{}", nonce, parameter(list, "nc"), parameter(list, "cnonce"), quality);
    return parameter(list, "username") == wanted.user && parameter(list, "nonce") == nonce &&
           parameter(list, "response") == hex_digest(kind, secret + ":" + middle + ":" + request);
}

}  // namespace

std::optional<AuthKind> auth_kind_from(std::string_view word) {
    if (word == "none") return AuthKind::none;
    if (word == "basic") return AuthKind::basic;
    if (word == "digest") return AuthKind::digest_md5;
    if (word == "digest-sha256") return AuthKind::digest_sha256;
    return std::nullopt;
}

std::vector<std::string> challenges(AuthKind kind, const std::string& nonce) {
    std::vector<std::string> fields;
    if (kind == AuthKind::basic)
        fields.push_back(fmt::format("WWW-Authenticate: Basic realm=\"{}\"", kRealm));
    if (kind == AuthKind::digest_sha256)
        fields.push_back(fmt::format(
            "WWW-Authenticate: Digest realm=\"{}\", nonce=\"{}\", algorithm=SHA-256, qop=\"auth\"",
            kRealm,
            nonce
        ));
    if (kind == AuthKind::digest_sha256 || kind == AuthKind::digest_md5)
        fields.push_back(fmt::format("WWW-Authenticate: Digest realm=\"{}\", nonce=\"{}\"", kRealm, nonce));
    return fields;
}

bool is_authorized(
    const Credentials& wanted,
    const std::string& nonce,
    const std::string& method,
    std::string_view authorization
) {
    if (wanted.kind == AuthKind::none) return true;
    if (wanted.kind != AuthKind::basic)
        return authorization.starts_with("Digest ") &&
               is_right_digest(wanted, nonce, method, authorization.substr(7));
    if (!authorization.starts_with("Basic ")) return false;
    const auto plain = from_base64(authorization.substr(6));
    return plain && as_text(*plain) == wanted.user + ":" + wanted.password;
}

}  // namespace sluice::farm
