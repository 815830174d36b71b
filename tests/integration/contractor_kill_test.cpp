// kill -9 of the worker in the middle of an import: another one goes on, and nothing is there twice.
#include "config/base/files.hpp"
#include "storage/catalogue/contractor_clip_repository.hpp"
#include "storage/catalogue/contractor_repository.hpp"
#include "storage/contractor/import.hpp"
#include "tests/support/contractor_files.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/farm.hpp"
#include "tests/support/media.hpp"
#include "tests/support/site.hpp"

#include <fstream>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace std::chrono_literals;
using namespace sluice;
using namespace sluice::test;
namespace fs = std::filesystem;

namespace {

ledger::Act act() {
    return {
        .action = "contractor.changed",
        .actor = ledger::system_actor("test"),
        .subject = {.kind = "contractor_clip", .id = "1"},
    };
}

/// A site whose only camera is the contractor's, with one clip of it received.
class Handover {
public:
    Handover() {
        const Farm farm{site.folder() / "farm", {{"yard", make_clip({})}}};
        site.write_config({{.slug = "yard", .url = farm.url("yard")}});
        site.start_recorder();
        // The worker knows camera and volume from the catalogue alone.
        REQUIRE(eventually(60s, [&] {
            return site.frames("yard") > 10 &&
                   site.database().query("SELECT count(*) FROM streams, volumes") == "1";
        }));
        site.stop_recorder(20s);
        auto text = read_text_file(site.folder() / "sluice.toml", 1U << 20U);
        REQUIRE(text);
        const std::string from = "user=sluice_recorder";
        text->replace(text->find(from), from.size(), "user=sluice_worker");
        REQUIRE(replace_file(config(), *text, 0644));
        receive();
    }
    [[nodiscard]] fs::path config() const { return site.folder() / "worker.toml"; }
    [[nodiscard]] Process start() const {
        auto worker = Process::start(
            {SLUICE_BIN_DIR "/sluice", "work", "--lease", "2", "--config", config().string()},
            {.log = site.folder() / "worker.log"}
        );
        REQUIRE(worker);
        return std::move(*worker);
    }
    [[nodiscard]] bool has_begun() const {
        std::error_code ignored;
        return fs::exists(site.volume() / "imported", ignored);
    }
    [[nodiscard]] bool has_ended() {
        const auto found = catalogue::get_contractor_clip(api, clip.id);
        return found && *found && (*found)->ended;
    }

    Site site;
    catalogue::Pool api{site.database().conninfo("sluice_api"), 1};
    catalogue::ContractorClip clip;

private:
    void receive() {
        const Uuid machine = make_uuid_v7(RealClock{}.now());
        site.database().execute(
            "INSERT INTO principals (id, kind, name, roles, valid_from) VALUES ('" + to_string(machine) +
            "', 'machine', 'huimin', '{contractor}', '2026-01-01')"
        );
        const UtcTime now = RealClock{}.now();
        catalogue::ContractorCamera camera;
        camera.id = make_uuid_v7(now);
        camera.principal_id = machine;
        camera.slug = "yard";
        camera.name = camera.place = "中庭";
        camera.announced = camera.changed = now;
        REQUIRE(catalogue::announce_camera(api, camera, std::nullopt, act()).value());
        const std::string content = read_text_file(foreign_clip("mp4"), 64U << 20U).value();
        clip.id = make_uuid_v7(now);
        clip.principal_id = machine;
        clip.client_id = "c1";
        clip.camera_id = camera.id;
        clip.name = "ch1.mp4";
        clip.bytes = content.size();
        clip.sha256 = sha256(as_bytes(content));
        clip.range = clip.said = {now - 10min, now - 10min + std::chrono::seconds{kForeignSeconds}};
        clip.announced = clip.changed = now;
        REQUIRE(catalogue::announce_clip(api, clip, 1ULL << 40U).value().how == catalogue::Admission::is_new);
        const fs::path file = contractor::spool_path(site.data(), clip.id);
        fs::create_directories(file.parent_path());
        std::ofstream{file, std::ios::binary} << content;
        const ledger::Act receipt = act();
        REQUIRE(catalogue::save_part(
            api, {.clip_id = clip.id, .began = 0, .upto = clip.bytes, .now = now}, &receipt, nullptr
        ));
    }
};

}  // namespace

TEST_CASE(
    "a worker killed in the middle of an import leaves no segment twice",
    "[worker][contractor][integration]"
) {
    Handover stage;
    // Whether the kill comes in the middle or just behind the end: what there is afterwards is the same.
    for (int round = 0; round < 3 && !stage.has_ended(); ++round) {
        Process worker = stage.start();
        REQUIRE(eventually(60s, [&] { return stage.has_begun() || stage.has_ended(); }));
        worker.kill_now();
    }
    Process last = stage.start();
    REQUIRE(eventually(90s, [&] { return stage.has_ended(); }));
    CHECK(last.stop(20s) == ExitStatus{});
    const auto done = catalogue::get_contractor_clip(stage.api, stage.clip.id).value().value();
    CHECK(done.state == catalogue::ClipState::imported);
    CHECK(done.is_playable == true);
    std::size_t segments = 0;
    std::size_t others = 0;
    std::uint64_t pictures = 0;
    for (const auto& entry : fs::recursive_directory_iterator{stage.site.volume() / "imported"}) {
        if (!entry.is_regular_file()) continue;
        if (entry.path().extension() != ".mp4") {
            ++others;
            continue;
        }
        ++segments;
        const Verdict verdict = judge(entry.path());
        CHECK(verdict.errors.empty());
        pictures += verdict.frames;
    }
    CHECK(others == 2);  // the received file and its receipt
    CHECK(segments == done.segments);
    CHECK(pictures == kForeignPictures);
    CHECK(
        stage.site.database().query("SELECT count(*) FROM segments WHERE path LIKE 'imported/%'") ==
        std::to_string(segments)
    );
}
