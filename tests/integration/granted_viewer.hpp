#pragma once

#include "tests/integration/account_stage.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

/// The one way by which a test gets footage once accounts exist.
namespace sluice::test {

/// A house with accounts on a stage that has started. A unit's request goes over HTTP from the form through
/// signatures, grounds and decision to a session with its escort; then the applicant's own account may fetch
/// what was granted.
class GrantedViewer {
public:
    explicit GrantedViewer(ApiStage& stage) : stage_(stage), accounts_(stage) {
        struct Colleague {
            const char* name;
            std::vector<std::string> roles;
            const char* unit;
        };
        for (const auto& [name, roles, unit] :
             {Colleague{kHandler, {"secretariat"}, "秘書室"},
              Colleague{"林主任", {"secretariat", "unit_head"}, "秘書室"},
              Colleague{kEscort, {"secretariat"}, "秘書室"},
              Colleague{"政風", {"ethics"}, "政風室"},
              Colleague{"局長", {"director"}, "局長室"},
              Colleague{"一層", {"level1"}, "副局長室"},
              Colleague{"科長", {"unit_head"}, "工程科"},
              Colleague{kViewer, {"applicant"}, "工程科"},
              Colleague{kOther, {"applicant"}, "養護科"}}) {
            const Uuid id = accounts_.create(name, roles, unit);
            tokens_[name] = accounts_.token_of(id);
            if (name == std::string_view{kViewer}) viewer_id = id;
        }
    }

    static constexpr const char* kHandler = "王秘書";
    static constexpr const char* kEscort = "張陪同";
    static constexpr const char* kViewer = "小陳";
    static constexpr const char* kOther = "小李";  ///< to whom nothing is granted

    /// Decided, and appointed from now on for an hour.
    void grant(const std::string& kind, double from, double to, bool is_masked = false) {
        const TimeRange asked{at_second(from), at_second(to)};
        using std::chrono::minutes;
        post(
            kViewer,
            "/v1/requests",
            {{"channel", "internal"},
             {"kind", kind},
             {"cameras", {"drive-left"}},
             {"from", to_rfc3339(std::chrono::floor<minutes>(asked.from))},
             {"to", to_rfc3339(std::chrono::ceil<minutes>(asked.to))},
             {"purpose", "personal_rights"},
             {"reason", "公務車遭擦撞"},
             {"necessity", "須提出於保險理賠"},
             {"extension", "1234"},
             {"undertaking", true}}
        );
        request = last.header("location");
        step(kViewer, "submit");
        for (const char* signer : {kViewer, "科長", "一層"})
            step(signer, "sign");
        step(kHandler, "accept");
        step(kHandler, "screen");
        nlohmann::json grounds = nlohmann::json::array();
        for (const char* ground : {"statutory_secret", "investigation", "fair_trial", "life_safety"})
            grounds.push_back({{"ground", ground}, {"answer", "no"}});
        grounds.push_back(
            rests_on_consent ? record_consent(asked)
                             : nlohmann::json{{"ground", "third_party"}, {"answer", "no"}}
        );
        send(kHandler, "PUT", request + "/screening", {{"grounds", grounds}});
        step(kHandler, "refer");
        step("政風", "opine", {{"stance", "agree"}});
        for (const char* signer : {kHandler, "林主任", "政風"})
            step(signer, "sign");
        const nlohmann::json part{
            {"camera", "drive-left"}, {"from", to_rfc3339(asked.from)}, {"to", to_rfc3339(asked.to)}
        };
        step(
            "局長",
            "grant_part",
            {{"reasons", "合於規定"}, {"parts", nlohmann::json::array({part})}, {"masked", is_masked}}
        );
        const nlohmann::json item = nlohmann::json::parse(last.body)["grant"]["items"][0];
        granted = {time_of(item["from"]), time_of(item["to"])};
        step(
            kHandler,
            "schedule",
            {{"from", to_rfc3339(stage_.clock.now())},
             {"to", to_rfc3339(stage_.clock.now() + std::chrono::hours{1})},
             {"escort", kEscort},
             {"viewer", kViewer}}
        );
    }
    /// Escort, then viewer; from here on what was granted is open.
    void begin() {
        post(kEscort, request + "/sessions");
        session = last.header("location");
        post(kViewer, session + "/join");
        session_token =
            "Authorization: Bearer " + nlohmann::json::parse(last.body)["token"].get<std::string>();
        step(kEscort, "start");
    }
    /// A copy's custodian orders it in its session.
    void order() { post(kHandler, request + "/copies"); }
    /// All of it: clips and pictures can be fetched.
    void take_copy(double from, double to) {
        grant("copy", from, to);
        begin();
        order();
    }
    /// All of it: recorded HLS can be watched.
    void watch(double from, double to) {
        grant("view", from, to);
        begin();
    }
    /// A standing approval to see live, for an hour.
    void approve_live() {
        post(
            kHandler,
            "/v1/live-approvals",
            {{"account", to_string(viewer_id)},
             {"valid_from", to_rfc3339(stage_.clock.now())},
             {"valid_to", to_rfc3339(stage_.clock.now() + std::chrono::hours{1})},
             {"document", "值勤 1"},
             {"reason", "值勤"}}
        );
    }

    /// GET as the one to whom it was granted.
    [[nodiscard]] Reply get(const std::string& target, std::vector<std::string> headers = {}) {
        return ask(kViewer, "GET", target, std::move(headers));
    }
    [[nodiscard]] Reply ask(
        const std::string& who,
        const std::string& method,
        const std::string& target,
        std::vector<std::string> headers = {}
    ) {
        headers.push_back(tokens_.at(who));
        return fetch(stage_.port(), method, target, headers);
    }
    /// A step that is not refused.
    void step(
        const std::string& who,
        const std::string& action,
        const nlohmann::json& body = nlohmann::json::object()
    ) {
        post(who, request + "/" + action, body);
    }
    void post(
        const std::string& who,
        const std::string& target,
        const nlohmann::json& body = nlohmann::json::object()
    ) {
        send(who, "POST", target, body);
    }
    [[nodiscard]] const std::string& token_of(const std::string& who) const { return tokens_.at(who); }

    [[nodiscard]] static std::string code_of(const Reply& reply) {
        const auto body = nlohmann::json::parse(reply.body, nullptr, false);
        return body.is_object() && body.contains("code") ? body["code"].get<std::string>()
                                                         : std::to_string(reply.status);
    }
    [[nodiscard]] static std::string between(TimeRange range) {
        return "?from=" + to_rfc3339(range.from) + "&to=" + to_rfc3339(range.to);
    }
    [[nodiscard]] static std::string clip_of(TimeRange range) {
        return "/v1/cameras/drive-left/clip.mp4" + between(range);
    }
    [[nodiscard]] static std::string recording_of(TimeRange range) {
        return "/v1/cameras/drive-left/hls/index.m3u8" + between(range);
    }
    [[nodiscard]] static std::string picture_at(UtcTime at) {
        return "/v1/cameras/drive-left/snapshot.jpg?at=" + to_rfc3339(at);
    }

    bool rests_on_consent = false;  ///< of a third person: what is granted from here on
    std::string consent;            ///< its address
    Uuid viewer_id;
    TimeRange granted{};        ///< as resolved to frames
    std::string request;        ///< its address
    std::string session;        ///< likewise
    std::string session_token;  ///< "Authorization: Bearer …", for the session's own address
    Reply last;

private:
    /// Of 甲, for all that is asked; the finding that it lifts.
    [[nodiscard]] nlohmann::json record_consent(TimeRange asked) {
        last = fetch(
            stage_.port(),
            "PUT",
            request + "/attachments/consent.pdf?kind=consent",
            {tokens_.at(kHandler), "Content-Type: application/pdf"},
            "%PDF-1.7 consent"
        );
        REQUIRE(last.status == 201);
        const std::string from = to_rfc3339(asked.from);
        const std::string to = to_rfc3339(asked.to);
        post(
            kHandler,
            request + "/consents",
            {{"person", "甲"},
             {"recipient", kViewer},
             {"from", from},
             {"to", to},
             {"cameras", {"drive-left"}},
             {"kinds", {"view", "copy"}},
             {"attachment", "consent.pdf"}}
        );
        const auto id = nlohmann::json::parse(last.body)["consents"].back()["id"].get<std::string>();
        consent = request + "/consents/" + id;
        const nlohmann::json place{{"camera", "drive-left"}, {"from", from}, {"to", to}, {"person", "甲"}};
        return {
            {"ground", "third_party"},
            {"answer", "yes"},
            {"evidence", "畫面有路人"},
            {"places", nlohmann::json::array({place})},
        };
    }
    void send(
        const std::string& who,
        const std::string& method,
        const std::string& target,
        const nlohmann::json& body
    ) {
        last = fetch(stage_.port(), method, target, {tokens_.at(who)}, body.dump());
        INFO(who << ": " << method << " " << target << ": " << last.status << " " << last.body);
        const bool is_done = last.status >= 200 && last.status < 300;
        REQUIRE(is_done);
    }
    [[nodiscard]] static UtcTime time_of(const nlohmann::json& text) {
        return from_rfc3339(text.get<std::string>()).value();
    }

    ApiStage& stage_;
    Accounts accounts_;
    std::map<std::string, std::string> tokens_;
};

}  // namespace sluice::test
