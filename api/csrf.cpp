#include "api/csrf.hpp"

#include "config/base/base64.hpp"
#include "config/base/bytes.hpp"

#include <openssl/crypto.h>

namespace sluice::api {

std::string csrf_token_of(const std::string& cookie) {
    return to_base64url(sha256(as_bytes("sluice csrf token of " + cookie)));
}

bool is_from_own_page(const http::Request& request, const std::string& cookie) {
    if (http::is_safe(request)) return true;
    const std::string* given = request.find_header("x-csrf-token");
    const std::string expected = csrf_token_of(cookie);
    return given != nullptr && given->size() == expected.size() &&
           CRYPTO_memcmp(given->data(), expected.data(), expected.size()) == 0;
}

}  // namespace sluice::api
