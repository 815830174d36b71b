// A copy that is made and never collected: it ends by itself, and with it what keeps its case open.
#include "jobs/release_keeper.hpp"
#include "storage/release/make_copy.hpp"
#include "storage/volume/installation.hpp"
#include "tests/integration/granted_viewer.hpp"

#include <algorithm>

namespace sluice::test {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

/// Footage, somebody to whom a copy of it was granted, and the worker's part.
struct Counter : ApiStage {
    Counter() {
        const Media media = make_media({.gop = 40, .b_frames = 2, .seconds = 8});
        StageRun run{*this, media, 0};
        for (int i = 0; i < 4; ++i)
            run.record(575);
        run.end(GapCause::shutdown);
        start();
        volume::Installation known;
        known.installation_id = installation;
        known.created = kStageStart;
        REQUIRE(volume::save_installation(config.data, known));
    }
    void make(const std::string& copy_id) {
        const auto made = release::make_copy(
            {.pool = worker, .data = config.data, .files = files, .clock = clock},
            uuid_from_string(copy_id).value(),
            [](const release::CopyProgress&) { return true; }
        );
        if (!made) FAIL(made.error().describe());
    }
    void keep() {
        jobs::ReleaseKeeper keeper;
        const Status kept = keeper.tick({.pool = worker, .config = config, .files = files, .clock = clock});
        if (!kept) FAIL(kept.error().describe());
    }

    catalogue::Pool worker{database.conninfo("sluice_worker"), 2};
    volume::RealFiles files{};
};

TEST_CASE(
    "a copy that nobody collects ends after its day, its case can be closed, and the applicant can ask again",
    "[api][release][integration]"
) {
    Counter counter;
    GrantedViewer viewer{counter};
    viewer.take_copy(10, 40);
    const auto copy_id = json::parse(viewer.last.body)["id"].get<std::string>();
    const std::string copy = "/v1/copies/" + copy_id;
    const auto read = [&](const std::string& who, const std::string& target) {
        return json::parse(viewer.ask(who, "GET", target).body);
    };
    const auto code_after = [&](const std::string& who, const std::string& target, const json& body) {
        return GrantedViewer::code_of(
            fetch(counter.port(), "POST", target, {viewer.token_of(who)}, body.dump())
        );
    };
    const auto is_told = [&](const std::string& who, const std::string& kind) {
        const json notices = read(who, "/v1/notices");
        return std::ranges::any_of(notices["items"], [&](const json& one) {
            return one["kind"] == kind && one["subject"]["id"] == copy_id;
        });
    };
    counter.make(copy_id);
    viewer.post(GrantedViewer::kEscort, viewer.session + "/end");
    REQUIRE(
        fetch(
            counter.port(),
            "PUT",
            viewer.request + "/attachments/signed.pdf?kind=signature",
            {viewer.token_of(GrantedViewer::kHandler), "Content-Type: application/pdf"},
            "%PDF-1.7 signed"
        )
            .status == 201
    );
    viewer.step(GrantedViewer::kEscort, "complete", {{"attested", true}});
    const std::string close = viewer.request + "/close";
    CHECK(code_after("林主任", close, json::object()) == "RECEIPT_MISSING");

    const json sealed = read(GrantedViewer::kHandler, copy);
    CHECK(sealed["state"] == "sealed");
    const UtcTime last = from_rfc3339(sealed["package"]["expires"].get<std::string>()).value();
    counter.clock.set(last - 24h);
    counter.keep();
    for (const char* who : {GrantedViewer::kViewer, GrantedViewer::kHandler}) {
        CHECK(is_told(who, "copy_waiting"));
        CHECK_FALSE(is_told(who, "copy_uncollected"));
    }
    CHECK(viewer.ask(GrantedViewer::kHandler, "GET", copy + "/package").status == 200);

    counter.clock.set(last);
    counter.keep();
    const json ended = read(GrantedViewer::kHandler, copy);
    CHECK(ended["state"] == "uncollected");
    CHECK(ended["uncollected"] == to_rfc3339(last));
    CHECK(ended["package"]["destroyed"] == to_rfc3339(last));
    CHECK(
        GrantedViewer::code_of(viewer.ask(GrantedViewer::kHandler, "GET", copy + "/package")) ==
        "PACKAGE_EXPIRED"
    );
    CHECK(
        code_after(
            GrantedViewer::kHandler, copy + "/declare", {{"declaration", "received"}, {"note", "簽收"}}
        ) == "COPY_STATE"
    );
    for (const char* who : {GrantedViewer::kViewer, GrantedViewer::kHandler})
        CHECK(is_told(who, "copy_uncollected"));
    CHECK(code_after("林主任", close, json::object()) == "200");
    const auto dossier = read(GrantedViewer::kHandler, viewer.request)["dossier"].get<std::string>();
    std::string kinds;
    for (const json& line : read(GrantedViewer::kHandler, "/v1/dossiers/115-000001")["register"])
        kinds += line["kind"].get<std::string>() + " ";
    CHECK(kinds == "opened copy session completed uncollected ");
    const Reply csv = viewer.ask(
        GrantedViewer::kHandler,
        "GET",
        "/v1/register?from=2026-11-01T00:00:00Z&to=2027-01-01T00:00:00Z&format=csv"
    );
    CHECK(csv.body.find("複製品" + dossier + "-1逾期未領") != std::string::npos);

    viewer.take_copy(10, 40);
    CHECK(json::parse(viewer.last.body)["id"] != copy_id);
}

}  // namespace
}  // namespace sluice::test
