#pragma once

#include "tests/integration/account_stage.hpp"

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace sluice::test {

/// The API with accounts, and the persons who have to do with doors. Its clock says Wednesday, 20:06 in
/// Taipei.
struct DoorsStage : AccountStage {
    std::string admin = token_of(create("管理員", {"admin"}));
    Uuid secretary_id = create("王秘書", {"secretariat"});
    std::string secretary = token_of(secretary_id);
    std::string guard = token_of(create("警衛", {"guard"}));

    [[nodiscard]] nlohmann::json
    made(const std::string& target, const nlohmann::json& body, const std::string& who) {
        const Reply reply = post(target, body, {who});
        CAPTURE(target, reply.body);
        CHECK(reply.status == 201);
        return nlohmann::json::parse(reply.body);
    }
    [[nodiscard]] nlohmann::json got(const std::string& target, const std::string& who) {
        const Reply reply = fetch(port(), "GET", target, {who});
        CAPTURE(target, reply.body);
        CHECK(reply.status == 200);
        return nlohmann::json::parse(reply.body);
    }
    [[nodiscard]] Reply patch(
        const std::string& target,
        const nlohmann::json& body,
        const std::string& etag,
        const std::string& who
    ) {
        std::vector<std::string> headers{who};
        if (!etag.empty()) headers.push_back("If-Match: " + etag);
        return fetch(port(), "PATCH", target, headers, body.dump());
    }
    /// "1f-main" and "1f-rear", with a controller that the main one has.
    void furnish() {
        static_cast<void>(made(
            "/v1/controllers",
            {{"slug", "acs-1"}, {"name", "門禁主機"}, {"source", "urn:acs-1"}, {"heartbeat_seconds", 60}},
            admin
        ));
        static_cast<void>(made(
            "/v1/doors",
            {{"slug", "1f-main"},
             {"name", "一樓正門"},
             {"kind", "anode_bolt"},
             {"leaves", 2},
             {"boundary", "building"},
             {"is_main", true},
             {"controller", "acs-1"},
             {"cameras", {"drive-left"}}},
            admin
        ));
        static_cast<void>(made(
            "/v1/doors",
            {{"slug", "1f-rear"}, {"name", "一樓後門"}, {"boundary", "building"}, {"is_rear", true}},
            admin
        ));
    }
    [[nodiscard]] std::string records(const std::string& like) {
        return database.query(
            "SELECT coalesce(string_agg(action, ' ' ORDER BY filed_at, id), '') FROM ledger_records WHERE "
            "action LIKE '" +
            like + "'"
        );
    }
};

}  // namespace sluice::test
