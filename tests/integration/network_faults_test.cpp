// Cameras behind bad networks, each kind in a namespace of its own, over TCP and UDP, all in one recorder:
// nothing is recorded that was not sent, what is missing has one gap with its cause, every camera comes back
// by itself, and a neighbour on a good network notices nothing.
#include "tests/support/cable.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/farm.hpp"
#include "tests/support/fault_table.hpp"
#include "tests/support/judge.hpp"
#include "tests/support/long_run.hpp"
#include "tests/support/site.hpp"
#include "tests/support/skip.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <set>

#include <catch2/catch.hpp>
#include <fmt/format.h>

using namespace std::chrono_literals;
using namespace sluice;
using namespace sluice::test;

namespace {

/// The longest attempt to connect, and the back-off behind it after a few in vain.
constexpr std::chrono::seconds kComeback{15 + 4};

using Causes = std::set<GapCause>;

/// What is expected of a camera behind a kind of network.
struct Expectation {
    std::string fault;  ///< as the table says it
    Causes over_tcp;    ///< causes that gaps may have, and nothing is missing outside of them
    Causes over_udp;
    std::string promise_tcp = "nothing";
    std::string promise_udp = "nothing";
};

const std::map<std::string, Expectation> kNetworks{
    {"loss",
     {.fault = "2 % of packets lost",
      .over_tcp = {GapCause::stream_stalled},
      .over_udp = {GapCause::packet_loss, GapCause::waiting_key_frame},
      .promise_udp = "the pictures whose packets were lost"}},
    {"delay", {.fault = "packets take 80 to 200 ms", .over_tcp = {}, .over_udp = {}}},
    {"late", {.fault = "5 % of packets overtaken by 30 ms", .over_tcp = {}, .over_udp = {}}},
    {"pulled",
     {.fault = "cable out for 4 s",
      .over_tcp = {GapCause::stream_stalled},
      .over_udp = {GapCause::stream_stalled, GapCause::packet_loss},
      .promise_udp = "that time"}},
    {"cut",
     {.fault = "cable out for 12 s",
      .over_tcp = {GapCause::stream_stalled, GapCause::camera_unreachable, GapCause::waiting_key_frame},
      .over_udp = {GapCause::stream_stalled, GapCause::camera_unreachable, GapCause::waiting_key_frame},
      .promise_tcp = "that time and a back-off",
      .promise_udp = "that time and a back-off"}},
    {"nat",
     {.fault = "a NAT forgets its connections",
      .over_tcp = {GapCause::stream_stalled, GapCause::camera_unreachable, GapCause::waiting_key_frame},
      .over_udp = {GapCause::stream_stalled, GapCause::camera_unreachable, GapCause::waiting_key_frame},
      .promise_tcp = "10 s of silence and a back-off",
      .promise_udp = "10 s of silence and a back-off"}},
};

/// Cables, a farm at the far end of each with one camera over TCP and one over UDP, and a neighbour on
/// loopback.
class Networks {
public:
    Networks() : neighbour_(site.folder() / "farm", {{"neighbour", make_clip({})}}) {
        std::vector<SiteCamera> cameras{{.slug = "neighbour", .url = neighbour_.url("neighbour")}};
        for (const auto& [name, expectation] : kNetworks) {
            auto& cable = cables[name];
            const std::string tcp = name + "-tcp";
            const std::string udp = name + "-udp";
            auto& farm = farms_[name];
            farm = std::make_unique<Farm>(
                site.folder() / ("farm-" + name),
                std::vector<FarmCamera>{{tcp, make_clip({})}, {udp, make_clip({})}},
                std::vector<std::string>{"lossy * on"},
                FarmPlace{cable.address(), cable.inside()}
            );
            cameras.push_back({.slug = tcp, .url = farm->url(tcp)});
            cameras.push_back({.slug = udp, .url = farm->url(udp), .is_udp = true});
        }
        for (const SiteCamera& camera : cameras)
            names.push_back(camera.slug);
        site.write_config(cameras);
    }

    /// Every camera records so many pictures more.
    [[nodiscard]] bool all_record(std::uint64_t pictures, std::chrono::seconds limit) const {
        std::map<std::string, std::uint64_t> before;
        for (const std::string& name : names)
            before[name] = site.frames(name);
        return eventually(
            limit,
            [&] {
                return std::ranges::all_of(names, [&](const std::string& name) {
                    return site.frames(name) >= before[name] + pictures;
                });
            },
            100ms
        );
    }
    [[nodiscard]] std::filesystem::path log(const std::string& name) const {
        const auto found = farms_.find(name.substr(0, name.find('-')));
        return found == farms_.end() ? neighbour_.log(name) : found->second->log(name);
    }

    Site site;
    std::map<std::string, Cable> cables;
    std::vector<std::string> names;

private:
    Farm neighbour_;
    std::map<std::string, std::unique_ptr<Farm>> farms_;
};

/// The cables are bad for twelve seconds, then good until all record. Adds when the one that was cut was
/// plugged in again.
void have_bad_times(Networks& place, std::vector<UtcTime>& plugged_in) {
    auto& cables = place.cables;
    cables["loss"].set_loss(2);
    cables["delay"].set_delay(80ms, 120ms);
    cables["late"].set_late(5, 30ms);
    cables["pulled"].pull_out();
    cables["cut"].pull_out();
    cables["nat"].forget_connections();
    const std::uint64_t before = place.site.frames("neighbour");
    REQUIRE(eventually(60s, [&] { return place.site.frames("neighbour") >= before + 100; }));
    cables["pulled"].plug_in();
    REQUIRE(eventually(60s, [&] { return place.site.frames("neighbour") >= before + 300; }));
    cables["cut"].plug_in();
    plugged_in.push_back(RealClock{}.now());
    cables["loss"].set_loss(0);
    cables["delay"].set_delay(0ms, 0ms);
    cables["late"].set_late(0, 0ms);
    REQUIRE(place.all_record(50, 60s));
}

/// Everything missing lies in a gap, every gap has a cause that this fault may have.
void check_camera(
    const Networks& place,
    const std::string& name,
    const Causes& causes,
    std::int64_t stopped_us,
    WorstLoss& worst
) {
    INFO(name << ": " << joined(place.site.gap_causes(name)));
    // Sent and arrived are up to 200 ms apart, and over UDP packets wait half a second for the one before.
    constexpr auto slack = 800ms;
    const auto coverage = place.site.coverage(name);
    const Footage footage = load_footage(place.site.volume(), name);
    const auto sent = load_sent(place.log(name));
    const std::int64_t until_us = stopped_us - 1'000'000;
    const auto is_for_nobody = sent_to_nobody(sent);
    const Allowance allowance{.until_us = until_us, .may_miss = [&](const SentPicture& picture) {
                                  return is_for_nobody(picture) ||
                                         std::ranges::any_of(causes, [&](GapCause cause) {
                                             return in_gap_of(coverage, cause, slack)(picture);
                                         });
                              }};
    CHECK(first_of(check_structure(footage, !causes.empty())) == "");
    CHECK(first_of(check_complete(footage, sent, allowance)) == "");
    CHECK(first_of(check_no_hole(coverage, from_epoch_us(stopped_us) - 3s, 50ms)) == "");
    for (const catalogue::GapRow& gap : coverage.gaps)
        CHECK((causes.contains(gap.cause) || gap.cause == GapCause::shutdown));
    auto missing = find_missing(footage, sent, until_us);
    std::erase_if(missing, is_for_nobody);
    worst.add(missing);
    worst.add(coverage);
}

}  // namespace

TEST_CASE(
    "Whatever the network does, only what it took is missing, with its cause, and the cameras come back "
    "(I15, I16)",
    "[network][recorder][rtsp][fault][beside]"
) {
    if (!Cable::can_be_laid()) SLUICE_SKIP("needs root and /dev/net/tun, for network namespaces");
    Networks place;
    Site& site = place.site;
    site.start_recorder();
    REQUIRE(place.all_record(50, 30s));
    std::vector<UtcTime> plugged_in;
    const std::size_t rounds = is_long_run() ? 10 : 1;
    for (std::size_t i = 0; i < rounds; ++i)
        have_bad_times(place, plugged_in);
    CHECK(site.await_catalogue(30s));
    const std::int64_t stopped_us = to_epoch_us(RealClock{}.now());
    CHECK(site.stop_recorder(5s) < 2s);

    WorstLoss of_neighbour;
    check_camera(place, "neighbour", {}, stopped_us, of_neighbour);
    CHECK(of_neighbour.is_nothing());
    CHECK(load_footage(site.volume(), "neighbour").runs() == 1);
    for (const auto& [name, expectation] : kNetworks) {
        WorstLoss over_tcp;
        WorstLoss over_udp;
        check_camera(place, name + "-tcp", expectation.over_tcp, stopped_us, over_tcp);
        check_camera(place, name + "-udp", expectation.over_udp, stopped_us, over_udp);
        note_fault({expectation.fault + ", TCP", rounds, over_tcp.text(), expectation.promise_tcp});
        note_fault({expectation.fault + ", UDP", rounds, over_udp.text(), expectation.promise_udp});
    }
    // A cable that is in again is found at the next attempt, which waits or has begun.
    for (const std::string name : {"cut-tcp", "cut-udp"}) {
        for (const catalogue::GapRow& gap : site.coverage(name).gaps) {
            if (gap.cause == GapCause::shutdown) continue;
            REQUIRE(gap.to);
            CHECK(std::ranges::any_of(plugged_in, [&](UtcTime time) {
                return *gap.to > time - 12s && *gap.to < time + kComeback;
            }));
        }
    }
    // That the faults were there at all.
    CHECK(site.gap_causes("cut-tcp").size() > rounds);
    CHECK(site.gap_causes("cut-udp").size() > rounds);
    CHECK(site.gap_causes("nat-tcp").size() > rounds);
    CHECK(site.gap_causes("nat-udp").size() > rounds);
    CHECK(site.gap_causes("loss-udp").size() > 1);
    CHECK(site.gap_causes("pulled-udp").size() > rounds);
}
