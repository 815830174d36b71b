#include "api/copies/rules.hpp"
#include "api/viewings/rules.hpp"

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

namespace sluice::api {
namespace {

using namespace std::chrono_literals;

constexpr UtcTime kNow = from_epoch_us(1'795'000'000'000'000);  // 2026-11-18T11:06:40Z

Uuid id_of(std::uint8_t number) {
    Uuid id;
    id.bytes[15] = number;
    return id;
}

catalogue::AppointmentRow appointment(const std::string& kind = "view") {
    catalogue::AppointmentRow row;
    row.request_id = id_of(1);
    row.state = "scheduled";
    row.slot_id = id_of(2);
    row.slot = {kNow - 1h, kNow + 1h};
    row.slot_kind = kind;
    row.escort_id = id_of(3);
    row.grant_id = id_of(4);
    row.grant_kind = kind;
    row.grant_to = kNow + 24h;
    return row;
}

catalogue::ViewingRow session() {
    catalogue::ViewingRow row;
    row.grant_id = id_of(4);
    row.slot = {kNow - 1h, kNow + 1h};
    row.presence_to = kNow + 5min;
    row.grant_kind = "copy";
    row.grant_to = kNow + 24h;
    row.request_state = "in_session";
    return row;
}

template <class T>
std::string code_of(const std::expected<T, http::Problem>& checked) {
    return checked ? "" : std::to_string(checked.error().status) + " " + checked.error().code;
}

TEST_CASE(
    "a session is opened by its escort, in its slot, of a decision in force (article 9(4))",
    "[api][release]"
) {
    struct Row {
        std::function<void(catalogue::AppointmentRow&)> spoil;
        const char* code;
    };
    const std::vector<Row> rows{
        {[](auto&) {}, ""},
        {[](auto& row) { row.state = "granted"; }, "409 REQUEST_STATE"},
        {[](auto& row) { row.grant_id = {}; }, "403 ART7_NOT_APPROVED"},
        {[](auto& row) { row.grant_to = kNow; }, "403 ART7_NOT_APPROVED"},
        {[](auto& row) { row.is_masked = true; }, "409 MASK_NOT_RENDERED"},
        {[](auto& row) { row.slot_id = {}; }, "409 VIEWING_NO_SLOT"},
        {[](auto& row) { row.slot_kind = "copy"; }, "409 VIEWING_NO_SLOT"},
        {[](auto& row) { row.slot.from = kNow + 1us; }, "409 VIEWING_NO_SLOT"},
        {[](auto& row) { row.slot.to = kNow; }, "409 VIEWING_NO_SLOT"},
        {[](auto& row) { row.escort_id = id_of(9); }, "403 ART9_4A_NO_ESCORT"},
    };
    for (const Row& row : rows) {
        catalogue::AppointmentRow spoiled = appointment();
        row.spoil(spoiled);
        CHECK(code_of(check_opening(spoiled, id_of(3), kNow)) == row.code);
    }
}

TEST_CASE("a refusal by a rule names its article and what cures it", "[api][release]") {
    const http::Problem problem = obstacle_problem(release::Obstacle::no_escort);
    CHECK(problem.status == 403);
    using Member = std::pair<std::string, std::string>;
    CHECK(
        problem.members ==
        std::vector<Member>{
            {"article", "\"9(4)\""},
            {"curable", "true"},
            {"evidence_required", "\"an escort who is present\""}
        }
    );
    CHECK(obstacle_problem(release::Obstacle::masked).status == 409);
}

TEST_CASE("a viewer joins once, while the escort is there", "[api][release]") {
    CHECK(code_of(check_joining(session(), kNow)) == "");
    auto row = session();
    row.presence_to = kNow;
    CHECK(code_of(check_joining(row, kNow)) == "403 ART9_4A_NO_ESCORT");
    row = session();
    row.joined = kNow;
    CHECK(code_of(check_joining(row, kNow)) == "409 VIEWING_JOINED");
    row.ended = kNow;
    CHECK(code_of(check_joining(row, kNow)) == "409 VIEWING_ENDED");
    row = session();
    row.is_revoked = true;
    CHECK(code_of(check_joining(row, kNow)) == "403 ART7_NOT_APPROVED");
}

TEST_CASE(
    "a copy is made of a decision to copy, in its session, with its escort (article 9(4))",
    "[api][release]"
) {
    auto request = appointment("copy");
    request.state = "in_session";
    auto joined = session();
    joined.joined = kNow - 1min;
    CHECK(code_of(check_copying(request, joined, kNow)) == "");
    CHECK(code_of(check_copying(request, std::nullopt, kNow)) == "403 ART9_4A_NO_ESCORT");
    CHECK(code_of(check_copying(request, session(), kNow)) == "403 ART9_4A_NO_ESCORT");
    auto other = joined;
    other.grant_id = id_of(8);
    CHECK(code_of(check_copying(request, other, kNow)) == "403 ART9_4A_NO_ESCORT");
    other = joined;
    other.presence_to = kNow;
    CHECK(code_of(check_copying(request, other, kNow)) == "403 ART9_4A_NO_ESCORT");
    auto spoiled = request;
    spoiled.grant_kind = "view";
    CHECK(code_of(check_copying(spoiled, joined, kNow)) == "403 ART7_NOT_APPROVED");
    spoiled = request;
    spoiled.is_masked = true;
    CHECK(code_of(check_copying(spoiled, joined, kNow)) == "409 MASK_NOT_RENDERED");
    spoiled = request;
    spoiled.state = "scheduled";
    CHECK(code_of(check_copying(spoiled, joined, kNow)) == "409 REQUEST_STATE");
}

TEST_CASE("a copy is back, or destroyed, within the year of its recording (article 7(5))", "[api][release]") {
    const UtcTime recorded = from_rfc3339("2026-11-18T19:00:00+08:00").value();
    const UtcTime ceiling = from_rfc3339("2027-11-17T00:00:00+08:00").value();
    CHECK(due_of(std::nullopt, recorded, 1, kNow).value() == ceiling);
    CHECK(due_of(ceiling, recorded, 1, kNow).value() == ceiling);
    CHECK(code_of(due_of(ceiling + 1us, recorded, 1, kNow)) == "422 RET_CEILING_1Y");
    CHECK(code_of(due_of(kNow, recorded, 1, kNow)) == "422 DUE_IN_PAST");
    CHECK(code_of(due_of(std::nullopt, recorded, 1, ceiling)) == "422 RET_CEILING_1Y");
}

TEST_CASE(
    "a package is given out until it is received, while it is kept and its decision stands",
    "[api][release]"
) {
    catalogue::CopyRow copy;
    CHECK(code_of(check_handing_out(copy, kNow)) == "409 COPY_NOT_SEALED");
    copy.package = catalogue::PackageRow{};
    copy.package->expires = kNow + 1us;
    CHECK(code_of(check_handing_out(copy, kNow)) == "");
    CHECK(code_of(check_handing_out(copy, kNow + 1us)) == "410 PACKAGE_EXPIRED");
    copy.received = kNow;
    CHECK(code_of(check_handing_out(copy, kNow)) == "409 COPY_NEEDS_DECISION");
    CHECK(code_of(check_handing_out(copy, kNow + 1us)) == "410 PACKAGE_EXPIRED");
    copy.received.reset();
    copy.failed = kNow;
    CHECK(code_of(check_handing_out(copy, kNow)) == "409 COPY_FAILED");
    copy.is_revoked = true;
    CHECK(code_of(check_handing_out(copy, kNow)) == "403 ART7_NOT_APPROVED");
    copy.is_masked = true;
    CHECK(code_of(check_handing_out(copy, kNow)) == "409 MASK_NOT_RENDERED");
}

}  // namespace
}  // namespace sluice::api
