#pragma once

#include "api/http/wire.hpp"
#include "api/service/service.hpp"
#include "config/base/token.hpp"
#include "jobs/sequencer.hpp"
#include "storage/catalogue/principal_repository.hpp"
#include "tests/integration/api_client.hpp"
#include "tests/pg/clip_stage.hpp"

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

/// The whole API in this process, on a free port, over real footage and a real catalogue.
namespace sluice::test {

class StoppedClock final : public Clock {
public:
    explicit StoppedClock(UtcTime now) : now_us_(to_epoch_us(now)) {}
    [[nodiscard]] UtcTime now() const override { return from_epoch_us(now_us_); }
    void move(Microseconds time) { now_us_ += time.count(); }
    void set(UtcTime now) { now_us_ = to_epoch_us(now); }
    [[nodiscard]] BootTime boot_now() const override { return {}; }
    [[nodiscard]] std::optional<bool> is_synchronised() const override { return true; }

private:
    std::atomic<std::int64_t> now_us_;
};

/// Limits so short that a test can wait for them.
inline http::Limits short_limits() {
    http::Limits limits;
    limits.first_byte = std::chrono::seconds{2};
    limits.head = std::chrono::seconds{1};
    limits.body = std::chrono::seconds{1};
    limits.idle = std::chrono::seconds{2};
    limits.linger = std::chrono::seconds{1};
    limits.stop = std::chrono::seconds{10};
    return limits;
}

class ApiStage : public ClipStage {
public:
    explicit ApiStage(http::Limits limits = http::Limits{}) : limits_(limits) {
        config.data = data.path();
        config.api.listen = "127.0.0.1:0";
        config.api.workers = 2;
    }
    ~ApiStage() {
        if (service) service->stop();
        if (!sequencer.stop(std::chrono::seconds{20})) std::abort();
    }

    void start() {
        if (!service) sequencer.start();
        service = std::make_unique<api::Service>(config, database.conninfo("sluice_api"), clock, limits_);
        const auto started = service->start();
        if (!started) FAIL(started.error().describe());
    }
    [[nodiscard]] std::uint16_t port() const { return service->port(); }

    /// "Authorization: Bearer …" of a new machine with this role.
    [[nodiscard]] std::string authorization(const std::string& role) {
        const std::string token = make_token();
        catalogue::Pool owner{database.conninfo("sluice_super"), 1};
        const auto made =
            catalogue::create_machine_token(owner, "test " + role, role, token_hash(token), kStageStart);
        if (!made) FAIL(made.error().describe());
        return "Authorization: Bearer " + token;
    }
    /// Of a person, who is made when there is none of the name.
    [[nodiscard]] std::string authorization_of(const std::string& name, const std::string& role) {
        const std::string token = make_token();
        catalogue::Pool owner{database.conninfo("sluice_super"), 1};
        const auto made = catalogue::create_person_token(owner, name, {role}, token_hash(token), kStageStart);
        if (!made || !*made) FAIL("no token for " + name);
        return "Authorization: Bearer " + token;
    }
    /// GET as a viewer.
    [[nodiscard]] Reply get(const std::string& target, std::vector<std::string> headers = {}) {
        return ask("GET", target, std::move(headers));
    }
    [[nodiscard]] Reply
    ask(const std::string& method, const std::string& target, std::vector<std::string> headers = {}) {
        if (viewer_.empty()) viewer_ = authorization("viewer");
        headers.push_back(viewer_);
        return fetch(port(), method, target, headers);
    }

    TempFolder data{};
    config::Config config{};
    StoppedClock clock{kStageStart + std::chrono::hours{1}};
    std::unique_ptr<api::Service> service;
    /// The worker's part: without it openings are refused after a minute.
    RealClock real_clock{};
    jobs::Sequencer sequencer{
        {.conninfo = database.conninfo("sluice_worker"), .data = data.path(), .key_file = {}},
        real_clock
    };

private:
    http::Limits limits_;
    std::string viewer_;
};

[[nodiscard]] inline std::string clip_target(double from, std::optional<double> to) {
    std::string target = "/v1/cameras/drive-left/clip.mp4?from=" + to_rfc3339(at_second(from));
    if (to) target += "&to=" + to_rfc3339(at_second(*to));
    return target;
}
[[nodiscard]] inline std::string interval(double from, double to) {
    return "?from=" + to_rfc3339(at_second(from)) + "&to=" + to_rfc3339(at_second(to));
}

}  // namespace sluice::test
