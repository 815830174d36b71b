#pragma once

#include "tests/integration/api_stage.hpp"

#include <nlohmann/json.hpp>

namespace sluice::test {

/// The API with people of the secretariat, as the office works day by day.
struct OfficeStage : ApiStage {
    using Json = nlohmann::json;

    OfficeStage() {
        start();
        secretary = person("王秘書", {"secretariat"});
        colleague = person("李秘書", {"secretariat"});
        head = person("陳主任", {"secretariat", "unit_head"});
        auditor = person("周稽核", {"auditor"});
        guard = person("警衛", {"guard"});
    }

    [[nodiscard]] std::string person(const std::string& name, const std::vector<std::string>& roles) {
        const std::string token = make_token();
        catalogue::Pool owner{database.conninfo("sluice_super"), 1};
        const auto made = catalogue::create_person_token(
            owner, name, roles, token_hash(token), kStageStart - std::chrono::days{3650}
            // tests go back in time
        );
        if (!made || !*made) FAIL("no token for " + name);
        return "Authorization: Bearer " + token;
    }
    [[nodiscard]] Reply send(
        const std::string& who,
        const std::string& method,
        const std::string& target,
        const Json& body,
        std::vector<std::string> headers = {}
    ) const {
        headers.push_back(who);
        headers.emplace_back("Content-Type: application/json");
        return fetch(port(), method, target, headers, body.dump());
    }
    [[nodiscard]] Reply post(
        const std::string& who,
        const std::string& target,
        const Json& body,
        std::vector<std::string> headers = {}
    ) const {
        return send(who, "POST", target, body, std::move(headers));
    }
    [[nodiscard]] Json read(const std::string& target) const { return read_as(secretary, target); }
    [[nodiscard]] Json read_as(const std::string& who, const std::string& target) const {
        return Json::parse(fetch(port(), "GET", target, {who}).body);
    }
    [[nodiscard]] int status_as(const std::string& who, const std::string& target) const {
        return fetch(port(), "GET", target, {who}).status;
    }
    [[nodiscard]] static std::string code_of(const Reply& reply) { return Json::parse(reply.body)["code"]; }
    /// "422 CODE field".
    [[nodiscard]] static std::string refusal_of(const Reply& reply) {
        const Json body = Json::parse(reply.body);
        std::string text = std::to_string(reply.status) + " " + body.value("code", "");
        if (body.contains("field")) text += " " + body["field"].get<std::string>();
        return text;
    }
    [[nodiscard]] static std::string match(const Reply& reply) { return "If-Match: " + reply.header("etag"); }

    std::string secretary;
    std::string colleague;
    std::string head;
    std::string auditor;
    std::string guard;
};

}  // namespace sluice::test
