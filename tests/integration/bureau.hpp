#pragma once

#include "tests/integration/account_stage.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace sluice::test {

/// A house with footage of 11:07:00 to 11:07:05 and a second later on, and the people who handle requests.
struct Bureau : AccountStage {
    Bureau() {
        StageRun run{*this, plain(), 20};
        static_cast<void>(run.record(125));
        StageRun later{*this, plain(), 100};  // so that what was asked for is not about to come
        static_cast<void>(later.record(25));
        struct Colleague {
            const char* name;
            std::vector<std::string> roles;
            const char* unit;
        };
        for (const auto& [name, roles, unit] :
             {Colleague{"王秘書", {"secretariat"}, "秘書室"},
              Colleague{"林主任", {"secretariat", "unit_head"}, "秘書室"},
              Colleague{"張陪同", {"secretariat"}, "秘書室"},
              Colleague{"政風", {"ethics"}, "政風室"},
              Colleague{"局長", {"director"}, "局長室"},
              Colleague{"一層", {"level1"}, "副局長室"},
              Colleague{"科長", {"unit_head"}, "工程科"},
              Colleague{"稽核", {"auditor"}, "主計室"},
              Colleague{"小陳", {"applicant"}, "工程科"},
              Colleague{"小李", {"applicant"}, "養護科"}})
            tokens[name] = token_of(create(name, roles, unit));
    }
    [[nodiscard]] Reply send(
        const std::string& who,
        const std::string& method,
        const std::string& target,
        const nlohmann::json& body,
        std::vector<std::string> headers = {}
    ) {
        headers.push_back(tokens.at(who));
        return fetch(port(), method, target, headers, body.dump());
    }
    [[nodiscard]] Reply read(const std::string& who, const std::string& target) {
        return fetch(port(), "GET", target, {tokens.at(who)});
    }
    /// A step of the case; its answer's state, or the code of its refusal.
    std::string step(
        const std::string& who,
        const std::string& action,
        const nlohmann::json& body = nlohmann::json::object()
    ) {
        last = send(who, "POST", request + "/" + action, body);
        const nlohmann::json answer = nlohmann::json::parse(last.body);
        return answer.value("code", answer.value("state", "?"));
    }
    std::string hand_in(const std::string& name, const std::string& kind) {
        last = fetch(
            port(),
            "PUT",
            request + "/attachments/" + name + "?kind=" + kind,
            {tokens.at("王秘書"), "Content-Type: application/pdf"},
            "%PDF-1.7 " + name
        );
        return last.status == 201 ? "" : last.body;
    }
    [[nodiscard]] static nlohmann::json external(const std::string& kind = "view") {
        return {
            {"channel", "external"},
            {"kind", kind},
            {"applicant", "王小明"},
            {"unit", "民眾"},
            {"phone", "06-1234567"},
            {"reason", "車輛遭擦撞"},
            {"legal_interest", "車主"},
            {"cameras", {"drive-left"}},
            {"from", "2026-11-18T11:07:00Z"},
            {"to", "2026-11-18T11:08:00Z"},
            {"undertaking", true},
        };
    }
    void draft(const std::string& who, const nlohmann::json& form) {
        last = send(who, "POST", "/v1/requests", form);
        INFO(last.body);
        REQUIRE(last.status == 201);
        request = last.header("location");
    }
    /// All grounds `no`, but for what is given.
    std::string answer_grounds(nlohmann::json other = nlohmann::json::array()) {
        for (const char* ground :
             {"statutory_secret", "investigation", "fair_trial", "life_safety", "third_party"}) {
            const auto is_it = [&](const nlohmann::json& one) { return one["ground"] == ground; };
            if (std::none_of(other.begin(), other.end(), is_it))
                other.push_back({{"ground", ground}, {"answer", "no"}});
        }
        last = send("王秘書", "PUT", request + "/screening", {{"grounds", other}});
        return last.status == 200 ? "" : last.body;
    }
    /// An answer `yes` that holds everywhere.
    [[nodiscard]] static nlohmann::json yes_to(const std::string& ground) {
        return {{"ground", ground}, {"answer", "yes"}, {"evidence", "詳卷"}};
    }
    /// From a draft to the worksheet.
    void bring_to_screening() {
        REQUIRE(hand_in("form.pdf", "undertaking") == "");
        REQUIRE(hand_in("report.pdf", "police_report_certificate") == "");
        REQUIRE(step("王秘書", "submit") == "submitted");
        REQUIRE(step("王秘書", "accept") == "accepted");
        REQUIRE(step("王秘書", "screen") == "screening");
    }
    /// From the worksheet to the state before the decision.
    void bring_on_to_decision(const nlohmann::json& grounds = nlohmann::json::array()) {
        REQUIRE(answer_grounds(grounds) == "");
        REQUIRE(step("王秘書", "refer") == "countersigning");
        REQUIRE(step("政風", "opine", {{"stance", "agree"}}) == "deciding");
        REQUIRE(step("王秘書", "sign") == "deciding");
        REQUIRE(step("林主任", "sign") == "deciding");
        REQUIRE(step("政風", "sign") == "deciding");
    }
    void bring_to_decision(const nlohmann::json& grounds = nlohmann::json::array()) {
        bring_to_screening();
        bring_on_to_decision(grounds);
    }
    [[nodiscard]] nlohmann::json body() const { return nlohmann::json::parse(last.body); }
    [[nodiscard]] std::string holds() const {
        return database.query(
            "SELECT coalesce(string_agg(kind || CASE WHEN released_at IS NULL THEN '' ELSE '-' END, ' ' "
            "ORDER BY kind), '') "
            "FROM holds"
        );
    }

    std::map<std::string, std::string> tokens;
    std::string request;
    Reply last;
};

}  // namespace sluice::test
