#include "storage/account/password.hpp"

#include <set>

#include <catch2/catch.hpp>

namespace sluice::account {
namespace {

constexpr PasswordRules kRules{.least_letters = 12, .history = 3};

TEST_CASE("a password is argon2id and known only by being tried", "[account]") {
    const std::string hash = hash_password("correct horse battery").value();
    CHECK(hash.starts_with("$argon2id$v=19$m=65536,t=2,p=1$"));
    CHECK(is_password(hash, "correct horse battery"));
    CHECK_FALSE(is_password(hash, "correct horse batterY"));
    CHECK_FALSE(is_password(hash, ""));
    CHECK_FALSE(is_password(nobodys_hash(), ""));
    CHECK(nobodys_hash().starts_with("$argon2id$v=19$m=65536,t=2,p=1$"));
    CHECK_FALSE(is_password("", "x"));
    CHECK_FALSE(is_password(std::string(500, 'x'), "x"));
}

TEST_CASE("a password is the same however its accents were typed", "[account]") {
    CHECK(is_password(
        hash_password("caf\u00e9 caf\u00e9 caf\u00e9").value(), "cafe\u0301 cafe\u0301 cafe\u0301"
    ));
}

TEST_CASE("a new password is long, of different letters, and not the name", "[account][rule]") {
    CHECK(check_password("correct horse", "Anna", kRules).has_value());
    CHECK(check_password("十二個不一樣的中文字也可以", "Anna", kRules).has_value());
    for (const char* text :
         {"short", "elevenchars", "aaaaaaaaaaaaaaaaaa", "abababababababab", "my name is Anna ok"}) {
        INFO(text);
        CHECK_FALSE(check_password(text, "Anna", kRules).has_value());
    }
    CHECK_FALSE(check_password(std::string(600, 'x') + "abcdef", "Anna", kRules).has_value());
    CHECK_FALSE(check_password("\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8\xf7\xf6\xf5\xf4", "Anna", kRules).has_value()
    );
}

TEST_CASE("first passwords are all different and pass the rules", "[account]") {
    std::set<std::string> made;
    for (int i = 0; i < 100; ++i)
        made.insert(make_password());
    CHECK(made.size() == 100);
    CHECK(check_password(*made.begin(), "Anna", kRules).has_value());
}

}  // namespace
}  // namespace sluice::account
