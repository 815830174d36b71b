// Whatever is called in whatever order: nothing is given out but what was granted, in its session, and the
// record of deliveries says exactly what was.
#include "tests/integration/granted_viewer.hpp"
#include "tests/integration/hls_client.hpp"

#include <functional>
#include <random>
#include <set>
#include <utility>

namespace sluice::test {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

constexpr auto kViewer = GrantedViewer::kViewer;
constexpr auto kOther = GrantedViewer::kOther;
constexpr auto kHandler = GrantedViewer::kHandler;
constexpr auto kEscort = GrantedViewer::kEscort;

/// A key frame each 1.6 s.
const Media& pictures() {
    static const Media kMedia = make_media({.gop = 40, .b_frames = 2, .seconds = 8});
    return kMedia;
}

/// 69 seconds of two cameras; of the gate nothing is ever granted.
class TwoCameras : public ApiStage {
public:
    TwoCameras() {
        const auto row = [&](const Uuid& id, const char* slug, const char* name) {
            catalogue::CameraRow made;
            made.id = id;
            made.recorder_id = recorder_id;
            made.slug = slug;
            made.name = name;
            return made;
        };
        Uuid gate = make_uuid_v7(kStageStart);
        Uuid gate_stream = make_uuid_v7(kStageStart);
        const catalogue::Inventory inventory{
            .volumes = {{.id = volume, .installation_id = installation, .path = folder.path()}},
            .recorders = {{recorder_id, installation, "xvr-1", "XVR", "generic"}},
            .cameras = {row(camera, "drive-left", "迎賓車道左側"), row(gate, "gate", "大門")},
            .streams =
                {{.id = stream, .camera_id = camera, .kind = StreamKind::main},
                 {.id = gate_stream, .camera_id = gate, .kind = StreamKind::main}},
        };
        REQUIRE(catalogue::save_inventory(recorder, inventory, kStageStart));
        record();
        std::swap(camera, gate);
        std::swap(stream, gate_stream);
        gate_piece = "media/" + to_string(record()) + "/0-6.m4s";
        std::swap(camera, gate);
        std::swap(stream, gate_stream);
        start();
    }
    std::string gate_piece;

private:
    /// The last segment's id.
    Uuid record() {
        StageRun run{*this, pictures(), 0};
        Uuid last;
        for (int i = 0; i < 3; ++i)
            last = run.record(575).info.segment_id;
        run.end(GapCause::shutdown);
        return last;
    }
};

/// Draws what is done next, and knows from the tables alone what may be given out.
class Chance {
public:
    Chance(TwoCameras& house, std::string kind)
        : house_(house),
          viewer_(house),
          kind_(std::move(kind)),
          random_(kind_ == "view" ? 1U : 2U) {
        grant();
    }

    void play(int rounds) {
        for (int round = 0; round < rounds; ++round) {
            INFO("round " << round);
            const int drawn = draw(0, 19);
            if (drawn < 2)
                advance();
            else if (drawn == 2)
                house_.clock.move(draw(0, 90) * 1s);
            else if (drawn < 5)
                set_back();
            else
                ask();
            REQUIRE(
                house_.database.query("SELECT coalesce(sum(bytes), 0) FROM deliveries") ==
                std::to_string(got_)
            );
        }
    }
    std::size_t refused = 0;
    std::size_t given = 0;
    std::size_t cases = 0;
    std::set<std::string> set_backs;

private:
    int draw(int low, int high) { return std::uniform_int_distribution{low, high}(random_); }
    Reply try_post(const char* who, const std::string& target, const json& body = json::object()) {
        return fetch(
            house_.port(),
            "POST",
            target,
            {viewer_.token_of(who), "Content-Type: application/json"},
            body.dump()
        );
    }

    /// One in four with a mask, which opens nothing.
    void grant() {
        if (!viewer_.session.empty()) old_.push_back({viewer_.session, viewer_.session_token});
        viewer_.session.clear();
        viewer_.session_token.clear();
        viewer_.rests_on_consent = draw(0, 1) == 0;
        viewer_.grant(kind_, 10, 40, cases > 0 && draw(0, 3) == 0);
        ++cases;
    }

    /// Some of the steps that open a session, in order; now and then one is left out.
    void advance() {
        const auto is_taken = [&] { return draw(0, 4) != 0; };
        if (is_taken()) {
            const Reply opened = try_post(kEscort, viewer_.request + "/sessions");
            if (opened.status == 201) viewer_.session = opened.header("location");
        }
        if (is_taken() && !viewer_.session.empty()) {
            const Reply joined = try_post(kViewer, viewer_.session + "/join");
            if (joined.status == 200)
                viewer_.session_token =
                    "Authorization: Bearer " + json::parse(joined.body)["token"].get<std::string>();
        }
        if (is_taken()) try_post(kEscort, viewer_.request + "/start");
        if (is_taken()) {
            const Reply ordered = try_post(kHandler, viewer_.request + "/copies");
            if (ordered.status == 202) copy_ = ordered.header("location");
        }
        if (is_taken() && !viewer_.session.empty()) try_post(kEscort, viewer_.session + "/presence");
    }

    /// What sets a session or a case back, and sometimes begins a new one.
    void set_back() {
        const UtcTime from = house_.clock.now() + draw(0, 1) * 1min;
        const std::vector<std::pair<std::string, std::function<Reply()>>> steps{
            {"revoke", [&] { return try_post("局長", viewer_.request + "/revoke", {{"reasons", "x"}}); }},
            {"withdraw",
             [&] {
                 return viewer_.rests_on_consent
                            ? try_post(kHandler, viewer_.consent + "/withdraw", {{"reason", "反悔"}})
                            : Reply{};
             }},
            {"interrupt",
             [&] {
                 if (!viewer_.session.empty()) try_post(kEscort, viewer_.session + "/end");
                 return try_post(kEscort, viewer_.request + "/interrupt");
             }},
            {"schedule",
             [&] {
                 return try_post(
                     kHandler,
                     viewer_.request + "/schedule",
                     {{"from", to_rfc3339(from)},
                      {"to", to_rfc3339(from + 1h)},
                      {"escort", kEscort},
                      {"viewer", kViewer}}
                 );
             }},
            {"complete",
             [&] {
                 static_cast<void>(fetch(
                     house_.port(),
                     "PUT",
                     viewer_.request + "/attachments/signed.pdf?kind=signature",
                     {viewer_.token_of(kHandler), "Content-Type: application/pdf"},
                     "%PDF-1.7 signed"
                 ));
                 return try_post(kEscort, viewer_.request + "/complete", {{"attested", true}});
             }},
        };
        const auto& [name, take] = steps[static_cast<std::size_t>(draw(0, 4))];
        const bool is_done = take().status == 200;
        if (is_done) set_backs.insert(name);
        const bool is_over = is_done && name != "interrupt" && name != "schedule";
        if (draw(0, 5) < (is_over ? 4 : 1)) grant();
    }

    /// Whether this session is open for what was granted; empty: any is. All cases are the viewer's.
    [[nodiscard]] bool is_open(const std::string& session) const {
        const std::string now = "'" + to_rfc3339(house_.clock.now()) + "'::timestamptz";
        const std::string id = session.substr(session.rfind('/') + 1);
        return house_.database.query(
                   "SELECT count(*) > 0 FROM viewing_sessions s JOIN requests r ON r.id = s.request_id "
                   "JOIN grants g ON g.id = s.grant_id JOIN request_slots t ON t.id = s.slot_id "
                   "WHERE '" +
                   id +
                   "' IN ('', s.id::text) AND r.state = 'in_session' AND s.ended_at IS NULL "
                   "AND s.joined_at IS NOT NULL AND s.presence_to > " +
                   now + " AND t.from_at <= " + now + " AND " + now +
                   " < t.to_at AND g.revoked_at IS NULL AND NOT g.is_masked AND g.kind = '" + kind_ +
                   "' AND ('" + kind_ +
                   "' = 'view' OR EXISTS (SELECT FROM copies c WHERE c.session_id = s.id))"
               ) == "t";
    }

    struct Question {
        std::string target;
        std::string header;
        bool is_rightful = true;  ///< whether it may ever be given, to whoever asks
        bool has_interval = false;
        std::string session{};  ///< the only one whose token it is asked with
    };
    /// Of everything that can be asked for, one.
    Question draw_question(TimeRange range) {
        const bool is_others = draw(0, 7) == 0;
        const std::string token = viewer_.token_of(is_others ? kOther : kViewer);
        const std::string left = "/v1/cameras/drive-left/";
        const std::string gate = "/v1/cameras/gate/";
        const std::string between = GrantedViewer::between(range);
        const std::string picture = "snapshot.jpg?at=" + to_rfc3339(range.from + range.length() / 2);
        std::vector<Question> all{
            {left + "clip.mp4" + between, token, !is_others, true},
            {left + picture, token, !is_others},
            {left + "hls/index.m3u8" + between, token, !is_others, true},
            {left + "live.m3u8", token, false},
            {gate + "clip.mp4" + between, token, false},
            {gate + picture, token, false},
            {gate + "hls/index.m3u8" + between, token, false},
            {gate + "hls/" + house_.gate_piece, token, false},
            {left + "hls/" + house_.gate_piece, token, false},
        };
        for (const std::string& piece : pieces_)
            all.push_back({left + "hls/" + piece, token, !is_others});
        if (!copy_.empty()) all.push_back({copy_ + "/package", token, false});
        const auto add_session = [&](const std::string& session, const std::string& header) {
            if (session.empty() || header.empty()) return;
            const std::string cameras = session + "/cameras/";
            all.push_back({cameras + "drive-left/stream.m3u8", header, true, false, session});
            all.push_back({cameras + "gate/stream.m3u8", header, false});
            all.push_back({cameras + "gate/" + house_.gate_piece, header, false});
            for (const std::string& piece : pieces_)
                all.push_back({cameras + "drive-left/" + piece, header, true, false, session});
        };
        add_session(viewer_.session, viewer_.session_token);
        for (const auto& [session, header] : old_)
            add_session(session, header);
        return all[static_cast<std::size_t>(draw(0, static_cast<int>(all.size()) - 1))];
    }

    void ask() {
        const UtcTime from = at_second(draw(5, 45));
        const TimeRange range{from, from + draw(1, 12) * 1s};
        const Question question = draw_question(range);
        const bool is_open_now = is_open(question.session);
        const Reply reply = fetch(house_.port(), "GET", question.target, {question.header});
        INFO(question.target << " " << reply.status << " " << reply.body.substr(0, 200));
        if (reply.status != 200) {
            ++refused;
            return;
        }
        ++given;
        REQUIRE(question.is_rightful);
        REQUIRE(is_open_now);
        if (question.has_interval)
            REQUIRE((viewer_.granted.from <= range.from && range.to <= viewer_.granted.to));
        if (question.target.find(".m3u8") == std::string::npos) {
            got_ += reply.body.size();
            return;
        }
        for (const std::string& piece : segments_of(reply.body))
            if (pieces_.size() < 12) pieces_.insert(piece);
    }

    TwoCameras& house_;
    GrantedViewer viewer_;
    std::string kind_;
    std::mt19937 random_;
    std::string copy_;
    std::vector<std::pair<std::string, std::string>> old_;  ///< sessions of earlier cases, with their token
    std::set<std::string> pieces_;
    std::uint64_t got_ = 0;
};

TEST_CASE(
    "no sequence of calls delivers a byte without grant, escort and entry, on any route",
    "[api][granted][integration]"
) {
    TwoCameras house;
    const std::string kind = GENERATE("view", "copy");
    Chance chance{house, kind};
    chance.play(150);
    CHECK(chance.refused > 30);
    CHECK(chance.given > 3);
    CHECK(chance.cases > 2);
    CHECK(chance.set_backs.size() >= 2);
    CHECK(house.database.query("SELECT count(*) FROM deliveries") != "0");
    const std::string outside = "count(*) FILTER (WHERE from_at < '" + to_rfc3339(at_second(10)) +
                                "' OR to_at > '" + to_rfc3339(at_second(40)) + "' OR camera_id <> '" +
                                to_string(house.camera) + "')";
    CHECK(house.database.query("SELECT " + outside + " FROM deliveries") == "0");
}

}  // namespace
}  // namespace sluice::test
