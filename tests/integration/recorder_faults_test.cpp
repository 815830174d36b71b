// Cameras that fail, each in its own way, all in one recorder at the same time: nothing that arrived whole is
// lost, what is missing has a gap with its cause, and the neighbours notice nothing.
#include "tests/support/eventually.hpp"
#include "tests/support/farm.hpp"
#include "tests/support/fault_table.hpp"
#include "tests/support/judge.hpp"
#include "tests/support/site.hpp"

#include <algorithm>
#include <functional>
#include <set>

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using namespace sluice;
using namespace sluice::test;

namespace {

/// What is sent right before a connection breaks may go down with it.
std::function<bool(const SentPicture&)> lost_with_the_connection(const std::filesystem::path& log) {
    return [ends = load_events(log, "session_ended")](const SentPicture& picture) {
        return std::ranges::any_of(ends, [&](std::int64_t end) {
            return picture.sent_us > end - 300'000 && picture.sent_us <= end + 300'000;
        });
    };
}

/// A picture that lost a packet may be missing, and what refers to it, up to the next key picture; the one
/// before, whose end only a following packet could show; and the two behind, in which the loss is noticed.
std::function<bool(const SentPicture&)> lost_with_its_packets(const std::vector<SentPicture>& sent) {
    std::set<std::uint64_t> numbers;
    bool is_broken = false;
    for (const SentPicture& picture : sent) {
        if (picture.packets_dropped > 0) {
            is_broken = true;
            numbers.insert({picture.number - 1, picture.number + 1, picture.number + 2});
        } else if (picture.is_key) {
            is_broken = false;
        }
        if (is_broken) numbers.insert(picture.number);
    }
    return [numbers](const SentPicture& picture) { return numbers.contains(picture.number); };
}

bool has_cause(const std::vector<std::string>& gaps, const std::string& cause) {
    return std::ranges::any_of(gaps, [&](const std::string& gap) { return gap.starts_with(cause + " "); });
}

class FaultySite {
public:
    FaultySite(const std::vector<std::string>& names, const std::vector<std::string>& udp)
        : names_(names),
          farm_(site.folder() / "farm", make_cameras(names), {"auth wrong-password digest admin geheim"}) {
        std::vector<SiteCamera> cameras;
        for (const std::string& name : names) {
            SiteCamera camera{
                .slug = name, .url = farm_.url(name), .is_udp = std::ranges::count(udp, name) > 0
            };
            if (name == "wrong-password") {
                camera.username = "admin";
                camera.password = "falsch";
            }
            cameras.push_back(camera);
        }
        cameras.push_back({.slug = "nobody-listens", .url = "rtsp://127.0.0.1:9/cam"});
        site.write_config(cameras);
    }

    /// `is_whole`: no packet was lost, so every picture decodes.
    void check(
        const std::string& name,
        const Allowance& allowance,
        std::size_t runs,
        bool may_pause = false,
        bool is_whole = true
    ) const {
        INFO(name);
        const Footage footage = load_footage(site.volume(), name);
        INFO("gaps: " << joined(site.gap_causes(name)));
        CHECK(first_of(check_structure(footage, may_pause)) == "");
        CHECK(first_of(check_complete(footage, load_sent(farm_.log(name)), allowance)) == "");
        if (is_whole) CHECK(first_of(check_decodable(footage)) == "");
        CHECK(footage.runs() >= runs);
        const UtcTime until =
            from_epoch_us(allowance.until_us) - 3s;  // what came later may not be durable yet
        CHECK(first_of(check_no_hole(site.coverage(name), until, 50ms)) == "");
    }
    void check_gap(const std::string& name, const std::string& cause) const {
        const auto gaps = site.gap_causes(name);
        INFO(name << ": " << joined(gaps));
        CHECK(has_cause(gaps, cause));
    }
    [[nodiscard]] bool all_have(std::uint64_t frames, const std::set<std::string>& silent) const {
        return std::ranges::all_of(names_, [&](const std::string& name) {
            return silent.contains(name) || site.frames(name) >= frames;
        });
    }
    [[nodiscard]] const Farm& farm() const { return farm_; }

    Site site;

private:
    static std::vector<FarmCamera> make_cameras(const std::vector<std::string>& names) {
        std::vector<FarmCamera> cameras;
        for (const std::string& name : names)
            cameras.push_back({name, make_clip({})});
        return cameras;
    }

    std::vector<std::string> names_;
    Farm farm_;
};

const std::set<std::string>
    kSilent{"wrong-password", "a403", "a404", "garbage", "hang-describe", "hang-play"};

}  // namespace

TEST_CASE(
    "Each camera's trouble is a gap with its cause and stays its own (I8, I15, I16)",
    "[recorder][rtsp][fault]"
) {
    FaultySite place{
        {"healthy",
         "reset",
         "closed",
         "stalled",
         "paused",
         "refused",
         "drop",
         "beheaded",
         "loss-udp",
         "reorder-udp",
         "no-key",
         "swap-codec",
         "swap-size",
         "wrong-password",
         "a403",
         "a404",
         "garbage",
         "hang-describe",
         "hang-play"},
        {"loss-udp", "reorder-udp"}
    };
    Site& site = place.site;
    const Farm& farm = place.farm();
    for (const char* const command :
         {"answer a403 DESCRIBE 403",
          "answer a404 DESCRIBE 404",
          "answer garbage DESCRIBE garbage",
          "answer hang-describe DESCRIBE hang",
          "answer hang-play PLAY hang",
          "no-key no-key on",
          "reorder reorder-udp 3"})
        farm.command(command);
    site.start_recorder();
    REQUIRE(eventually(20s, [&] { return place.all_have(60, kSilent); }));
    farm.command("reset reset");
    farm.command("close closed");
    farm.command("stall stalled 14");
    farm.command("stall paused 3");
    farm.command("refuse refused 5");
    farm.command("drop drop 3");
    farm.command("behead beheaded 4");  // a loop of the clip: also the picture with the encoder's own SEI
    farm.command("loss loss-udp 1");
    farm.command("media swap-codec " + make_clip({.codec = Codec::h265}).string());
    farm.command("media swap-size " + make_clip({.width = 640, .height = 360}).string());
    REQUIRE(eventually(10s, [&] { return site.stream_status("healthy")->frames >= 250; }));
    farm.command("loss loss-udp 0");
    REQUIRE(eventually(40s, [&] { return place.all_have(200, kSilent); }));

    const auto state_of = [&](const std::string& name) { return site.stream_status(name)->state; };
    CHECK(state_of("wrong-password") == status::StreamState::auth_failed);
    CHECK(
        state_of("a403") == status::StreamState::unreachable
    );  // too many sessions, more often than no right
    CHECK(site.stream_status("a403")->detail.find("403") != std::string::npos);
    CHECK(site.stream_status("a404")->detail.find("404") != std::string::npos);
    CHECK(state_of("a404") == status::StreamState::unreachable);
    CHECK(state_of("garbage") == status::StreamState::unreachable);
    CHECK(state_of("hang-describe") != status::StreamState::recording);
    CHECK(state_of("nobody-listens") == status::StreamState::unreachable);
    CHECK(site.stream_status("drop")->packets_lost >= 3);

    CHECK(site.await_catalogue(20s));
    const std::int64_t stopped_us = to_epoch_us(RealClock{}.now());
    CHECK(site.stop_recorder(5s) < 2s);
    CHECK(site.recorder_log().find("falsch") == std::string::npos);  // I20

    const std::int64_t until = stopped_us - 500'000;
    place.check("healthy", {.until_us = until}, 1);
    WorstLoss worst;
    for (const char* const name : {"reset", "closed", "stalled", "refused", "swap-codec"}) {
        place.check(name, {.until_us = until, .may_miss = lost_with_the_connection(farm.log(name))}, 2);
        worst.add(find_missing(load_footage(site.volume(), name), load_sent(farm.log(name)), until));
    }
    note_fault(
        {"camera resets, closes, refuses, falls silent, changes codec",
         5,
         worst.text(),
         "what broke with the connection"}
    );
    place.check("paused", {.until_us = until}, 1, true);
    place.check("reorder-udp", {.until_us = until}, 1);
    place.check("no-key", {.until_us = until}, 1);
    place.check("swap-size", {.until_us = until}, 2);
    place.check_gap("reset", "camera_unreachable");
    place.check_gap("closed", "camera_unreachable");
    place.check_gap("refused", "camera_unreachable");
    place.check_gap("stalled", "stream_stalled");
    place.check_gap("paused", "stream_stalled");
    place.check_gap("drop", "packet_loss");
    place.check_gap("loss-udp", "packet_loss");
    place.check_gap("wrong-password", "auth_failed");
    place.check_gap("nobody-listens", "camera_unreachable");
    place.check_gap("beheaded", "packet_loss");
    for (const char* const name : {"drop", "beheaded", "loss-udp"}) {
        const Allowance allowance{
            .until_us = until, .may_miss = lost_with_its_packets(load_sent(farm.log(name)))
        };
        place.check(name, allowance, 1, true, false);
    }
}
