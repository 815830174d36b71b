#include "cli/database/cluster.hpp"

#include <algorithm>
#include <ranges>
#include <set>
#include <string>

#include <catch2/catch.hpp>

using namespace sluice;
using database::Mapping;

namespace {

std::set<std::string> roles_of(const std::vector<Mapping>& mappings, const std::string& user) {
    std::set<std::string> roles;
    for (const Mapping& mapping : mappings)
        if (mapping.os_user == user) roles.insert(mapping.role);
    return roles;
}

}  // namespace

TEST_CASE("every service user may connect as its own roles and no other", "[cli][database]") {
    const auto mappings = database::mappings("sluice-db");
    CHECK(roles_of(mappings, "sluice-db") == std::set<std::string>{"sluice_super"});
    CHECK(roles_of(mappings, "sluice") == std::set<std::string>{"sluice_recorder", "sluice_worker"});
    CHECK(roles_of(mappings, "sluice-api") == std::set<std::string>{"sluice_api"});
    CHECK(roles_of(mappings, "root").size() == 5);
    CHECK(std::ranges::none_of(mappings, [](const Mapping& mapping) {
        return mapping.role == "sluice_owner";
    }));
}

TEST_CASE("an ordinary user's cluster knows that user alone", "[cli][database]") {
    const auto mappings = database::mappings("wang");
    CHECK(roles_of(mappings, "wang").size() == 5);
    CHECK(std::ranges::all_of(mappings, [](const Mapping& mapping) { return mapping.os_user == "wang"; }));
    CHECK(database::to_pg_ident({{"wang", "sluice_api"}}).ends_with("sluice \"wang\" sluice_api\n"));
}

TEST_CASE("the embedded cluster listens on no network address and waits for its log", "[cli][database]") {
    const std::string text = database::to_postgresql_conf("/data/database/socket");
    CHECK(text.find("listen_addresses = ''\n") != std::string::npos);
    CHECK(text.find("unix_socket_directories = '/data/database/socket'\n") != std::string::npos);
    CHECK(text.find("synchronous_commit = on\n") != std::string::npos);
}
