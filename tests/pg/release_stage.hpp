#pragma once

#include "jobs/log_writer.hpp"
#include "storage/catalogue/copy_repository.hpp"
#include "storage/catalogue/viewing_repository.hpp"
#include "storage/release/make_copy.hpp"
#include "tests/pg/clip_stage.hpp"

#include <string>
#include <thread>
#include <vector>

/// Real footage, and a request about it that has come as far as its session: arranged as the superuser, so
/// that what is tested does not rest on the way there.
namespace sluice::test {

class ReleaseCase {
public:
    explicit ReleaseCase(ClipStage& stage) : stage_(stage) {
        const std::vector<std::pair<Uuid, std::string>> persons{
            {escort, "林陪同"}, {viewer, "王小明"}, {director, "局長"}
        };
        for (const auto& [person, name] : persons)
            stage_.database.execute(
                "INSERT INTO principals (id, kind, name, roles, valid_from) VALUES ('" + to_string(person) +
                "', 'person', '" + name + "', '{secretariat}', to_timestamp(0))"
            );
    }

    /// A case of `kind` whose decision grants `granted` of the camera's main stream.
    void grant(const std::string& kind, const std::vector<TimeRange>& granted, bool is_masked = false) {
        const std::string id = quoted(request_id);
        const std::string at = time(now);
        std::string sql =
            "BEGIN; INSERT INTO requests (id, channel, kind, state, state_since, applicant, unit, from_at, "
            "to_at, cameras, form, "
            "entered_by, enterer, created_at) VALUES (" +
            id + ", 'external', '" + kind + "', 'draft', " + at +
            ", '王小明', '民眾', date_trunc('minute', " + time(granted.front().from) +
            "), date_trunc('minute', " + time(granted.back().to) + " + interval '2 minutes'), ARRAY[" +
            quoted(stage_.camera) + "::uuid], '{}', " + quoted(escort) + ", '林陪同', " + at +
            ");"
            "INSERT INTO dossiers (number, year, serial, request_id, opened_at) VALUES ('115/000001', 115, "
            "1, " +
            id + ", " + at +
            ");"
            "INSERT INTO grants (id, request_id, kind, decided_at, valid_to, is_masked, decider_id, decider) "
            "VALUES (" +
            quoted(grant_id) + ", " + id + ", '" + kind + "', " + at + ", " + at + " + interval '30 days', " +
            (is_masked ? "true" : "false") + ", " + quoted(director) + ", '局長');";
        for (const TimeRange& range : granted)
            sql +=
                "INSERT INTO grant_items (grant_id, camera_id, stream, asked_from, asked_to, from_at, to_at) "
                "VALUES (" +
                quoted(grant_id) + ", " + quoted(stage_.camera) + ", 'main', " + time(range.from) + ", " +
                time(range.to) + ", " + time(range.from) + ", " + time(range.to) + ");";
        sql +=
            "INSERT INTO request_slots (id, request_id, from_at, to_at, kind, escort_id, escort, viewer_id, "
            "viewer, made_by, "
            "maker, made_at) VALUES (" +
            quoted(slot_id) + ", " + id + ", " + at + " - interval '1 hour', " + at +
            " + interval '2 hours', '" + kind + "', " + quoted(escort) + ", '林陪同', " + quoted(viewer) +
            ", '王小明', " + quoted(escort) + ", '林陪同', " + at +
            ");"
            "UPDATE requests SET state = 'scheduled', submitted_at = " +
            at +
            ", handler_id = entered_by, handler = enterer, "
            "accepted_at = " +
            at + ", policy_version = 1, dossier_number = '115/000001', decision = '{}', decided_at = " + at +
            " WHERE id = " + id + "; COMMIT;";
        stage_.database.execute(sql);
    }
    void set_state(const std::string& state) {
        stage_.database.execute(
            "UPDATE requests SET state = '" + state + "' WHERE id = " + quoted(request_id)
        );
    }

    [[nodiscard]] ledger::Act act(const std::string& action) const {
        return {
            .action = action,
            .actor = {.id = escort, .name = "林陪同", .role = "secretariat"},
            .subject = {.kind = "viewing", .id = to_string(viewing_id)},
        };
    }
    /// Opened by the escort, joined by the viewer, begun.
    void open_session() {
        const auto appointment = catalogue::find_appointment(stage_.api, request_id);
        REQUIRE(appointment);
        REQUIRE(appointment->has_value());
        const auto opened = catalogue::open_viewing(
            stage_.api,
            {.id = viewing_id,
             .appointment = **appointment,
             .opened = now,
             .presence_to = now + std::chrono::minutes{5}},
            act("viewing.opened")
        );
        if (!opened) FAIL(opened.error().describe());
        REQUIRE(opened->has_value());
        const auto joined = catalogue::join_viewing(
            stage_.api, viewing_id, sha256(as_bytes("token")), act("viewing.joined"), now
        );
        if (!joined) FAIL(joined.error().describe());
        REQUIRE(joined->has_value());
        set_state("in_session");
    }

    [[nodiscard]] static std::string quoted(const Uuid& id) { return "'" + to_string(id) + "'"; }
    [[nodiscard]] static std::string time(UtcTime at) { return "'" + to_rfc3339(at) + "'::timestamptz"; }

    UtcTime now = kStageStart + std::chrono::hours{24 * 10};
    Uuid escort = make_uuid_v7(kStageStart);
    Uuid viewer = make_uuid_v7(kStageStart);
    Uuid director = make_uuid_v7(kStageStart);
    Uuid request_id = make_uuid_v7(kStageStart);
    Uuid grant_id = make_uuid_v7(kStageStart);
    Uuid slot_id = make_uuid_v7(kStageStart);
    Uuid viewing_id = make_uuid_v7(kStageStart);

private:
    ClipStage& stage_;
};

class ReleaseStage : public ClipStage, public ReleaseCase {
public:
    ReleaseStage() : ReleaseCase(static_cast<ClipStage&>(*this)) {}

    catalogue::Pool worker{database.conninfo("sluice_worker"), 3};
};

/// The audit log is sequenced and signed beside the test, as a worker does it.
class Sequencing {
public:
    Sequencing(const Database& database, const std::filesystem::path& data)
        : settings_{.conninfo = database.conninfo("sluice_worker"), .data = data, .key_file = {}},
          thread_([this](const std::stop_token& stop) { run(stop); }) {}

private:
    void run(const std::stop_token& stop) {
        auto writer = jobs::LogWriter::open(settings_);
        demand(writer.has_value(), "the log can't be opened");
        while (!stop.stop_requested()) {
            const auto placed = writer->step(RealClock{}.now());
            demand(placed.has_value(), "the log does not grow");
            if (*placed == 0) std::this_thread::sleep_for(std::chrono::milliseconds{20});
        }
    }

    jobs::LogSettings settings_;
    std::jthread thread_;  // last: it uses the settings
};

}  // namespace sluice::test
