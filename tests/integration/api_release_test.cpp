#include "storage/release/case_json.hpp"
#include "storage/release/grant.hpp"
#include "storage/release/make_copy.hpp"
#include "storage/release/verify_package.hpp"
#include "tests/integration/api_stage.hpp"
#include "tests/integration/hls_client.hpp"
#include "tests/pg/release_stage.hpp"
#include "tests/support/delivered.hpp"

#include <algorithm>
#include <fstream>
#include <random>
#include <set>

#include <nlohmann/json.hpp>

namespace sluice::test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

constexpr const char* kJson = "Content-Type: application/json";

const Media& pictures() {
    static const Media kMedia = make_media({.gop = 40, .b_frames = 2, .seconds = 8});
    return kMedia;
}

/// 92 seconds of footage, and a case about the middle of it whose viewer has no account.
class Office : public ApiStage, public ReleaseCase {
public:
    explicit Office(const std::string& kind, bool is_masked = false)
        : ReleaseCase(static_cast<ClipStage&>(*this)) {
        now = clock.now();
        StageRun run{*this, pictures(), 0};
        for (int i = 0; i < 4; ++i)
            run.record(575);
        run.end(GapCause::shutdown);
        grant(kind, {granted}, is_masked);
        database.execute("UPDATE request_slots SET viewer_id = NULL, code_sha256 = sha256('483920')");
        start();
        escort_header = authorization_of("林陪同", "secretariat");
        other_header = authorization_of("陳保管", "secretariat");
    }

    [[nodiscard]] Reply
    post(const std::string& target, const std::string& header, const std::string& body = "{}") {
        return fetch(port(), "POST", target, {header, kJson}, body);
    }
    [[nodiscard]] Reply open(const std::string& header) {
        return post("/v1/requests/" + to_string(request_id) + "/sessions", header);
    }
    [[nodiscard]] std::string session(const std::string& rest = "") const {
        return "/v1/viewing-sessions/" + id + rest;
    }
    [[nodiscard]] Reply join(const std::string& code) {
        return fetch(port(), "POST", session("/join"), {kJson}, json{{"code", code}}.dump());
    }
    /// Opened, joined and begun.
    void begin() {
        const Reply opened = open(escort_header);
        INFO(opened.body);
        REQUIRE(opened.status == 201);
        id = json::parse(opened.body)["id"];
        const Reply joined = join("483920");
        INFO(joined.body);
        REQUIRE(joined.status == 200);
        viewer_header = "Authorization: Bearer " + json::parse(joined.body)["token"].get<std::string>();
        set_state("in_session");
    }
    [[nodiscard]] Reply watch(const std::string& name, const std::string& camera_slug = "drive-left") {
        return fetch(port(), "GET", session("/cameras/" + camera_slug + "/" + name), {viewer_header});
    }
    [[nodiscard]] static std::string code_of(const Reply& reply) {
        const json body = json::parse(reply.body, nullptr, false);
        return body.is_object() ? body.value("code", std::to_string(reply.status))
                                : std::to_string(reply.status);
    }

    TimeRange granted{at_second(10), at_second(75)};
    std::string id;
    std::string escort_header;
    std::string other_header;
    std::string viewer_header;
};

TEST_CASE(
    "a session plays for its viewer alone, while its escort is there (article 9(4))",
    "[api][release]"
) {
    Office office{"view"};
    CHECK(Office::code_of(office.open(office.other_header)) == "ART9_4A_NO_ESCORT");
    const Reply opened = office.open(office.escort_header);
    INFO(opened.body);
    REQUIRE(opened.status == 201);
    office.id = json::parse(opened.body)["id"];
    CHECK(Office::code_of(office.open(office.escort_header)) == "VIEWING_OPEN");
    CHECK(fetch(office.port(), "GET", office.session("/cameras/drive-left/stream.m3u8"), {}).status == 401);
    CHECK(Office::code_of(office.join("000000")) == "VIEWING_CODE_WRONG");
    const Reply joined = office.join("483920");
    REQUIRE(joined.status == 200);
    CHECK(Office::code_of(office.join("483920")) == "VIEWING_JOINED");
    office.viewer_header = "Authorization: Bearer " + json::parse(joined.body)["token"].get<std::string>();
    CHECK(Office::code_of(office.watch("stream.m3u8")) == "ART7_NOT_APPROVED");  // not begun
    office.set_state("in_session");

    const Reply playlist = office.watch("stream.m3u8");
    REQUIRE(playlist.status == 200);
    CHECK(playlist.header("cache-control") == "no-store");
    CHECK(playlist.body.find("#EXT-X-ENDLIST") == std::string::npos);
    const auto pieces = segments_of(playlist.body);
    REQUIRE_FALSE(pieces.empty());
    CHECK(office.watch(pieces.front()).status == 200);
    const auto maps = lines_with(playlist.body, "#EXT-X-MAP:URI=");
    REQUIRE(maps.size() == 1);
    const Reply init = office.watch(maps.front().substr(1, maps.front().size() - 2));
    CHECK(init.status == 200);
    CHECK(init.body.substr(4, 4) == "ftyp");
    CHECK(Office::code_of(office.watch("init/" + to_string(office.camera) + ".mp4")) == "ART7_NOT_APPROVED");
    const Reply read = fetch(office.port(), "GET", office.session(), {office.escort_header});
    REQUIRE(read.status == 200);
    CHECK(json::parse(read.body)["cameras"][0]["camera"] == "drive-left");
    // Nobody else's token opens it, the escort's neither; and the viewer's opens nothing else.
    for (const std::string& header : {office.escort_header, office.other_header}) {
        const Reply reply =
            fetch(office.port(), "GET", office.session("/cameras/drive-left/stream.m3u8"), {header});
        CHECK(reply.status == 401);
    }
    CHECK(fetch(office.port(), "GET", clip_target(20, 30), {office.viewer_header}).status == 401);

    office.clock.move(5min);
    CHECK(Office::code_of(office.watch("stream.m3u8")) == "ART9_4A_NO_ESCORT");
    CHECK(Office::code_of(office.watch(pieces.front())) == "ART9_4A_NO_ESCORT");
    CHECK(
        Office::code_of(office.post(office.session("/presence"), office.other_header)) == "ART9_4A_NO_ESCORT"
    );
    CHECK(office.post(office.session("/presence"), office.escort_header).status == 200);
    CHECK(office.watch(pieces.front()).status == 200);
    // A revoked decision stops it at once.
    office.database.execute("UPDATE grants SET revoked_at = now()");
    CHECK(Office::code_of(office.watch("stream.m3u8")) == "ART7_NOT_APPROVED");
    CHECK(Office::code_of(office.watch(pieces.front())) == "ART7_NOT_APPROVED");
    CHECK(office.post(office.session("/end"), office.escort_header).status == 200);
    CHECK(Office::code_of(office.watch(pieces.front())) == "VIEWING_ENDED");
}

TEST_CASE("a code is good for five tries", "[api][release]") {
    Office office{"view"};
    office.id = json::parse(office.open(office.escort_header).body)["id"];
    for (int i = 0; i < 5; ++i)
        CHECK(Office::code_of(office.join("00000" + std::to_string(i))) == "VIEWING_CODE_WRONG");
    CHECK(Office::code_of(office.join("483920")) == "VIEWING_CODE_SPENT");
}

TEST_CASE(
    "a greedy client gets 429, no frame from outside, and the register says what it got",
    "[api][release]"
) {
    Office office{"view"};
    office.begin();
    std::mt19937 random{9};
    std::set<std::string> known;
    std::uint64_t got_bytes = 0;
    std::size_t early = 0;
    std::size_t frames = 0;
    UtcTime first = office.granted.to;
    UtcTime last = office.granted.from;
    const UtcTime began = office.clock.now();
    Microseconds got_media{0};
    for (int round = 0; round < 40; ++round) {
        // Seeks everywhere, also outside, to learn the names of all pieces; then asks for them at once.
        const double at = std::uniform_real_distribution{0.0, 90.0}(random);
        const Reply playlist = office.watch("stream.m3u8?from=" + to_rfc3339(at_second(at)));
        if (!office.granted.contains(at_second(at))) {
            CHECK(Office::code_of(playlist) == "ART7_NOT_APPROVED");
        } else {
            CHECK(playlist.status == 200);
            for (const std::string& name : segments_of(playlist.body))
                known.insert(name);
        }
        for (const std::string& name : known) {
            const Reply piece = office.watch(name);
            if (piece.status == 429) {
                ++early;
                CHECK_FALSE(piece.header("retry-after").empty());
                continue;
            }
            REQUIRE(piece.status == 200);
            got_bytes += piece.body.size();
            for (const DeliveredSample& sample : delivered_samples(as_bytes(piece.body))) {
                ++frames;
                const bool is_inside = office.granted.contains(sample.shown + 20us);
                if (!is_inside) FAIL("a frame shown at " << to_rfc3339(sample.shown));
                first = std::min(first, sample.shown);
                last = std::max(last, sample.shown_to);
                got_media += sample.shown_to - sample.shown;
            }
        }
        office.clock.move(std::uniform_int_distribution{0, 5}(random) * 1s);
        REQUIRE(got_media <= office.clock.now() - began + 30s + 1ms);
    }
    CHECK(early > 20);
    CHECK(frames > 500);
    CHECK(known.size() > 8);
    // Names that nobody was told: a longer piece, another file, another camera.
    const std::string name = *known.begin();
    CHECK(
        Office::code_of(office.watch(name.substr(0, name.rfind('/')) + "/0-25.m4s")) == "ART7_NOT_APPROVED"
    );
    CHECK(
        Office::code_of(office.watch("media/" + to_string(office.camera) + "/0-6.m4s")) == "ART7_NOT_APPROVED"
    );
    CHECK(Office::code_of(office.watch("stream.m3u8", "gate")) == "ART7_NOT_APPROVED");

    const Reply ended = office.post(office.session("/end"), office.escort_header);
    REQUIRE(ended.status == 200);
    CHECK(json::parse(ended.body)["register_line"].is_number());
    const json entry =
        json::parse(office.database.query("SELECT facts::text FROM register_entries WHERE kind = 'session'"));
    CHECK(entry["cameras"][0]["bytes"] == got_bytes);
    const auto& delivered = entry["cameras"][0]["delivered"];
    CHECK(from_rfc3339(delivered.front()["from"].get<std::string>()).value() <= first + 20us);
    CHECK(from_rfc3339(delivered.back()["to"].get<std::string>()).value() + 100ms >= last);
    CHECK(from_rfc3339(delivered.back()["to"].get<std::string>()).value() <= office.granted.to);
}

TEST_CASE("a masked decision plays and copies nowhere (article 10(3))", "[api][release]") {
    const std::string kind = GENERATE("view", "copy");
    Office office{kind, true};
    CHECK(Office::code_of(office.open(office.escort_header)) == "MASK_NOT_RENDERED");
    office.set_state("in_session");
    const Reply copy =
        office.post("/v1/requests/" + to_string(office.request_id) + "/copies", office.other_header);
    CHECK(Office::code_of(copy) == (kind == "copy" ? "MASK_NOT_RENDERED" : "ART7_NOT_APPROVED"));
}

TEST_CASE("a copy is ordered in its session, fetched in ranges, received and destroyed", "[api][release]") {
    Office office{"copy"};
    const std::string target = "/v1/requests/" + to_string(office.request_id) + "/copies";
    CHECK(Office::code_of(office.post(target, office.other_header)) == "REQUEST_STATE");
    office.begin();
    CHECK(Office::code_of(office.watch("stream.m3u8")) == "ART7_NOT_APPROVED");  // it is no viewing
    CHECK(
        Office::code_of(office.post(target, office.other_header, R"({"due": "2028-01-01T00:00:00Z"})")) ==
        "RET_CEILING_1Y"
    );
    const Reply ordered = office.post(target, office.other_header, R"({"recipient": "王小明"})");
    INFO(ordered.body);
    REQUIRE(ordered.status == 202);
    const json copy = json::parse(ordered.body);
    const std::string place = "/v1/copies/" + copy["id"].get<std::string>();
    CHECK(copy["due"] == "2027-11-16T16:00:00.000000Z");
    CHECK(Office::code_of(office.post(target, office.other_header)) == "COPY_NEEDS_DECISION");
    const auto get = [&](const std::string& path, std::vector<std::string> headers = {}) {
        headers.push_back(office.other_header);
        return fetch(office.port(), "GET", path, headers);
    };
    CHECK(Office::code_of(get(place + "/package")) == "COPY_NOT_SEALED");
    CHECK(Office::code_of(get(place + "/receipt.pdf")) == "COPY_NOT_SEALED");

    catalogue::Pool worker{office.database.conninfo("sluice_worker"), 2};
    volume::RealFiles files;
    const auto made = release::make_copy(
        {.pool = worker, .data = office.config.data, .files = files, .clock = office.clock},
        uuid_from_string(copy["id"].get<std::string>()).value(),
        [](const release::CopyProgress&) { return true; }
    );
    if (!made) FAIL(made.error().describe());
    const Reply whole = get(place + "/package");
    REQUIRE(whole.status == 200);
    CHECK(sha256(as_bytes(whole.body)) == made->sha256);
    const Reply part = get(place + "/package", {"Range: bytes=512-1023"});
    CHECK(part.status == 206);
    CHECK(part.body == whole.body.substr(512, 512));
    const auto file = office.data.path() / "fetched.tar";
    std::ofstream{file, std::ios::binary} << whole.body;
    const auto report = release::verify_package(file, {});
    REQUIRE(report);
    CHECK(report->is_sound());
    CHECK(office.database.query("SELECT count(*) FROM ledger_records WHERE action = 'copy.opened'") == "1");
    CHECK(get(place + "/receipt").body.find("王小明") != std::string::npos);
    const Reply page = get(place + "/receipt.html");
    CHECK(page.status == 200);
    CHECK(page.body.find("115/000001-1") != std::string::npos);
    CHECK(page.body.find("_drive-left_main_") != std::string::npos);
    CHECK(get(place + "/receipt.pdf").body.starts_with("%PDF-"));
    office.database.execute("UPDATE requests SET form = '" + release::to_json(release::Form{}).dump() + "'");
    const Reply archive = get("/v1/dossiers/115-000001/export.zip");
    REQUIRE(archive.status == 200);
    CHECK(archive.body.find("receipts/copy-115-000001-1.pdf") != std::string::npos);
    CHECK(archive.body.find("receipts/copy-115-000001-1-sealed.html") != std::string::npos);

    const auto declare = [&](const char* what) {
        return office.post(
            place + "/declare", office.other_header, json{{"declaration", what}, {"note", "紙本 7"}}.dump()
        );
    };
    CHECK(Office::code_of(declare("lost")) == "INVALID_MEMBER");
    CHECK(Office::code_of(declare("destroyed")) == "COPY_STATE");
    CHECK(declare("received").status == 200);
    // The recipient has it: what is fetched from now on would be another copy.
    CHECK(Office::code_of(get(place + "/package")) == "COPY_NEEDS_DECISION");
    CHECK(Office::code_of(get(place + "/package", {"Range: bytes=0-511"})) == "COPY_NEEDS_DECISION");
    CHECK(json::parse(get("/v1/copies?overdue=true").body)["items"].empty());
    office.clock.move(24h * 364);
    CHECK(json::parse(get("/v1/copies?overdue=true").body)["items"].size() == 1);
    CHECK(Office::code_of(get(place + "/package")) == "PACKAGE_EXPIRED");
    CHECK(declare("destroyed").status == 200);
    CHECK(json::parse(get("/v1/copies?overdue=true").body)["items"].empty());
    CHECK(json::parse(get(place).body)["state"] == "destroyed");
}

TEST_CASE("without the audit log's checkpoint no session opens", "[api][release]") {
    Office office{"view"};
    REQUIRE(office.sequencer.stop(20s));
    const Reply opened = office.open(office.escort_header);
    CHECK(opened.status == 503);
    CHECK(Office::code_of(opened) == "LEDGER_UNAVAILABLE");
    CHECK(office.database.query("SELECT count(*) FROM viewing_sessions WHERE ended_at IS NULL") == "0");
}

}  // namespace
}  // namespace sluice::test
