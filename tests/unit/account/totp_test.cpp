#include "storage/account/totp.hpp"

#include <catch2/catch.hpp>

namespace sluice::account {
namespace {

using namespace std::chrono_literals;

/// RFC 6238, appendix B: the secret of its SHA-1 vectors, of whose codes these are the last six digits.
const Bytes kSecret = [] {
    const std::string_view text = "12345678901234567890";
    return Bytes{text.begin(), text.end()};
}();

UtcTime at(std::int64_t seconds) {
    return UtcTime{std::chrono::seconds{seconds}};
}

TEST_CASE("codes are those of RFC 6238", "[account]") {
    struct Vector {
        std::int64_t seconds;
        const char* code;
    };
    for (const auto& [seconds, code] :
         {Vector{59, "287082"},
          Vector{1111111109, "081804"},
          Vector{1111111111, "050471"},
          Vector{1234567890, "005924"},
          Vector{2000000000, "279037"},
          Vector{20000000000, "353130"}}) {
        CHECK(totp_code(kSecret, totp_step(at(seconds))) == code);
        CHECK(find_totp_step(kSecret, code, at(seconds)) == totp_step(at(seconds)));
    }
}

TEST_CASE("a code counts one step early and one late, no more", "[account][rule]") {
    const std::int64_t step = totp_step(at(1111111109));
    const std::string code = totp_code(kSecret, step);
    CHECK(find_totp_step(kSecret, code, at(1111111109 - 30)) == step);
    CHECK(find_totp_step(kSecret, code, at(1111111109 + 30)) == step);
    CHECK_FALSE(find_totp_step(kSecret, code, at(1111111109 - 60)));
    CHECK_FALSE(find_totp_step(kSecret, code, at(1111111109 + 60)));
    for (const char* wrong : {"", "08180", "0818040", "81804", "abcdef"})
        CHECK_FALSE(find_totp_step(kSecret, wrong, at(1111111109)));
}

TEST_CASE("an authenticator reads the secret from its address", "[account]") {
    CHECK(
        totp_uri("王 A", kSecret) ==
        "otpauth://totp/Sluice:%E7%8E%8B%20A?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Sluice"
    );
    CHECK(make_totp_secret().size() == 20);
    CHECK(make_totp_secret() != make_totp_secret());
}

}  // namespace
}  // namespace sluice::account
