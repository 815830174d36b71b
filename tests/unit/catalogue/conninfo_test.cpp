#include "storage/catalogue/conninfo.hpp"

#include "storage/catalogue/pool.hpp"

#include <catch2/catch.hpp>

using namespace sluice;

TEST_CASE("a server's password reaches libpq in either form of its URL", "[catalogue]") {
    config::Config config;
    config.database.password = config::Secret{"a'b c%"};
    config.database.url = "postgresql://sluice@db/sluice";
    CHECK(
        catalogue::conninfo_of(config, "sluice_api") == "postgresql://sluice@db/sluice?password=a%27b%20c%25"
    );
    config.database.url = "postgresql://sluice@db/sluice?sslmode=require";
    CHECK(
        catalogue::conninfo_of(config, "sluice_api") ==
        "postgresql://sluice@db/sluice?sslmode=require&password=a%27b%20c%25"
    );
    config.database.url = "host=db dbname=sluice";
    CHECK(catalogue::conninfo_of(config, "sluice_api") == "host=db dbname=sluice password='a\\'b c%'");
    config.database = {};
    config.data = "/data";
    CHECK(
        catalogue::conninfo_of(config, "sluice_api") == catalogue::embedded_conninfo("/data", "sluice_api")
    );
}
