#include "jobs/arguments.hpp"

#include <catch2/catch.hpp>

namespace sluice::jobs {
namespace {

TEST_CASE("a purge's arguments are flags, and nothing else", "[jobs][rule]") {
    const auto none = purge_arguments_from("{}");
    REQUIRE(none);
    CHECK_FALSE((none->is_dry_run || none->consent.plan || none->consent.clock));
    const auto all = purge_arguments_from(R"({"dry_run":true,"confirm":true,"confirm_clock":true})");
    REQUIRE(all);
    CHECK((all->is_dry_run && all->consent.plan && all->consent.clock));
    for (const char* wrong : {"", "[]", R"({"dry_run":"true"})", R"({"confirm":1})", R"({"floor":true})"}) {
        const auto refused = purge_arguments_from(wrong);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().remedy() == Remedy::refuse);
    }
}

}  // namespace
}  // namespace sluice::jobs
