#include "api/clips/rules.hpp"
#include "api/idempotency.hpp"
#include "api/jobs/rules.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

namespace sluice::api {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

constexpr UtcTime kNow{std::chrono::sys_days{std::chrono::year{2026} / 11 / 23} + 10h};

const std::vector<std::string> kKnown{"kind", "depth", "from", "to", "camera"};

std::string parsed(const char* query) {
    const auto parameters = Parameters::parse(query, kKnown);
    REQUIRE(parameters);
    const auto request = parse_job_request(*parameters);
    if (!request) return std::to_string(request.error().status) + " " + request.error().field;
    return std::string{catalogue::to_string(request->kind)} + " " + request->arguments + " | " +
           request->same_work;
}

TEST_CASE(
    "a request for a job says kind and arguments, or which parameter is at fault",
    "[api][jobs][rule]"
) {
    CHECK(parsed("kind=scrub") == "scrub {} | scrub");
    CHECK(parsed("kind=check") == "check {} | check");
    CHECK(parsed("kind=check&depth=sizes") == R"(check {"depth":"sizes"} | check {"depth":"sizes"})");
    // However it is written, the same work is the same.
    CHECK(
        parsed("kind=check&from=2026-11-23T18:00:00%2B08:00&camera=a") ==
        parsed("kind=check&camera=a&from=2026-11-23T10:00:00Z")
    );
    CHECK(parsed("") == "400 kind");
    CHECK(parsed("kind=copy_suspect") == "422 kind");
    CHECK(parsed("kind=check&depth=x") == "400 depth");
    CHECK(parsed("kind=check&from=x") == "400 from");
    CHECK(parsed("kind=check&camera=") == "400 camera");
    CHECK(parsed("kind=scrub&camera=a") == "422 camera");
}

TEST_CASE("an Idempotency-Key is a job's id, of its own principal only", "[api][jobs][rule]") {
    const Uuid one = make_uuid_v7(kNow);
    const Uuid other = make_uuid_v7(kNow);
    CHECK(id_of_key("job", one, "monday") == id_of_key("job", one, "monday"));
    CHECK(id_of_key("job", one, "monday") != id_of_key("job", one, "tuesday"));
    CHECK(id_of_key("job", one, "monday") != id_of_key("job", other, "monday"));
    CHECK(id_of_key("job", one, "monday") != id_of_key("hold", one, "monday"));
    CHECK((id_of_key("job", one, "monday").bytes[6] >> 4U) == 8);
}

TEST_CASE(
    "a job's event is one line of data, whatever its texts hold, and says when it is the last",
    "[api][jobs][rule]"
) {
    catalogue::JobRow job;
    job.arguments = R"({"camera":"a"})";
    job.state = catalogue::JobState::running;
    job.note = "two\nlines \xff";
    job.result = R"({"long":true})";
    const std::string event = job_event(job);
    REQUIRE(event.starts_with("event: progress\ndata: {"));
    CHECK(event.ends_with("}\n\n"));
    const std::string data = event.substr(22, event.size() - 24);
    CHECK(data.find('\n') == std::string::npos);
    CHECK(json::parse(data)["arguments"]["camera"] == "a");
    CHECK_FALSE(json::parse(data).contains("result"));
    CHECK(json::parse(job_json(job, true))["result"]["long"] == true);
    for (const auto state :
         {catalogue::JobState::done, catalogue::JobState::failed, catalogue::JobState::cancelled}) {
        job.state = state;
        CHECK(job_event(job).starts_with("event: ended\n"));
    }
}

TEST_CASE("Sluice-Damaged names kind, time, segment and bytes, 32 at most", "[api][clip][rule]") {
    using catalogue::DamageKind;
    clip::DamagedPart part{
        .segment_id = Uuid{}, .range = {kNow, kNow + 1s}, .bytes = {{0, 10, DamageKind::box}}
    };
    const std::string place =
        ";from=\"2026-11-23T10:00:00.000000Z\";to=\"2026-11-23T10:00:01.000000Z\""
        ";segment=\"00000000-0000-0000-0000-000000000000\"";
    CHECK(damaged_header({}) == "");
    CHECK(damaged_header({part}) == "box" + place + ";bytes=\"0-9\"");
    part.bytes.clear();
    CHECK(damaged_header({part, part}) == "suspect" + place + ", suspect" + place);
    CHECK(damaged_header(std::vector(40, part)).ends_with(", more;count=8"));
}

}  // namespace
}  // namespace sluice::api
