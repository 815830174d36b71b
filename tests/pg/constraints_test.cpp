#include "tests/pg/catalogue_site.hpp"

#include <pqxx/pqxx>

namespace sluice::catalogue {
namespace {

/// Statements as superuser: rights are not in question here, only what a row may be.
struct Rows {
    Site site;
    std::string volume = quoted(site.inventory.volumes[0].id);
    std::string recorder = quoted(site.inventory.recorders[0].id);
    std::string installation = quoted(site.inventory.recorders[0].installation_id);
    std::string camera = quoted(site.inventory.cameras[0].id);
    std::string stream = quoted(site.main);
    std::string run;
    std::string format;

    Rows() {
        const FinishedRow row = site.finished(site.main, make_uuid_v7(kStart), kStart);
        site.save(std::vector{row});
        run = quoted(row.row.run_id);
        format = quoted(row.row.format_id);
    }
    static std::string quoted(const Uuid& id) { return "'" + to_string(id) + "'"; }

    /// Name of the constraint that refuses it; "" when nothing does.
    [[nodiscard]] std::string refusal(const std::string& sql) const {
        try {
            site.database.execute(sql);
            return "";
        } catch (const pqxx::sql_error& error) {
            return constraint_of(error);
        }
    }
    [[nodiscard]] std::string segment(const std::string& changed, const std::string& value) const {
        std::string columns;
        std::string values;
        const std::pair<std::string, std::string> all[] = {
            {"id", "gen_random_uuid()"},
            {"stream_id", stream},
            {"run_id", run},
            {"volume_id", volume},
            {"format_id", format},
            {"from_at", "'2026-11-23 12:00Z'"},
            {"to_at", "'2026-11-23 12:01Z'"},
            {"bytes", "1"},
            {"sequence", "0"},
            {"samples", "1"},
            {"state", "'finished'"},
            {"path", "'live/a.mp4'"},
            {"sha256", "sha256('')"}
        };
        for (const auto& [column, normal] : all) {
            columns += (columns.empty() ? "" : ", ") + column;
            values += (values.empty() ? "" : ", ") + (column == changed ? value : normal);
        }
        return refusal("INSERT INTO segments (" + columns + ") VALUES (" + values + ")");
    }
};

TEST_CASE(
    "inventory: what would make two things one, or nothing at all, is refused",
    "[pg][catalogue][constraint]"
) {
    const Rows rows;
    const std::string id = "gen_random_uuid()";
    CHECK(
        rows.refusal("INSERT INTO volumes VALUES (" + id + ", " + id + ", 'volume1')") ==
        "volumes_path_absolute"
    );
    CHECK(
        rows.refusal("INSERT INTO recorders VALUES (" + id + ", " + id + ", 'XVR 1', '', '')") ==
        "recorders_slug_form"
    );
    CHECK(
        rows.refusal(
            "INSERT INTO recorders VALUES (" + id + ", " + rows.installation + ", 'xvr-1', '', '')"
        ) == "recorders_slug_unique"
    );
    CHECK(
        rows.refusal("INSERT INTO channels VALUES (" + rows.recorder + ", 0)") == "channels_number_positive"
    );
    CHECK(rows.refusal("INSERT INTO channels VALUES (" + rows.recorder + ", 1)") == "channels_pkey");
    const auto camera = [&](const std::string& slug, const std::string& name, const std::string& channel) {
        return rows.refusal(
            "INSERT INTO cameras (id, installation_id, recorder_id, slug, name, channel, is_enabled) VALUES "
            "(" +
            id + ", " + rows.installation + ", " + rows.recorder + ", '" + slug + "', '" + name + "', " +
            channel + ", true)"
        );
    };
    CHECK(camera("", "x", "NULL") == "cameras_slug_form");
    CHECK(camera("new", "", "NULL") == "cameras_name_present");
    CHECK(camera("drive-left", "x", "NULL") == "cameras_slug_unique");
    CHECK(camera("new", "x", "9") == "cameras_recorder_id_channel_fkey");
    CHECK(camera("new", "x", "1") == "");
    CHECK(
        rows.refusal("INSERT INTO streams VALUES (" + id + ", " + rows.camera + ", 'main')") ==
        "streams_one_of_a_kind"
    );
    CHECK(
        rows.refusal("INSERT INTO streams VALUES (" + id + ", " + rows.camera + ", 'third')") ==
        "streams_kind_known"
    );
    CHECK(
        rows.refusal("INSERT INTO streams VALUES (" + id + ", " + id + ", 'main')") ==
        "streams_camera_id_fkey"
    );
}

TEST_CASE("runs, formats and gaps: no end before the start, no unknown word", "[pg][catalogue][constraint]") {
    const Rows rows;
    const auto run = [&](const std::string& set) { return rows.refusal("UPDATE runs SET " + set); };
    CHECK(
        run("to_at = from_at - interval '1 microsecond', end_cause = 'shutdown'") == "runs_end_after_start"
    );
    CHECK(run("to_at = from_at") == "runs_end_has_cause");
    CHECK(run("end_cause = 'shutdown'") == "runs_end_has_cause");
    CHECK(run("to_at = from_at, end_cause = 'whim'") == "gap_cause_known");
    CHECK(run("measured_fps = -1") == "runs_rates_not_negative");
    CHECK(run("stream_id = gen_random_uuid()") == "runs_stream_id_fkey");
    const auto format = [&](const std::string& set) { return rows.refusal("UPDATE formats SET " + set); };
    CHECK(format("codec = 'vp9'") == "formats_codec_known");
    CHECK(format("width = 0") == "formats_size_sane");
    CHECK(format("decoder_config = ''") == "formats_config_present");
    const auto gap = [&](const std::string& to, const std::string& cause) {
        return rows.refusal(
            "INSERT INTO gaps VALUES (gen_random_uuid(), " + rows.stream + ", '2026-11-23Z', " + to + ", '" +
            cause + "')"
        );
    };
    CHECK(gap("'2026-11-22Z'", "power") == "gaps_end_after_start");
    CHECK(gap("NULL", "whim") == "gap_cause_known");
    CHECK(gap("NULL", "power") == "");
}

TEST_CASE("segments: a row that is not true of any file is refused", "[pg][catalogue][constraint]") {
    const Rows rows;
    CHECK(rows.segment("", "") == "");
    CHECK(rows.segment("state", "'deleted'") == "segments_state_known");
    CHECK(rows.segment("to_at", "'2026-11-23 11:59Z'") == "segments_end_after_start");
    CHECK(rows.segment("to_at", "'2026-11-24 12:00:00.000001Z'") == "segments_at_most_a_day");
    CHECK(rows.segment("bytes", "-1") == "segments_counts_not_negative");
    CHECK(rows.segment("path", "'/etc/passwd'") == "segments_path_inside");
    CHECK(rows.segment("path", "'live/../../x'") == "segments_path_inside");
    CHECK(rows.segment("path", "'..'") == "segments_path_inside");
    CHECK(rows.segment("path", "'live/a..b.mp4'") == "");
    CHECK(rows.segment("path", "'live/a.mp4.part'") == "segments_finished_is_whole");
    CHECK(rows.segment("sha256", "'\\x00'") == "segments_finished_is_whole");
    CHECK(rows.segment("sha256", "NULL") == "segments_finished_is_whole");
    CHECK(rows.segment("samples", "0") == "segments_finished_is_whole");
    CHECK(rows.segment("run_id", "gen_random_uuid()") == "segments_run_id_fkey");
    CHECK(rows.segment("stream_id", "gen_random_uuid()") == "segments_stream_id_fkey");
    CHECK(rows.segment("volume_id", "gen_random_uuid()") == "segments_volume_id_fkey");
    CHECK(rows.segment("format_id", "gen_random_uuid()") == "segments_format_id_fkey");
    CHECK(
        rows.refusal("INSERT INTO segments SELECT * FROM segments LIMIT 1").find("_pkey") != std::string::npos
    );
    CHECK(
        rows.refusal("INSERT INTO segment_index VALUES (gen_random_uuid(), now(), '')") ==
        "segment_index_present"
    );
}

TEST_CASE(
    "coverage, tombstones, positions, events: refused where they would mean nothing",
    "[pg][catalogue][constraint]"
) {
    const Rows rows;
    CHECK(
        rows.refusal("INSERT INTO coverage SELECT stream_id, run_id, from_at + interval '1s', to_at + "
                     "interval '1h' FROM coverage") == "coverage_once_in_a_run"
    );
    CHECK(rows.refusal("UPDATE coverage SET to_at = from_at") == "coverage_not_empty");
    CHECK(
        rows.refusal(
            "INSERT INTO tombstones VALUES (gen_random_uuid(), " + rows.stream +
            ", now(), now(), 1, NULL, '', 'r', now())"
        ) == "tombstones_rule_present"
    );
    CHECK(
        rows.refusal(
            "INSERT INTO tombstones VALUES (gen_random_uuid(), " + rows.stream +
            ", now(), now() - interval '1s', 1, NULL, 'x', 'r', now())"
        ) == "tombstones_end_after_start"
    );
    CHECK(
        rows.refusal("INSERT INTO journal_positions VALUES (" + rows.volume + ", 'x', -1)") ==
        "journal_positions_offset_not_negative"
    );
    CHECK(
        rows.refusal("INSERT INTO journal_positions VALUES (gen_random_uuid(), 'x', 1)") ==
        "journal_positions_volume_id_fkey"
    );
    CHECK(
        rows.refusal(
            "INSERT INTO recorder_events VALUES (gen_random_uuid(), " + rows.volume + ", now(), 'whim', '{}')"
        ) == "recorder_events_kind_known"
    );
}

TEST_CASE(
    "principals and credentials: known kinds, machine roles, whole hashes, a time that exists",
    "[pg][catalogue][constraint]"
) {
    const Rows rows;
    const auto principal =
        [&](const std::string& kind, const std::string& name, const std::string& roles, const std::string& to
        ) {
            return rows.refusal(
                "INSERT INTO principals VALUES ('0192f1c0-0000-7000-8000-000000000001', '" + kind + "', '" +
                name + "', '" + roles + "', now(), " + to + ")"
            );
        };
    CHECK(principal("robot", "x", "{viewer}", "NULL") == "principals_kind_known");
    CHECK(principal("machine", "", "{viewer}", "NULL") == "principals_name_present");
    CHECK(principal("machine", "x", "{}", "NULL") == "principals_machine_roles");
    CHECK(principal("machine", "x", "{viewer,director}", "NULL") == "principals_machine_roles");
    CHECK(principal("machine", "x", "{viewer}", "now()") == "principals_validity");
    CHECK(principal("person", "x", "{director}", "NULL") == "");
    const auto credential = [&](const std::string& hash, const std::string& to) {
        return rows.refusal(
            "INSERT INTO credentials VALUES (" + hash + ", '0192f1c0-0000-7000-8000-000000000001', now(), " +
            to + ")"
        );
    };
    CHECK(credential("'\\x00'", "NULL") == "credentials_hash_whole");
    CHECK(credential("sha256('x')", "now()") == "credentials_validity");
    CHECK(credential("sha256('x')", "NULL") == "");
    CHECK(credential("sha256('x')", "NULL") == "credentials_pkey");
}

}  // namespace
}  // namespace sluice::catalogue
