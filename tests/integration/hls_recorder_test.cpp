// HLS of what the real recorder writes of real cameras: how old it is, that nothing of it is lost, what it
// costs.
#include "api/http/wire.hpp"
#include "api/service/service.hpp"
#include "config/base/token.hpp"
#include "jobs/sequencer.hpp"
#include "storage/catalogue/principal_repository.hpp"
#include "tests/integration/hls_client.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/farm.hpp"
#include "tests/support/judge.hpp"
#include "tests/support/site.hpp"

#include <algorithm>
#include <fstream>
#include <future>
#include <map>
#include <memory>
#include <set>

#include <nlohmann/json.hpp>

using namespace std::chrono_literals;
using namespace sluice;
using namespace sluice::test;

namespace {

/// The API of a site, in this process.
class SiteApi {
public:
    explicit SiteApi(const Site& site) {
        config_.data = site.data();
        config_.api.listen = "127.0.0.1:0";
        config_.api.workers = 2;
        config_.api.threads = 1;
        token = make_token();
        catalogue::Pool owner{site.database().conninfo("sluice_super"), 1};
        if (!catalogue::create_machine_token(owner, "player", "viewer", token_hash(token), clock_.now()))
            throw std::runtime_error("no token");
        service_ = std::make_unique<api::Service>(
            config_, site.database().conninfo("sluice_api"), clock_, http::Limits{}
        );
        sequencer_ = std::make_unique<jobs::Sequencer>(
            jobs::LogSettings{
                .conninfo = site.database().conninfo("sluice_worker"), .data = site.data(), .key_file = {}
            },
            clock_
        );
        sequencer_->start();
        REQUIRE(service_->start());
    }
    ~SiteApi() {
        service_->stop();
        if (!sequencer_->stop(20s)) std::abort();
    }

    [[nodiscard]] Reply get(const std::string& target) const {
        return fetch(service_->port(), "GET", target, {"Authorization: Bearer " + token});
    }
    [[nodiscard]] std::uint16_t port() const { return service_->port(); }

    std::string token{};

private:
    config::Config config_{};
    RealClock clock_{};
    std::unique_ptr<api::Service> service_;
    std::unique_ptr<jobs::Sequencer> sequencer_;  ///< the worker's part
};

/// When the last picture in these bytes was sent: the farm writes it into each, "…;at=MICROSECONDS".
std::int64_t last_sent_us(const std::string& bytes) {
    const std::size_t found = bytes.rfind(";at=");
    demand(found != std::string::npos, "a part without the farm's time");
    return std::stoll(bytes.substr(found + 4, 16));
}

std::int64_t now_us() {
    return to_epoch_us(RealClock{}.now());
}

/// Follows a live playlist as a low-latency player does: a reload waits for the next part, then that is
/// loaded.
struct Watched {
    std::vector<double> ages;  ///< of each part's last picture when its bytes were there, in seconds
    std::vector<std::string> addresses;  ///< in order
    std::uint64_t bytes = 0;
};
Watched watch(const SiteApi& api, const std::string& slug, std::size_t parts) {
    Watched watched;
    const std::string base = "/v1/cameras/" + slug + "/";
    std::string playlist = api.get(base + "live.m3u8").body;
    std::set<std::string> known;
    for (const std::string& part : parts_of(playlist))
        known.insert(part);
    while (watched.ages.size() < parts) {
        const std::uint64_t whole = first_number(playlist) + segments_of(playlist).size();
        const std::size_t last = playlist.rfind("#EXTINF");
        const std::size_t growing =
            parts_of(last == std::string::npos ? playlist : playlist.substr(last)).size();
        const Reply reply = api.get(
            base + "live.m3u8?_HLS_msn=" + std::to_string(whole) + "&_HLS_part=" + std::to_string(growing)
        );
        demand(reply.status == 200, "no playlist: " + std::to_string(reply.status));
        playlist = reply.body;
        for (const std::string& part : parts_of(playlist)) {
            if (!known.insert(part).second) continue;
            const Reply media = api.get(base + part);
            demand(media.status == 200, "no part: " + std::to_string(media.status));
            watched.ages.push_back(static_cast<double>(now_us() - last_sent_us(media.body)) / 1e6);
            watched.addresses.push_back(part);
            watched.bytes += media.body.size();
        }
    }
    return watched;
}

double at_share(std::vector<double> values, double share) {
    std::ranges::sort(values);
    return values[static_cast<std::size_t>(static_cast<double>(values.size() - 1) * share)];
}

TEST_CASE("a part of live can be had soon after its last packet, whatever the GOP", "[hls][recorder][rtsp]") {
    Site site{"5s", "2s"};
    const Farm farm{
        site.folder() / "farm",
        {{"short", make_clip({.gop = 25})}, {"long", make_clip({.gop = 250, .seconds = 10})}}
    };
    site.write_config({{.slug = "short", .url = farm.url("short")}, {.slug = "long", .url = farm.url("long")}}
    );
    site.start_recorder();
    REQUIRE(eventually(30s, [&] { return site.frames("short") > 100 && site.frames("long") > 100; }));
    const SiteApi api{site};
    for (const char* slug : {"short", "long"})
        REQUIRE(eventually(10s, [&] {
            return api.get("/v1/cameras/" + std::string{slug} + "/live.m3u8").status == 200;
        }));
    // Both at once, over at least one change of file each.
    auto other = std::async(std::launch::async, [&] { return watch(api, "long", 8); });
    for (const Watched& watched : {watch(api, "short", 8), other.get()}) {
        WARN(
            "age of a part's last picture when it was fetched: median "
            << at_share(watched.ages, 0.5) << " s, worst " << at_share(watched.ages, 1) << " s"
        );
        CHECK(at_share(watched.ages, 0) > 0);
        CHECK(at_share(watched.ages, 0.5) < 1.5);
        CHECK(at_share(watched.ages, 1) < 4);  // on a busy machine
    }
    static_cast<void>(site.stop_recorder(5s));
}

TEST_CASE("hls.js shows pictures of live that are a few seconds old", "[hls][players][recorder][rtsp]") {
    Site site{"10s"};
    const Farm farm{site.folder() / "farm", {{"door", make_clip({.gop = 50})}}};
    site.write_config({{.slug = "door", .url = farm.url("door")}});
    site.start_recorder();
    REQUIRE(eventually(20s, [&] { return site.frames("door") > 250; }));
    const SiteApi api{site};
    const auto file = site.folder() / "token";
    std::ofstream{file} << api.token;
    const auto run = run_to_end(
        {SLUICE_SOURCE_DIR "/tests/players/run",
         "--api",
         "http://127.0.0.1:" + std::to_string(api.port()),
         "--token-file",
         file.string(),
         "--target",
         "/v1/cameras/door/live.m3u8",
         "--frames",
         "250",
         "--seconds",
         "40"},
        120s
    );
    REQUIRE(run);
    INFO(run->errors);
    REQUIRE(run->status.code == 0);
    const auto seen = nlohmann::json::parse(run->output);
    WARN("hls.js: age of the shown picture: " << seen["age"].dump());
    CHECK(seen["errors"].empty());
    CHECK(seen["frames"] >= 250);
    CHECK(seen["age"]["count"] > 60);
    // 4 and 5 seconds on a machine that has time; a busy one may be a little later.
    CHECK(seen["age"]["median"].get<double>() < 5);
    CHECK(seen["age"]["p95"].get<double>() < 7);
    static_cast<void>(site.stop_recorder(5s));
}

TEST_CASE(
    "recorded HLS has every picture that a camera sent, over an outage and new parameters",
    "[hls][recorder][rtsp]"
) {
    Site site{"5s"};
    const Farm farm{site.folder() / "farm", {{"gate", make_clip({})}}};
    site.write_config({{.slug = "gate", .url = farm.url("gate")}});
    const UtcTime begun = RealClock{}.now();
    site.start_recorder();
    REQUIRE(eventually(20s, [&] { return site.frames("gate") > 60; }));
    farm.command("sets gate key");
    REQUIRE(eventually(20s, [&] { return site.frames("gate") > 150; }));
    farm.command("reset gate");
    REQUIRE(eventually(20s, [&] { return site.frames("gate") > 250; }));
    static_cast<void>(site.stop_recorder(5s));
    REQUIRE(site.await_catalogue(10s));
    const Footage footage = load_footage(site.volume(), "gate");
    // What was under way when the connection was broken may be missing, and nothing else.
    const auto broken = load_events(farm.log("gate"), "session_ended");
    const auto is_under_way = [&](const SentPicture& picture) {
        return std::ranges::any_of(broken, [&](std::int64_t at_us) {
            return picture.sent_us > at_us - 1'000'000 && picture.sent_us <= at_us;
        });
    };
    const auto sent = load_sent(farm.log("gate"));
    CHECK(first_of(check_complete(footage, sent, {.may_miss = is_under_way})) == "");
    const SiteApi api{site};
    const std::string target =
        "/v1/cameras/gate/hls/index.m3u8?from=" + to_rfc3339(begun) + "&to=" + to_rfc3339(RealClock{}.now());
    const Reply playlist = api.get(target);
    REQUIRE(playlist.status == 200);
    CHECK(lines_with(playlist.body, "#EXT-X-DISCONTINUITY").size() == footage.runs() - 1);
    CHECK(footage.runs() >= 2);
    const Played played = play(api.port(), api.token, target);
    CHECK(played.packets == footage.pictures());
    CHECK(played.frames == footage.pictures());
}

TEST_CASE(
    "sixty-four viewers of one camera are one follower, and all get the same",
    "[hls][recorder][rtsp]"
) {
    Site site{"5s"};
    const Farm farm{site.folder() / "farm", {{"hall", make_clip({})}}};
    site.write_config({{.slug = "hall", .url = farm.url("hall")}});
    site.start_recorder();
    REQUIRE(eventually(20s, [&] { return site.frames("hall") > 60; }));
    const SiteApi api{site};
    REQUIRE(eventually(10s, [&] { return api.get("/v1/cameras/hall/live.m3u8").status == 200; }));
    std::vector<std::future<Watched>> viewers;
    for (int i = 0; i < 64; ++i)
        viewers.push_back(std::async(std::launch::async, [&] { return watch(api, "hall", 4); }));
    std::map<std::string, std::size_t> seen;
    for (auto& viewer : viewers)
        for (const std::string& address : viewer.get().addresses)
            ++seen[address];
    CHECK(seen.size() < 12);  // the same few parts, not 64 × 4 others
    const auto status = site.stream_status("hall");
    REQUIRE(status);
    CHECK(site.coverage("hall").gaps.empty());
    static_cast<void>(site.stop_recorder(5s));
}

}  // namespace
