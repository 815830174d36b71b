#pragma once

#include "config/base/files.hpp"
#include "storage/catalogue/contractor_repository.hpp"
#include "storage/contractor/import.hpp"
#include "tests/pg/purge_stage.hpp"
#include "tests/support/contractor_files.hpp"

#include <filesystem>
#include <string>

/// A camera of the contractor's in force, clips of it that have come into the spool, and their import.
namespace sluice::test {

inline ledger::Act contractor_act() {
    return {
        .action = "contractor.changed",
        .actor = {.id = std::nullopt, .name = "惠民", .role = "contractor"},
        .subject = {.kind = "contractor_clip", .id = "1"}
    };
}

class ContractorStage : public PurgeStage {
public:
    ContractorStage() {
        config.data = data.path();
        config.storage.volumes = {root()};
        config.storage.segment = std::chrono::seconds{1};  // three of them in a clip
        machine = make_uuid_v7(kPurgeNow);
        database.execute(
            "INSERT INTO principals (id, kind, name, roles, valid_from) VALUES ('" + to_string(machine) +
            "', 'machine', 'huimin', '{contractor}', '2026-01-01')"
        );
        catalogue::ContractorCamera camera;
        camera.id = make_uuid_v7(kPurgeNow);
        camera.principal_id = machine;
        camera.slug = "lobby-1";
        camera.name = "大廳";
        camera.place = "1F";
        camera.announced = camera.changed = kPurgeNow - days{2};
        REQUIRE(take(catalogue::announce_camera(api, camera, std::nullopt, contractor_act())));
        camera.state = catalogue::AnnouncedState::accepted;
        camera.in_force = {.name = camera.name, .place = camera.place, .url = {}};
        camera.decided = kPurgeNow - days{2};
        camera.decider = "王秘書";
        REQUIRE(take(catalogue::decide_camera(api, camera, contractor_act(), std::nullopt)));
        camera_id = camera.id;
    }

    /// Announced and received whole, `received_ago` before now; it shows what ended `recorded_ago` before
    /// now.
    catalogue::ContractorClip receive(
        const std::string& kind,
        Microseconds recorded_ago = 1h,
        Microseconds received_ago = 0us,
        std::string content = {}
    ) {
        if (content.empty()) content = read_text_file(foreign_clip(kind), 64U << 20U).value();
        catalogue::ContractorClip clip = make_clip(kind, recorded_ago, received_ago, content);
        REQUIRE(take(catalogue::announce_clip(api, clip, 1ULL << 40U)).how == catalogue::Admission::is_new);
        put(clip, content);
        return clip;
    }
    [[nodiscard]] catalogue::ContractorClip make_clip(
        const std::string& kind,
        Microseconds recorded_ago,
        Microseconds received_ago,
        const std::string& content
    ) {
        catalogue::ContractorClip clip;
        clip.id = make_uuid_v7(kPurgeNow - received_ago);
        clip.principal_id = machine;
        clip.client_id = "clip-" + std::to_string(++clips_);
        clip.camera_id = camera_id;
        clip.name = "ch1." + kind;
        clip.bytes = content.size();
        clip.sha256 = sha256(as_bytes(content));
        clip.clock_offset = 250ms;
        clip.range = {
            kPurgeNow - recorded_ago - std::chrono::seconds{kForeignSeconds}, kPurgeNow - recorded_ago
        };
        clip.said = {clip.range.from + clip.clock_offset, clip.range.to + clip.clock_offset};
        clip.announced = clip.changed = kPurgeNow - received_ago;
        return clip;
    }
    void put(const catalogue::ContractorClip& clip, const std::string& content) {
        const std::filesystem::path file = contractor::spool_path(data.path(), clip.id);
        std::filesystem::create_directories(file.parent_path());
        std::ofstream{file, std::ios::binary} << content;
        const auto act = contractor_act();
        REQUIRE(take(catalogue::save_part(
            api, {.clip_id = clip.id, .began = 0, .upto = clip.bytes, .now = clip.announced}, &act, nullptr
        )));
    }

    [[nodiscard]] contractor::ImportTools tools() {
        return {.pool = worker, .config = config, .files = files, .clock = clock, .program = program};
    }
    [[nodiscard]] Result<contractor::Imported> try_import(const Uuid& clip) {
        return contractor::import_clip(tools(), clip, [](const contractor::ImportProgress&) { return true; });
    }
    contractor::Imported import(const Uuid& clip) { return take(try_import(clip)); }
    [[nodiscard]] catalogue::ContractorClip read(const Uuid& clip) {
        return take(catalogue::get_contractor_clip(api, clip)).value();
    }

    /// Everything below imported/ as "path", sorted.
    [[nodiscard]] std::vector<std::string> imported_files() const {
        std::vector<std::string> found;
        const auto top = root() / "imported";
        if (!std::filesystem::exists(top)) return found;
        for (const auto& entry : std::filesystem::recursive_directory_iterator{top})
            if (entry.is_regular_file())
                found.push_back(std::filesystem::relative(entry.path(), root()).string());
        std::ranges::sort(found);
        return found;
    }
    [[nodiscard]] std::vector<catalogue::SegmentRow> segments() {
        return take(catalogue::load_segments(
            api, inventory.streams[1].id, {kPurgeNow - days{500}, kPurgeNow}, std::nullopt, 1000
        ));
    }

    TempFolder data{};
    std::filesystem::path program{};  ///< reads foreign files; empty: this process does
    config::Config config{};
    Uuid machine;
    Uuid camera_id;

private:
    int clips_ = 0;
};

}  // namespace sluice::test
