#include "storage/contractor/rules.hpp"

#include "api/huimin/rules.hpp"
#include "config/hosts.hpp"
#include "config/load.hpp"
#include "storage/contractor/camera_part.hpp"
#include "storage/contractor/nal_units.hpp"
#include "storage/contractor/segment_maker.hpp"
#include "storage/contractor/situation.hpp"
#include "storage/retention/rules.hpp"

#include <array>

#include <catch2/catch.hpp>

namespace sluice::contractor {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;

const UtcTime kNow = from_rfc3339("2026-11-26T04:00:00Z").value();
constexpr policy::ContractorPolicy kRules{
    .finding_hours = 24,
    .tolerance_seconds = 2,
    .quarantine_days = 30,
    .upload_days = 7
};

catalogue::ContractorCamera camera(const std::string& slug) {
    catalogue::ContractorCamera made;
    made.slug = slug;
    made.announced = kNow - 48h;
    made.in_force = catalogue::AcceptedCamera{.name = slug, .place = "1F", .url = {}};
    made.state = catalogue::AnnouncedState::accepted;
    made.decided = kNow - 40h;
    return made;
}

std::vector<std::string> words(const std::vector<Finding>& findings) {
    std::vector<std::string> all;
    for (const Finding& finding : findings)
        all.push_back(std::string{to_string(finding.kind)} + " " + finding.subject);
    return all;
}

retention::Decision decide_clip(Microseconds received_ago, Microseconds recorded_ago) {
    retention::SegmentFacts facts;
    facts.range = {kNow - recorded_ago, kNow - recorded_ago + 60s};
    facts.receipt = retention::Receipt{
        .received = kNow - received_ago, .clip = {kNow - recorded_ago - 60s, kNow - recorded_ago + 60s}
    };
    policy::Version version{.number = 1, .valid_from = UtcTime{}, .policy = {}};
    version.policy.floor_days = 30;
    version.policy.keep_days = 30;
    version.policy.ceiling_years = 1;
    return retention::decide(facts, {}, {version}, kNow);
}

ManifestFacts manifest() {
    return {
        .range = {kNow - 10min, kNow - 5min},
        .bytes = 1000,
        .now = kNow,
        .ceiling_years = 1,
        .most_bytes = 2000,
        .is_camera_in_force = true,
    };
}

}  // namespace

TEST_CASE("art. 5: cameras of public areas are announced, others are refused", "[contractor][rule]") {
    CHECK_FALSE(judge_announcement(true));
    const auto refused = judge_announcement(false);
    REQUIRE(refused);
    CHECK(refused->code == "ART5_NOT_PUBLIC_AREA");
    CHECK(refused->article == "5");
}

TEST_CASE("a camera is accepted when its host is on the list", "[contractor][rule]") {
    const std::vector<std::string> hosts{"192.0.2.0/28", "cam.example", "2001:db8::/32", "198.51.100.7"};
    for (const char* good :
         {"rtsp://192.0.2.15/s",
          "rtsp://CAM.example:8554/s",
          "rtsp://[2001:db8::9]/s",
          "rtsp://198.51.100.7/s",
          ""})
        CHECK_FALSE(judge_acceptance(good, hosts));
    for (const char* bad :
         {"rtsp://192.0.2.16/s",
          "rtsp://cam.example.evil/s",
          "rtsp://198.51.100.70/s",
          "rtsp://127.0.0.1/s",
          "rtsp://[2001:db9::9]/s",
          "rtsp://192.0.2.1@evil.example/s",
          "rtsp://[::ffff:10.0.0.1]/s"}) {
        INFO(bad);
        const auto refused = judge_acceptance(bad, hosts);
        REQUIRE(refused);
        CHECK(refused->code == "HOST_NOT_ALLOWED");
    }
    // The same address in another spelling is the same host.
    CHECK_FALSE(judge_acceptance("rtsp://[::ffff:192.0.2.1]/s", hosts));
    CHECK(judge_acceptance("rtsp://192.0.2.1/s", {}));
}

TEST_CASE("an RTSP address is taken apart, and its credentials with it", "[contractor][rule]") {
    const auto found = config::parse_rtsp_address("rtsp://user%40x:p%3Ass@192.0.2.1:554/a?b=c");
    REQUIRE(found);
    CHECK(found->bare == "rtsp://192.0.2.1:554/a?b=c");
    CHECK(found->host == "192.0.2.1");
    CHECK(found->username == "user@x");
    CHECK(found->password == "p:ss");
    for (const char* bad :
         {"http://192.0.2.1/",
          "rtsp://",
          "rtsp:///a",
          "rtsp://a b/",
          "rtsp://h/#x",
          "rtsp://u:%zz@h/",
          "rtsp://u:%0a@h/",
          "rtsp://h:0/",
          "rtsp://h:99999/",
          "rtsp://[h]/",
          "rtsp://-x/",
          "rtsp://h\n/"}) {
        INFO(bad);
        CHECK_FALSE(config::parse_rtsp_address(bad));
    }
}

TEST_CASE(
    "a manifest that can't be true, or must not be taken, is refused before a byte comes",
    "[contractor][rule]"
) {
    const auto code = [](ManifestFacts facts) {
        const auto refusal = judge_manifest(facts);
        return refusal ? refusal->code : "";
    };
    CHECK(code(manifest()).empty());
    auto facts = manifest();
    facts.is_camera_in_force = false;
    CHECK(code(facts) == "CAMERA_NOT_ACCEPTED");
    facts = manifest();
    facts.range = {kNow, kNow + 61s};
    CHECK(code(facts) == "CLIP_IN_FUTURE");
    facts.range = {kNow - 24h - 1us, kNow};
    CHECK(code(facts) == "CLIP_LENGTH");
    facts.range = {kNow - 24h, kNow};
    CHECK(code(facts).empty());
    facts = manifest();
    facts.bytes = 2001;
    CHECK(code(facts) == "CLIP_TOO_LARGE");
    facts = manifest();
    facts.range = {kNow - days{365}, kNow - days{365} + 60s};
    CHECK(code(facts) == "ART7_5_CLIP_TOO_OLD");
    facts.range = {kNow - days{363}, kNow - days{363} + 60s};
    CHECK(code(facts).empty());
}

TEST_CASE("the file's length is the manifest's, within the tolerance", "[contractor][rule]") {
    CHECK_FALSE(judge_length(60s, 62s, 2));
    CHECK_FALSE(judge_length(60s, 58s, 2));
    REQUIRE(judge_length(60s, 62s + 1us, 2));
    CHECK(judge_length(60s, 57s, 2)->code == "TIME_MISMATCH");
}

TEST_CASE("art. 5: what is open is found, and nothing else", "[contractor][rule]") {
    Situation situation;
    situation.heartbeat.emplace();
    situation.heartbeat->received = kNow - 1min;
    auto fresh = camera("fresh");
    fresh.last_footage = kNow - 24h + 1us;
    auto silent = camera("silent");
    silent.last_footage = kNow - 24h;
    auto young = camera("young");
    young.decided = kNow - 1h;  // nothing could have come yet
    auto proposed = camera("proposed");
    proposed.in_force.reset();
    proposed.state = catalogue::AnnouncedState::proposed;
    auto refused = proposed;
    refused.slug = "refused";
    refused.state = catalogue::AnnouncedState::refused;
    auto ill = fresh;
    ill.slug = "ill";
    ill.health = catalogue::CameraHealth::down;
    situation.cameras = {fresh, silent, young, proposed, refused, ill};
    for (int number = 1; number <= 8; ++number) {
        catalogue::ContractorSlot slot;
        slot.number = number;
        slot.state = number <= 5 ? catalogue::SlotState::confirmed : catalogue::SlotState::to_verify;
        slot.decided = kNow - 48h;
        situation.slots.push_back(slot);
    }
    catalogue::ContractorClip stuck;
    stuck.received = kNow - 25h;
    situation.waiting = {stuck};
    catalogue::OriginalRow changed;
    changed.clip_id = make_uuid_v7(kNow);
    changed.damage = catalogue::DamageKind::content;
    situation.damaged = {changed};
    CHECK(
        words(find_open(situation, kRules, kNow)) ==
        std::vector<std::string>{
            "slot_to_verify 6",
            "slot_to_verify 7",
            "slot_to_verify 8",
            "camera_not_in_force proposed",
            "camera_missing silent",
            "camera_unwell ill",
            "clip_stuck " + to_string(stuck.id),
            "original_damaged " + to_string(changed.clip_id),
        }
    );
    situation.heartbeat->received = kNow - 25h;
    const auto open = find_open(situation, kRules, kNow);
    CHECK(std::ranges::count(open, FindingKind::silent, &Finding::kind) == 1);
    // The same finding has the same id, another one another.
    CHECK(subject_id(open[0]) == subject_id(open[0]));
    CHECK(subject_id(open[0]) != subject_id(open[1]));
}

TEST_CASE("refused clips go when their time is over, then the oldest for room", "[contractor][rule]") {
    const auto clip = [](Microseconds age, std::uint64_t bytes) {
        catalogue::QuarantinedClip made;
        made.bytes = bytes;
        made.since = kNow - age;
        return made;
    };
    const std::vector kept{clip(days{31}, 10), clip(days{30}, 10), clip(days{2}, 50), clip(days{1}, 50)};
    CHECK(
        plan_quarantine(kept, 30, 60, kNow) ==
        std::vector<Removal>{{0, "QUARANTINE_KEEP"}, {1, "QUARANTINE_KEEP"}, {2, "QUARANTINE_FULL"}}
    );
    CHECK(plan_quarantine(kept, 366, 120, kNow).empty());
    CHECK(plan_quarantine({}, 30, 0, kNow).empty());
}

TEST_CASE(
    "art. 7(3): the floor of what came from outside counts from its receipt",
    "[contractor][retention][rule]"
) {
    CHECK(decide_clip(days{30} - 1us, days{60}).rule == retention::Rule::floor);
    const auto due = decide_clip(days{30}, days{60});
    CHECK(due.is_destroyed);
    CHECK(due.rule == retention::Rule::window);
}

TEST_CASE(
    "art. 7(5): its ceiling counts from the recording, and ends the floor",
    "[contractor][retention][rule]"
) {
    CHECK_FALSE(decide_clip(days{5}, days{360}).is_destroyed);
    const auto over = decide_clip(days{5}, days{365});
    CHECK(over.is_destroyed);
    CHECK(over.rule == retention::Rule::ceiling);
}

TEST_CASE("a hold of any part of a clip keeps all of it", "[contractor][retention][rule]") {
    const Uuid camera_id{.bytes = {1}};
    retention::SegmentFacts facts;
    facts.camera_id = camera_id;
    facts.range = {kNow, kNow + 60s};
    const retention::HoldFacts hold{
        .id = {}, .camera_ids = {camera_id}, .interval = {kNow + 5min, kNow + 6min}
    };
    CHECK_FALSE(retention::touches(hold, facts));
    facts.receipt = retention::Receipt{.received = kNow + 1h, .clip = {kNow, kNow + 10min}};
    CHECK(retention::touches(hold, facts));
}

TEST_CASE("the rendered part is a configuration that means what was accepted", "[contractor][config]") {
    const std::vector<PartCamera> cameras{
        {.slug = "gate", .accepted = {"大門 \"A\"\\", "一樓", "rtsp://192.0.2.1/s"}, .username = {}},
        {.slug = "yard", .accepted = {"中庭", "戶外", ""}, .username = {}},
    };
    const std::string main = "data = \"/d\"\n[storage]\nvolumes = [\"/v\"]\n";
    const auto loaded = config::load_text(
        main + render_part(cameras), "/etc/sluice/sluice.toml", config::Secrets::database_only
    );
    for (const auto& problem : loaded.problems)
        CHECK(problem.describe() == "");
    REQUIRE(loaded.config.recorders.size() == 2);
    const config::Camera& gate = loaded.config.recorders[0].cameras.at(0);
    CHECK(gate.name == "大門 \"A\"\\");
    CHECK(gate.zone == "一樓");
    CHECK(gate.url == "rtsp://192.0.2.1/s");
    CHECK(gate.owner == "huimin");
    CHECK_FALSE(gate.is_pushed);
    CHECK(loaded.config.recorders[1].cameras.at(0).is_pushed);
    CHECK(render_part({}).find("[[") == std::string::npos);
}

TEST_CASE("a part of a clip says which bytes it is", "[contractor][api]") {
    using api::huimin::ContentRange;
    using api::huimin::parse_content_range;
    CHECK(parse_content_range("bytes 0-9/10") == ContentRange{0, 9, 10});
    CHECK(parse_content_range("bytes 5-5/10")->length() == 1);
    for (const char* bad :
         {"",
          "bytes",
          "bytes 0-10/10",
          "bytes 5-4/10",
          "bytes 0-9/*",
          "bytes */10",
          "bytes -1-9/10",
          "bytes 0-9/10 ",
          "items 0-9/10",
          "bytes 0-9",
          "bytes 00x-9/10",
          "bytes 0-18446744073709551615/18446744073709551616"}) {
        INFO(bad);
        CHECK_FALSE(parse_content_range(bad));
    }
    CHECK(api::huimin::is_clip_id("2026-11-26_gate.01"));
    for (const char* bad : {"", ".hidden", "a/b", "a b", "ä", "-x"})
        CHECK_FALSE(api::huimin::is_clip_id(bad));
    CHECK_FALSE(api::huimin::is_clip_id(std::string(129, 'a')));
}

TEST_CASE("an import that is begun again gives the same ids", "[contractor]") {
    const Uuid clip = make_uuid_v7(kNow);
    const Uuid first = derived_id(clip, "segment", 0, kNow);
    CHECK(first == derived_id(clip, "segment", 0, kNow));
    CHECK(first != derived_id(clip, "segment", 1, kNow));
    CHECK(first != derived_id(clip, "run", 0, kNow));
    CHECK(first != derived_id(make_uuid_v7(kNow), "segment", 0, kNow));
    CHECK(made_at(first) == kNow);
    CHECK(uuid_from_string(to_string(first)).value() == first);
}

TEST_CASE("lengths before NAL units are never believed", "[contractor]") {
    const std::array<std::uint8_t, 8> bytes{0, 0, 0, 2, 0x65, 0x88, 0, 0};
    const auto one = cut_into_units(ByteView{bytes}.first(6), 4);
    REQUIRE(one);
    CHECK(one->size() == 1);
    CHECK_FALSE(cut_into_units(bytes, 4));                     // two bytes are no length
    CHECK_FALSE(cut_into_units(ByteView{bytes}.first(5), 4));  // longer than the picture
    CHECK(cut_into_units({}, 4)->empty());
    mp4::ParameterSets sets;
    const auto joined = join_units(Codec::h264, *one, sets);
    CHECK(joined.is_key);
    CHECK(joined.bytes.size() == 6);
    CHECK_FALSE(joined.has_sets);
}

}  // namespace sluice::contractor
