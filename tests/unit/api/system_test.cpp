#include "api/system/contract.hpp"
#include "api/system/metrics.hpp"
#include "api/system/readiness.hpp"

#include <catch2/catch.hpp>

namespace sluice::api {
namespace {

using namespace std::chrono_literals;

constexpr UtcTime kNow{std::chrono::sys_days{std::chrono::year{2026} / 11 / 23} + 10h};

status::RecorderStatus healthy() {
    status::RecorderStatus recorder;
    recorder.written = kNow - 1s;
    recorder.started = kNow - 1h;
    recorder.database_connected = true;
    status::VolumeStatus volume;
    volume.path = "/v1";
    volume.is_writable = true;
    recorder.volumes = {volume};
    status::StreamStatus stream;
    stream.camera_slug = "drive-left";
    stream.state = status::StreamState::recording;
    stream.frames = 12345678901;
    recorder.streams = {stream};
    return recorder;
}
std::string judged(
    DatabaseHealth database,
    const status::RecorderStatus* recorder,
    bool is_catalogue_confirmed = true,
    const LedgerHealth& ledger = {},
    const std::optional<catalogue::BackupAge>& backup = {},
    bool is_floor_at_risk = false
) {
    const Observations seen{
        .database = database,
        .catalogue = {.is_confirmed = is_catalogue_confirmed, .is_floor_at_risk = is_floor_at_risk},
        .ledger = ledger,
        .backup = backup,
        .recorder = recorder
    };
    const auto report = judge_readiness(seen, kNow);
    std::string text{to_string(report.readiness)};
    for (const auto& reason : report.reasons)
        text += " " + reason;
    return text;
}

TEST_CASE("readiness: only the database makes it unready, everything else degrades", "[api][system][rule]") {
    auto recorder = healthy();
    CHECK(judged(DatabaseHealth::reachable, &recorder) == "ready");
    CHECK(judged(DatabaseHealth::unreachable, &recorder) == "unready database_unreachable");
    CHECK(judged(DatabaseHealth::wrong_schema, nullptr) == "unready schema_version recorder_status_missing");
    CHECK(judged(DatabaseHealth::reachable, &recorder, false) == "degraded catalogue_unconfirmed");
    CHECK(judged(DatabaseHealth::unreachable, &recorder, false) == "unready database_unreachable");
    CHECK(judged(DatabaseHealth::reachable, &recorder, true, {}, {}, true) == "degraded floor_at_risk");
    const Observations no_calendar{
        .database = DatabaseHealth::reachable,
        .catalogue = {.missing_calendar_years = {2026}},
        .recorder = &recorder,
    };
    CHECK(judge_readiness(no_calendar, kNow).reasons == std::vector<std::string>{"calendar_missing"});
    const Observations nobody_to_call{
        .database = DatabaseHealth::reachable, .recorder = &recorder, .has_contacts = false
    };
    CHECK(judge_readiness(nobody_to_call, kNow).reasons == std::vector<std::string>{"contacts_missing"});
    CHECK(judge_readiness(nobody_to_call, kNow).readiness == Readiness::degraded);
    LedgerHealth ledger;
    ledger.longest_wait = 60s;
    CHECK(judged(DatabaseHealth::reachable, &recorder, true, ledger) == "ready");
    ledger.longest_wait += 1ms;
    CHECK(judged(DatabaseHealth::reachable, &recorder, true, ledger) == "degraded ledger_behind");
    ledger.trouble = "the key is gone";
    CHECK(
        judged(DatabaseHealth::reachable, &recorder, true, ledger) == "degraded ledger_behind ledger_trouble"
    );
    CHECK(judged(DatabaseHealth::unreachable, &recorder, true, ledger) == "unready database_unreachable");
    recorder.written = kNow - 10s;
    CHECK(judged(DatabaseHealth::reachable, &recorder) == "degraded recorder_status_old");
    recorder = healthy();
    recorder.volumes.push_back({});
    CHECK(judged(DatabaseHealth::reachable, &recorder) == "degraded volume_unwritable");
    recorder.volumes.clear();
    recorder.database_connected = false;
    CHECK(judged(DatabaseHealth::reachable, &recorder) == "degraded no_volume recorder_without_database");
}

TEST_CASE(
    "readiness: a backup is due eight days after the last one, or after the installation",
    "[api][system][rule]"
) {
    const auto recorder = healthy();
    const auto judge = [&](std::optional<UtcTime> backup, UtcTime installed) {
        return judged(
            DatabaseHealth::reachable, &recorder, true, {}, catalogue::BackupAge{backup, installed}
        );
    };
    using std::chrono::days;
    CHECK(judge({}, kNow - days{8} + 1s) == "ready");
    CHECK(judge({}, kNow - days{8}) == "degraded backup_old");
    CHECK(judge(kNow - days{8} + 1s, kNow - days{100}) == "ready");
    CHECK(judge(kNow - days{8}, kNow - days{100}) == "degraded backup_old");
    CHECK(
        judged(DatabaseHealth::unreachable, &recorder, true, {}, catalogue::BackupAge{{}, kNow - days{9}}) ==
        "unready database_unreachable"
    );
    MetricsInput input;
    CHECK(to_metrics(input).find("sluice_backup") == std::string::npos);
    input.backup = catalogue::BackupAge{from_epoch_us(5'000'000), {}};
    CHECK(to_metrics(input).find("\nsluice_backup_verified_timestamp_seconds 5\n") != std::string::npos);
}

TEST_CASE("readiness: the power and recorders that nobody hears degrade it", "[api][system][rule]") {
    auto recorder = healthy();
    recorder.ups = {
        {.slug = "ups-1", .state = PowerState::mains}, {.slug = "ups-2", .state = PowerState::mains}
    };
    CHECK(judged(DatabaseHealth::reachable, &recorder) == "ready");
    recorder.ups[1].state = PowerState::battery;
    CHECK(judged(DatabaseHealth::reachable, &recorder) == "degraded on_battery");
    recorder.ups[0].state = PowerState::battery_low;
    CHECK(judged(DatabaseHealth::reachable, &recorder) == "degraded on_battery battery_low");
    recorder.ups[1].state = PowerState::unknown;
    CHECK(judged(DatabaseHealth::reachable, &recorder) == "degraded on_battery battery_low ups_unknown");
    recorder.ups.clear();
    Observations seen{
        .database = DatabaseHealth::reachable,
        .catalogue = {.has_recorder_findings = true},
        .recorder = &recorder
    };
    CHECK(judge_readiness(seen, kNow).reasons == std::vector<std::string>{"recorder_findings"});
}

TEST_CASE("metrics: each UPS tells its state, and what the window of loss is", "[api][system]") {
    auto recorder = healthy();
    recorder.durability_window_ms = 1500;
    recorder.ups = {
        {.slug = "ups-1", .state = PowerState::battery, .charge_percent = 83.5, .runtime_s = 600},
        {.slug = "ups-2"}
    };
    MetricsInput input;
    input.recorder = &recorder;
    input.now = kNow;
    const std::string text = to_metrics(input);
    CHECK(text.find("sluice_ups_state{ups=\"ups-1\",state=\"battery\"} 1\n") != std::string::npos);
    CHECK(text.find("sluice_ups_state{ups=\"ups-2\",state=\"unknown\"} 1\n") != std::string::npos);
    CHECK(text.find("sluice_ups_charge_percent{ups=\"ups-1\"} 83.5\n") != std::string::npos);
    CHECK(text.find("sluice_ups_runtime_seconds{ups=\"ups-1\"} 600\n") != std::string::npos);
    CHECK(text.find("sluice_ups_charge_percent{ups=\"ups-2\"}") == std::string::npos);
    CHECK(text.find("sluice_recorder_durability_window_seconds 1.5\n") != std::string::npos);
}

TEST_CASE("metrics: label values are escaped and large counters keep every digit", "[api][system]") {
    MetricsText text;
    text.family("x", "gauge", "Help.");
    text.sample("x", {{"a", "q\" b\\ n\n"}, {"b", "迎"}}, 12345678901.0);
    text.sample("x", {}, 0.5);
    CHECK(
        text.text() ==
        "# HELP x Help.\n# TYPE x gauge\nx{a=\"q\\\" b\\\\ n\\n\",b=\"迎\"} 12345678901\nx 0.5\n"
    );
}

TEST_CASE("metrics: streams, volumes and routes are there, with and without a recorder", "[api][system]") {
    const auto recorder = healthy();
    MetricsInput input;
    input.recorder = &recorder;
    input.now = kNow;
    input.routes[{"/v1/cameras", 200U}].requests = 3;
    input.routes[{"/v1/cameras", 200U}].within.at(1) = 3;
    const std::string text = to_metrics(input);
    CHECK(
        text.find("sluice_stream_recording{camera=\"drive-left\",stream=\"main\"} 1\n") != std::string::npos
    );
    CHECK(
        text.find("sluice_stream_frames_total{camera=\"drive-left\",stream=\"main\"} 12345678901\n") !=
        std::string::npos
    );
    CHECK(text.find("sluice_recorder_status_age_seconds 1\n") != std::string::npos);
    CHECK(text.find("le=\"0.005\"} 0\n") != std::string::npos);
    CHECK(text.find("le=\"0.025\"} 3\n") != std::string::npos);
    CHECK(text.find("le=\"+Inf\"} 3\n") != std::string::npos);
    CHECK(text.find("sluice_retention_floor_at_risk 0\n") != std::string::npos);
    CHECK(text.find("sluice_retention_days_held") == std::string::npos);
    CHECK(text.find("sluice_calendar_missing_years 0\n") != std::string::npos);
    input.catalogue = {.is_confirmed = true, .is_floor_at_risk = true, .days_held = 12.5};
    CHECK(to_metrics(input).find("sluice_retention_floor_at_risk 1\n") != std::string::npos);
    CHECK(to_metrics(input).find("sluice_retention_days_held 12.5\n") != std::string::npos);
    input.catalogue.missing_calendar_years = {2026, 2027};
    CHECK(to_metrics(input).find("sluice_calendar_missing_years 2\n") != std::string::npos);
    input.recorder = nullptr;
    CHECK(to_metrics(input).find("sluice_recorder_status_present 0\n") != std::string::npos);
}

TEST_CASE("the contract is in the binary", "[api][system]") {
    CHECK(contract_text().starts_with("openapi: 3.1.0"));
    CHECK(contract_text().find("/v1/cameras/{slug}/clip.mp4:") != std::string_view::npos);
}

}  // namespace
}  // namespace sluice::api
