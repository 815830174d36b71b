// Routes that take no body: what somebody sends all the same is not passed over in silence.
#include "tests/integration/office_stage.hpp"

#include <catch2/catch.hpp>

namespace sluice::test {
namespace {

TEST_CASE("a member that nobody would read is refused by name", "[api][routes][integration]") {
    OfficeStage office;
    const std::string director = office.person("局長", {"director"});
    const std::string admin = office.person("管理員", {"admin"});
    struct Step {
        std::string who;
        std::string target;
    };
    const std::string id = "019ab0c4-8f3e-7c61-9f6d-0a1b2c3d4e5f";
    for (const Step& step :
         {Step{director, "/v1/delegations/" + id + "/revoke"},
          Step{office.secretary, "/v1/live-approvals/" + id + "/revoke"},
          Step{office.secretary, "/v1/notices/" + id + "/acknowledge"},
          Step{admin, "/v1/webhooks/dead-letters/" + id + "/retry"},
          Step{office.secretary, "/v1/requests/" + id + "/sessions"},
          Step{office.secretary, "/v1/viewing-sessions/" + id + "/presence"},
          Step{office.secretary, "/v1/viewing-sessions/" + id + "/end"},
          Step{office.head, "/v1/inspection-months/2099-01/close"},
          Step{office.secretary, "/v1/duties/" + id + "/retire"},
          Step{office.secretary, "/v1/visitors/" + id + "/enter"},
          Step{office.secretary, "/v1/visitors/" + id + "/leave"},
          Step{office.secretary, "/v1/vehicle-permits/" + id + "/enter"},
          Step{office.secretary, "/v1/vehicle-permits/" + id + "/leave"},
          Step{office.secretary, "/v1/integrations/huimin/cameras/gate/accept"}}) {
        CAPTURE(step.target);
        CHECK(
            OfficeStage::refusal_of(office.post(step.who, step.target, {{"minutes", 5}})) ==
            "400 UNKNOWN_MEMBER minutes"
        );
        const Reply text =
            fetch(office.port(), "POST", step.target, {step.who, "Content-Type: text/plain"}, "5");
        CHECK(OfficeStage::refusal_of(text) == "415 UNSUPPORTED_MEDIA_TYPE");
        // An empty object says nothing.
        const Reply empty = office.post(step.who, step.target, OfficeStage::Json::object());
        CHECK((empty.status == 404 || empty.status == 409));
    }
}

}  // namespace
}  // namespace sluice::test
