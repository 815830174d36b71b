#pragma once

#include "storage/catalogue/footage_repository.hpp"
#include "storage/catalogue/recorder_repository.hpp"
#include "tests/support/postgres.hpp"

#include <chrono>
#include <string>
#include <string_view>

#include <catch2/catch.hpp>
#include <pqxx/except>

/// A small installation in a fresh database: one recorder, two cameras, three streams.
namespace sluice::catalogue {

using namespace std::chrono_literals;

inline constexpr UtcTime kStart = UtcTime{std::chrono::sys_days{std::chrono::year{2026} / 11 / 23}} + 10h;

/// Throws with the error's text, so that a test says why.
template <class T>
T need(Result<T> result) {
    if (!result) FAIL(result.error().describe());
    if constexpr (!std::is_void_v<T>) return std::move(*result);
}

inline mp4::VideoFormat small_format() {
    return {
        .codec = Codec::h264,
        .width = 1280,
        .height = 720,
        .decoder_config = {1, 0x64, 0, 0x1f},
        .codec_string = "avc1.64001f"
    };
}

/// Name of the constraint that a statement has violated; the whole text when it was something else.
inline std::string constraint_of(const pqxx::sql_error& error) {
    const std::string text = error.what();
    const std::string_view word = "constraint \"";
    const auto begin = text.find(word);
    if (begin == std::string::npos) return text;
    return text.substr(begin + word.size(), text.find('"', begin + word.size()) - begin - word.size());
}

struct Site {
    test::Database database;
    Pool recorder{database.conninfo("sluice_recorder"), 4};
    Pool reader{database.conninfo("sluice_api"), 2};
    Inventory inventory;
    Uuid main;   ///< stream of drive-left
    Uuid sub;    ///< its sub stream
    Uuid other;  ///< main stream of lobby-1

    Site() {
        const Uuid installation = make_uuid_v7(kStart);
        inventory.volumes = {{make_uuid_v7(kStart), installation, "/var/lib/sluice/volume1"}};
        inventory.recorders = {{make_uuid_v7(kStart), installation, "xvr-1", "錄影主機", "dahua"}};
        inventory.cameras = {camera("drive-left", "迎賓車道左側", 1), camera("lobby-1", "大廳", 0)};
        inventory.streams = {
            {make_uuid_v7(kStart), inventory.cameras[0].id, StreamKind::main},
            {make_uuid_v7(kStart), inventory.cameras[0].id, StreamKind::sub},
            {make_uuid_v7(kStart), inventory.cameras[1].id, StreamKind::main},
        };
        main = inventory.streams[0].id;
        sub = inventory.streams[1].id;
        other = inventory.streams[2].id;
        need(save_inventory(recorder, inventory, kStart));
        need(ensure_partitions(recorder, kStart + 7 * 24h));
    }

    [[nodiscard]] CameraRow camera(const std::string& slug, const std::string& name, int channel) const {
        CameraRow row;
        row.id = make_uuid_v7(kStart);
        row.recorder_id = inventory.recorders[0].id;
        row.recorder_slug = inventory.recorders[0].slug;
        row.slug = slug;
        row.name = name;
        row.channel = channel;
        row.tags = {"entrance", "with \"quotes\", and {braces}\\"};
        row.zone = "1F";
        return row;
    }

    /// A finished minute (or `length`) of a run.
    [[nodiscard]] FinishedRow
    finished(const Uuid& stream, const Uuid& run, UtcTime from, Microseconds length = 60s) const {
        FinishedRow made{.row = {}, .format = small_format(), .index = {1, 2, 3, 0, 255}};
        made.row.id = make_uuid_v7(from);
        made.row.stream_id = stream;
        made.row.run_id = run;
        made.row.volume_id = inventory.volumes[0].id;
        made.row.state = SegmentState::finished;
        made.row.path = "live/2026-11-23/drive-left/main/" + to_string(made.row.id) + ".mp4";
        made.row.range = {from, from + length};
        made.row.bytes = 5'000'000'000;
        made.row.sha256 = sha256(as_bytes(made.row.path.native()));
        made.row.format_id = format_id(made.format);
        made.row.sums = {
            .samples = 1500,
            .key_samples = 30,
            .fragments = 60,
            .duration_runs = 7,
            .composition_runs = 9,
            .sample_bytes = 4'999'999'000,
            .ticks = 5'400'000,
            .has_composition = true
        };
        return made;
    }
    [[nodiscard]] OpenSegment open(const Uuid& stream, const Uuid& run, UtcTime from, Microseconds length)
        const {
        const FinishedRow whole = finished(stream, run, from, length);
        OpenSegment made{.row = whole.row, .format = whole.format};
        made.row.state = SegmentState::open;
        made.row.path += ".part";
        made.row.sha256.reset();
        made.row.sums = {};
        made.row.bytes = 1000;
        return made;
    }
    void save(std::vector<FinishedRow> rows) { need(save_finished_segments(recorder, rows)); }
    void save(std::vector<OpenSegment> rows) { need(save_open_segments(recorder, rows)); }
    void apply(std::vector<volume::JournalFact> facts) {
        std::vector<volume::JournalLine> lines;
        for (auto& fact : facts)
            lines.push_back({.written = kStart, .fact = std::move(fact)});
        need(
            apply_journal(recorder, inventory.volumes[0].id, lines, {.file = "2026-11-23.jsonl", .offset = 1})
        );
    }
    [[nodiscard]] std::vector<SegmentRow>
    segments(const Uuid& stream, TimeRange range = {kStart - 30 * 24h, kStart + 30 * 24h}) {
        return need(load_segments(reader, stream, range, std::nullopt, 1000));
    }
    /// "from-to" in seconds after kStart, with a blank between stretches.
    [[nodiscard]] std::string
    covered(const Uuid& stream, TimeRange range = {kStart - 30 * 24h, kStart + 30 * 24h}) {
        std::string text;
        for (const auto& stretch : need(load_coverage(reader, stream, StreamKind::main, range)).covered) {
            if (!text.empty()) text += ' ';
            const auto seconds = [](UtcTime at) {
                const auto us = (at - kStart).count();
                return us % 1'000'000 == 0 ? std::to_string(us / 1'000'000) : std::to_string(us) + "us";
            };
            text += seconds(stretch.range.from) + "-" + seconds(stretch.range.to);
        }
        return text;
    }
};

}  // namespace sluice::catalogue
