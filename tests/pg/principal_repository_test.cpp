#include "storage/catalogue/principal_repository.hpp"

#include "tests/pg/catalogue_site.hpp"

namespace sluice::catalogue {
namespace {

TEST_CASE("a token is found by its hash, by the API, while it is valid", "[pg][catalogue]") {
    Site site;
    Pool tool{site.database.conninfo("sluice_worker"), 1};
    const auto hash = sha256(as_bytes("secret"));
    const PrincipalRow made = need(create_machine_token(tool, "值班室 curl", "viewer", hash, kStart));
    const auto found = need(find_by_token(site.reader, hash, kStart));
    REQUIRE(found);
    CHECK(found->id == made.id);
    CHECK(found->kind == PrincipalKind::machine);
    CHECK(found->name == "值班室 curl");
    CHECK(found->roles == std::vector<std::string>{"viewer"});
    CHECK(found->valid_from == kStart);
    CHECK_FALSE(found->valid_to);
    CHECK_FALSE(need(find_by_token(site.reader, hash, kStart - 1us)));
    CHECK_FALSE(need(find_by_token(site.reader, sha256(as_bytes("other")), kStart)));

    site.database.execute(
        "UPDATE credentials SET valid_to = from_us(" + std::to_string(to_epoch_us(kStart + 1h)) + ")"
    );
    CHECK(need(find_by_token(site.reader, hash, kStart + 1h - 1us))->valid_to == kStart + 1h);
    CHECK_FALSE(need(find_by_token(site.reader, hash, kStart + 1h)));
    site.database.execute("UPDATE credentials SET revoked_at = now()");
    CHECK_FALSE(need(find_by_token(site.reader, hash, kStart)));
}

TEST_CASE(
    "a machine gets no role that is none of a machine, and a token belongs to one",
    "[pg][catalogue]"
) {
    Site site;
    Pool tool{site.database.conninfo("sluice_worker"), 1};
    const auto hash = sha256(as_bytes("secret"));
    for (const char* role : {"operator", "viewer", "metrics"})
        CHECK(create_machine_token(tool, "machine", role, sha256(as_bytes(role)), kStart).has_value());
    const auto refused = create_machine_token(tool, "machine", "administrator", hash, kStart);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().remedy() == Remedy::refuse);
    need(create_machine_token(tool, "machine", "viewer", hash, kStart));
    CHECK_FALSE(create_machine_token(tool, "again", "viewer", hash, kStart));
    CHECK(site.database.query("SELECT count(*) FROM principals") == "4");  // refused ones left nothing
}

TEST_CASE("the API can't give out tokens", "[pg][catalogue]") {
    Site site;
    const auto refused = create_machine_token(site.reader, "x", "viewer", sha256(as_bytes("x")), kStart);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().remedy() == Remedy::operator_acts);
}

}  // namespace
}  // namespace sluice::catalogue
