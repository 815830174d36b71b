#pragma once

#include "config/base/files.hpp"
#include "jobs/xvr/watch.hpp"
#include "storage/catalogue/recorder_repository.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/postgres.hpp"
#include "tests/support/temp_folder.hpp"
#include "tests/support/xvr_simulator.hpp"

#include <memory>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

namespace sluice::test {

inline constexpr std::chrono::seconds kLong{60};  ///< generous: a busy machine must not decide

/// A recorder that is played, a catalogue that knows it, and the watch in this process.
class XvrStage {
public:
    XvrStage() {
        const UtcTime now = clock.now();
        const Uuid installation = make_uuid_v7(now);
        catalogue::Inventory inventory;
        inventory.volumes = {{make_uuid_v7(now), installation, "/var/lib/sluice/volume1"}};
        inventory.recorders = {{make_uuid_v7(now), installation, "xvr-1", "監視主機", "dahua"}};
        for (const auto& [channel, slug, name] :
             {std::tuple{1, "drive-left", "迎賓車道左側"}, std::tuple{2, "drive-right", "迎賓車道右側"}}) {
            config::Camera camera;
            camera.slug = slug;
            camera.name = name;
            camera.channel = channel;
            recorder.cameras.push_back(camera);
            catalogue::CameraRow row;
            row.id = make_uuid_v7(now);
            row.recorder_id = inventory.recorders.front().id;
            row.recorder_slug = "xvr-1";
            row.slug = slug;
            row.name = name;
            row.channel = channel;
            inventory.cameras.push_back(row);
        }
        catalogue::Pool pool{database.conninfo("sluice_recorder"), 1};
        REQUIRE(catalogue::save_inventory(pool, inventory, now));
        set_password(XvrSimulator::kPassword);
        recorder.slug = "xvr-1";
        recorder.name = "監視主機";
        recorder.vendor = config::Vendor::dahua;
        recorder.host = "127.0.0.1";
        recorder.http_port = simulator.port();
        recorder.username = XvrSimulator::kUser;
        recorder.password_place.file = folder.path() / "xvr.password";
        recorder.events = true;
        pauses.first = std::chrono::milliseconds{50};
        pauses.longest = std::chrono::milliseconds{500};
        pauses.refused = std::chrono::milliseconds{1500};
        pauses.silence = std::chrono::milliseconds{20'000};
        pauses.look_again = std::chrono::milliseconds{200};
        simulator.command("title 0 迎賓車道左側");
        simulator.command("title 1 迎賓車道右側");
    }
    ~XvrStage() {
        if (watch && !watch->stop(kLong)) std::abort();
    }

    void set_password(const std::string& password) const {
        REQUIRE(replace_file(folder.path() / "xvr.password", password + "\n", 0600));
    }
    void start() {
        watch = std::make_unique<xvr::Watch>(
            xvr::WatchSettings{database.conninfo("sluice_worker"), {recorder}, flag_rules, pauses}, clock
        );
        watch->start();
    }
    [[nodiscard]] bool await_state(const std::string& state) const {
        return eventually(kLong, [&] { return query("SELECT state FROM recorder_links") == state; });
    }
    /// Starts, and is heard.
    void connect() {
        start();
        REQUIRE(await_state("connected"));
    }
    [[nodiscard]] std::string query(const std::string& sql) const { return database.query(sql); }
    [[nodiscard]] bool await_query(const std::string& sql, const std::string& answer) const {
        return eventually(kLong, [&] { return query(sql) == answer; });
    }
    /// Codes of the stream's events, in the order in which they came.
    [[nodiscard]] std::string codes() const {
        return query(
            "SELECT string_agg(code, ' ' ORDER BY received_at, split_part(event_id, '/', 2)::int) FROM "
            "access_events WHERE event_id ~ '^[0-9a-f-]{36}/'"
        );
    }
    [[nodiscard]] bool await_codes(const std::string& wanted) const {
        return eventually(kLong, [&] { return codes() == wanted; });
    }

    Database database;
    TempFolder folder;
    RealClock clock;
    XvrSimulator simulator;
    config::Recorder recorder;
    std::vector<config::FlagRule> flag_rules;
    xvr::Pauses pauses;
    std::unique_ptr<xvr::Watch> watch;
};

}  // namespace sluice::test
