// API, worker and database are killed at random moments while cameras are recorded, a clip is downloaded and
// a job runs, all under `sluice up`, which brings each of them back.
#include "storage/catalogue/footage_repository.hpp"
#include "storage/catalogue/job_repository.hpp"
#include "tests/integration/api_client.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/fault_table.hpp"
#include "tests/support/judge.hpp"
#include "tests/support/long_run.hpp"
#include "tests/support/site.hpp"
#include "tests/support/up_site.hpp"

#include <algorithm>
#include <csignal>
#include <random>

#include <catch2/catch.hpp>
#include <fmt/format.h>

using namespace std::chrono_literals;
using namespace sluice;
using namespace sluice::test;
using catalogue::JobState;

namespace {

const std::vector<std::string> kNames{"hall", "yard"};
constexpr std::uint64_t kJobPace = 400'000;  // bytes a second: a few seconds for what it is to read

/// A clip on its way to a client that reads slowly, and comes back for the rest when the connection breaks.
class Download {
public:
    Download(std::uint16_t port, std::string target, std::string authorization)
        : port_(port),
          target_(std::move(target)),
          authorization_(std::move(authorization)) {}

    /// Until so many bytes are here. False: the connection is gone.
    bool read_to(std::size_t bytes) {
        while (body_.size() < bytes) {
            const std::string some = client_ ? client_->take_some() : std::string{};
            if (some.empty()) {
                client_.reset();
                return false;
            }
            body_ += some;
        }
        return true;
    }
    /// The whole clip, over as many connections as it takes.
    [[nodiscard]] bool finish(std::chrono::seconds limit) {
        return eventually(limit, [&] { return (client_ || ask()) && read_to(length_); }, 50ms);
    }
    /// Asks for what is not here yet. False: not answered for now.
    bool ask() {
        try {
            constexpr int small_window = 16 * 1024;
            client_.emplace(port_, small_window);
        } catch (const std::runtime_error&) {  // nobody listens
            return false;
        }
        std::string text =
            fmt::format("GET {} HTTP/1.1\r\nHost: localhost\r\n{}\r\n", target_, authorization_);
        if (!etag_.empty()) text += fmt::format("Range: bytes={}-\r\nIf-Range: {}\r\n", body_.size(), etag_);
        Reply head;
        if (client_->send(text + "\r\n")) head = client_->receive_head();
        const int expected = etag_.empty() ? 200 : 206;
        if (head.status != expected) {
            client_.reset();
            // Another clip under the same address would be worse than none.
            demand(head.status != 200, "the rest of the clip is another clip");
            return false;
        }
        if (!etag_.empty()) {
            const std::string part = fmt::format("bytes {}-{}/{}", body_.size(), length_ - 1, length_);
            demand(head.header("content-range") == part, "not the part that was asked for");
            ++resumptions_;
            return true;
        }
        etag_ = head.header("etag");
        length_ = std::stoul(head.header("content-length"));
        return true;
    }
    [[nodiscard]] const std::string& body() const noexcept { return body_; }
    [[nodiscard]] std::size_t length() const noexcept { return length_; }
    [[nodiscard]] unsigned resumptions() const noexcept { return resumptions_; }

private:
    std::uint16_t port_;
    std::string target_;
    std::string authorization_;
    std::optional<Client> client_;
    std::string etag_;
    std::string body_;
    std::size_t length_ = 0;
    unsigned resumptions_ = 0;
};

class KillSite {
public:
    KillSite()
        : place(
              {{"hall", make_clip({.width = 1280, .height = 720, .bitrate_kbps = 4000})},
               {"yard", make_clip({.gop = 50, .b_frames = 3})}}
          ),
          up(place.start()),
          authorization("Authorization: Bearer " + place.operator_token()) {
        // A clip of two segments that nobody changes any more.
        REQUIRE(eventually(60s, [&] { return find_clip(); }, 100ms));
    }

    [[nodiscard]] std::uint64_t frames() const {
        const auto now = place.status();
        if (!now || now->streams.size() != kNames.size()) return 0;
        return std::min(now->streams[0].frames, now->streams[1].frames);
    }
    [[nodiscard]] catalogue::Coverage coverage(const std::string& name) const {
        return coverage_of(place.conninfo("sluice_api"), name);
    }
    /// Kills it and waits until `sluice up` has started another.
    void kill(const std::string& service) {
        const auto before = pids_of(up.output(), service);
        REQUIRE_FALSE(before.empty());
        REQUIRE(::kill(before.back(), SIGKILL) == 0);
        REQUIRE(eventually(90s, [&] { return pids_of(up.output(), service).size() > before.size(); }, 50ms));
    }
    [[nodiscard]] bool is_ready() const {
        try {
            return fetch(place.port(), "GET", "/readyz").status == 200;
        } catch (const std::runtime_error&) {
            return false;
        }
    }
    [[nodiscard]] Download download() const { return {place.port(), target, authorization}; }
    /// A check of the clip's footage that takes a few seconds.
    Uuid file_job() {
        catalogue::Pool api{place.conninfo("sluice_api"), 1};
        const Uuid id = make_uuid_v7(RealClock{}.now());
        const auto filed = catalogue::file_job(
            api,
            {.id = id,
             .kind = catalogue::JobKind::check,
             .arguments = fmt::format(
                 R"({{"depth":"hashes","from":"{}","to":"{}","pace_bytes_per_second":{}}})",
                 to_rfc3339(clip.from),
                 to_rfc3339(clip.to),
                 kJobPace
             ),
             .same_work = to_string(id),
             .principal_id = std::nullopt,
             .principal = "tester"}
        );
        REQUIRE((filed && *filed));
        return id;
    }
    /// None as long as the database doesn't answer: it may just have been killed.
    [[nodiscard]] std::optional<catalogue::JobRow> job(const Uuid& id) const {
        catalogue::Pool api{place.conninfo("sluice_api"), 1};
        const auto found = catalogue::find_job(api, id);
        return found ? *found : std::nullopt;
    }
    [[nodiscard]] bool is_in(JobState state, const Uuid& id) const {
        const auto row = job(id);
        return row && row->state == state;
    }

    UpSite place;
    Process up;
    std::string authorization;
    TimeRange clip;
    std::string target;

private:
    bool find_clip() {
        catalogue::Pool api{place.conninfo("sluice_api"), 1};
        const auto camera = catalogue::find_camera(api, "hall");
        if (!camera || !*camera) return false;
        const auto stream = catalogue::find_stream(api, (*camera)->id, StreamKind::main);
        if (!stream || !*stream) return false;
        const UtcTime now = RealClock{}.now();
        const auto segments = catalogue::load_segments(api, (*stream)->id, {now - 1h, now}, std::nullopt, 10);
        if (!segments) return false;
        const auto is_open = [](const catalogue::SegmentRow& segment) {
            return segment.state != catalogue::SegmentState::finished;
        };
        if (std::ranges::find_if(*segments, is_open) - segments->begin() < 2) return false;
        clip = {(*segments)[0].range.from, (*segments)[1].range.to};
        target = fmt::format(
            "/v1/cameras/hall/clip.mp4?from={}&to={}", to_rfc3339(clip.from), to_rfc3339(clip.to)
        );
        return true;
    }
};

/// Each once, the worker first, because a job that it leaves has to wait for its lease; then at random.
std::vector<std::string> draw_services(std::size_t count, std::mt19937& random) {
    std::vector<std::string> services{"sluice-api", "sluice-database"};
    std::ranges::shuffle(services, random);
    services.insert(services.begin(), "sluice-worker");
    const std::vector<std::string> all{"sluice-api", "sluice-worker", "sluice-database"};
    while (services.size() < count)
        services.push_back(all[std::uniform_int_distribution<std::size_t>{0, 2}(random)]);
    return services;
}

}  // namespace

TEST_CASE(
    "API, worker and database killed at any moment come back, and nobody loses anything (I13, I15, I18)",
    "[up][recorder][rtsp][fault][beside]"
) {
    const unsigned seed = std::random_device{}();
    fmt::print("services killed: seed {}\n", seed);
    INFO("seed " << seed);
    std::mt19937 random{seed};
    KillSite site;
    const Reply whole = fetch(site.place.port(), "GET", site.target, {site.authorization});
    REQUIRE(whole.status == 200);
    REQUIRE(whole.is_whole);

    const auto services = draw_services(is_long_run() ? 25 : 4, random);
    std::size_t resumptions = 0;
    const Uuid job = site.file_job();
    REQUIRE(eventually(30s, [&] { return site.is_in(JobState::running, job); }));
    for (const std::string& service : services) {
        INFO(service);
        Download download = site.download();
        REQUIRE(eventually(60s, [&] { return download.ask(); }, 50ms));
        // Some moment of the download, and of the segments that are being written.
        const int percent = std::uniform_int_distribution<int>{5, 60}(random);
        REQUIRE(download.read_to(download.length() * static_cast<std::size_t>(percent) / 100));
        site.kill(service);
        REQUIRE(download.finish(60s));
        CHECK(download.resumptions() >= (service == "sluice-api" ? 1U : 0U));
        CHECK((download.body() == whole.body));  // no megabytes in the message
        resumptions += download.resumptions();
        REQUIRE(eventually(60s, [&] { return site.is_ready(); }, 100ms));
    }
    // The job that was under way is done by another worker.
    REQUIRE(eventually(90s, [&] { return site.is_in(JobState::done, job); }, 100ms));
    const auto done = site.job(job);
    REQUIRE(done);
    CHECK(done->attempts >= 2);

    const std::uint64_t before = site.frames();
    REQUIRE(eventually(30s, [&] { return site.frames() > before + 150; }));
    REQUIRE(eventually(
        60s,
        [&] {
            return site.place.status()->database_connected && site.place.status()->catalogue_backlog == 0;
        },
        100ms
    ));
    const std::int64_t stopped_us = to_epoch_us(RealClock{}.now());
    std::vector<catalogue::Coverage> coverage;
    for (const std::string& name : kNames)
        coverage.push_back(site.coverage(name));
    CHECK(pids_of(site.up.output(), "sluice-recorder").size() == 1);
    CHECK(site.up.output().find("\"state\":\"failed\"") == std::string::npos);
    CHECK(site.up.stop(40s).code == 0);

    WorstLoss worst;
    for (std::size_t i = 0; i < kNames.size(); ++i) {
        INFO(kNames[i]);
        const Footage footage = load_footage(site.place.volume(), kNames[i]);
        const auto sent = load_sent(site.place.farm().log(kNames[i]));
        CHECK(first_of(check_structure(footage)) == "");
        CHECK(first_of(check_complete(footage, sent, {.until_us = stopped_us - 500'000})) == "");
        CHECK(first_of(check_no_hole(coverage[i], from_epoch_us(stopped_us) - 3s, 50ms)) == "");
        CHECK(coverage[i].gaps.empty());
        worst.add(find_missing(footage, sent, stopped_us - 500'000));
        worst.add(coverage[i]);
    }
    note_fault(
        {"API, worker, database killed",
         services.size(),
         fmt::format("{}; downloads resumed {} times", worst.text(), resumptions),
         "nothing; jobs and downloads are finished"}
    );
}
