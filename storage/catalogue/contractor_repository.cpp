#include "storage/catalogue/contractor_repository.hpp"

#include "storage/catalogue/detail/acts.hpp"
#include "storage/catalogue/detail/job_rows.hpp"
#include "storage/catalogue/detail/load.hpp"
#include "storage/catalogue/detail/values.hpp"
#include "storage/catalogue/notice_repository.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <nlohmann/json.hpp>

namespace sluice::catalogue {
namespace {

using detail::clean_text;
using detail::execute;
using detail::first_of;
using detail::load;
using detail::run;

constexpr std::array<std::pair<AnnouncedState, std::string_view>, 3> kStates{{
    {AnnouncedState::proposed, "proposed"},
    {AnnouncedState::accepted, "accepted"},
    {AnnouncedState::refused, "refused"},
}};
constexpr std::array<std::pair<CameraHealth, std::string_view>, 4> kHealths{{
    {CameraHealth::unknown, "unknown"},
    {CameraHealth::ok, "ok"},
    {CameraHealth::degraded, "degraded"},
    {CameraHealth::down, "down"},
}};
constexpr std::array<std::pair<SlotState, std::string_view>, 3> kSlotStates{{
    {SlotState::confirmed, "confirmed"},
    {SlotState::to_verify, "to_verify"},
    {SlotState::absent, "absent"},
}};

template <class Enum, std::size_t Count>
std::string_view word_of(const std::array<std::pair<Enum, std::string_view>, Count>& words, Enum value) {
    return std::ranges::find(words, value, &std::pair<Enum, std::string_view>::first)->second;
}
template <class Enum, std::size_t Count>
std::optional<Enum>
value_of(const std::array<std::pair<Enum, std::string_view>, Count>& words, std::string_view word) {
    const auto found = std::ranges::find(words, word, &std::pair<Enum, std::string_view>::second);
    if (found == words.end()) return std::nullopt;
    return found->first;
}
template <class Enum, std::size_t Count>
Enum read_word(const std::array<std::pair<Enum, std::string_view>, Count>& words, const pqxx::field& field) {
    const auto value = value_of(words, field.as<std::string>());
    if (!value) throw pqxx::conversion_error{"unknown word of the contractor's tables"};
    return *value;
}

// The end of what is held: the newest stretch of the camera's streams.
constexpr const char* kCameras = R"(
    SELECT k.id, k.principal_id, k.slug, k.name, k.place, k.url, to_us(k.installed_at), k.state, to_us(k.announced_at),
           to_us(k.changed_at), to_us(k.decided_at), k.decider, k.reason, coalesce(k.in_force::text, ''), k.health, k.health_detail,
           to_us(k.health_at), to_us(k.last_recorded_at), k.revision,
           (SELECT to_us(max(v.to_at)) FROM cameras c JOIN streams t ON t.camera_id = c.id JOIN coverage v ON v.stream_id = t.id
            WHERE c.slug = k.slug AND c.retired_at IS NULL),
           EXISTS (SELECT FROM cameras c WHERE c.slug = k.slug AND c.retired_at IS NULL)
    FROM contractor_cameras k WHERE ($1::uuid IS NULL OR k.principal_id = $1::uuid) AND ($2::text IS NULL OR k.slug = $2)
    ORDER BY k.slug)";
constexpr const char* kAnnounce = R"(
    INSERT INTO contractor_cameras (id, principal_id, slug, name, place, covers_public_area, url, installed_at, announced_at, changed_at)
    VALUES ($1::uuid, $2::uuid, $3, $4, $5, true, $6, from_us($7::bigint), from_us($8::bigint), from_us($8::bigint))
    ON CONFLICT (slug) DO NOTHING)";
constexpr const char* kChange = R"(
    UPDATE contractor_cameras SET name = $3, place = $4, url = $5, installed_at = from_us($6::bigint), changed_at = from_us($7::bigint),
        state = 'proposed', reason = '', revision = revision + 1
    WHERE id = $1::uuid AND revision = $2::int)";
constexpr const char* kTakeOver =
    "SELECT take_over_contractor_camera($1::uuid, $2::uuid, from_us($3::bigint))";
constexpr const char* kKeepSecret = "SELECT keep_contractor_secret($1::uuid, $2, $3, from_us($4::bigint))";
constexpr const char* kDecide = R"(
    UPDATE contractor_cameras SET state = $3, in_force = $4::jsonb, decided_at = from_us($5::bigint), decider = $6, reason = $7,
        revision = revision + 1
    WHERE id = $1::uuid AND revision = $2::int)";
constexpr const char* kBeat = R"(
    INSERT INTO contractor_heartbeats AS h (principal_id, said_at, received_at, software)
    VALUES ($1::uuid, from_us($2::bigint), from_us($3::bigint), $4)
    ON CONFLICT (principal_id) DO UPDATE SET said_at = excluded.said_at, received_at = excluded.received_at, software = excluded.software
    WHERE h.received_at <= excluded.received_at)";
constexpr const char* kHealth = R"(
    UPDATE contractor_cameras SET health = $3, health_detail = $4, health_at = from_us($5::bigint),
        last_recorded_at = coalesce(from_us($6::bigint), last_recorded_at)
    WHERE principal_id = $1::uuid AND slug = $2)";
constexpr const char* kNewestBeat = R"(
    SELECT principal_id, to_us(said_at), to_us(received_at), software FROM contractor_heartbeats ORDER BY received_at DESC LIMIT 1)";
constexpr const char* kSlots =
    "SELECT number, state, camera_slug, note, to_us(decided_at), decider FROM contractor_slots ORDER BY "
    "number";
constexpr const char* kSaveSlot = R"(
    INSERT INTO contractor_slots (number, state, camera_slug, note, decided_at, decider)
    VALUES ($1::int, $2, $3, $4, from_us($5::bigint), $6)
    ON CONFLICT (number) DO UPDATE SET state = excluded.state, camera_slug = excluded.camera_slug, note = excluded.note,
        decided_at = excluded.decided_at, decider = excluded.decider)";
constexpr const char* kSecret =
    "SELECT username, password FROM contractor_secrets WHERE camera_id = $1::uuid";
constexpr const char* kDropSecret = "SELECT drop_contractor_secret($1::uuid)";

std::optional<AcceptedCamera> to_accepted(const std::string& text) {
    if (text.empty()) return std::nullopt;
    const auto object = nlohmann::json::parse(text);
    return AcceptedCamera{
        .name = object.at("name").get<std::string>(),
        .place = object.at("place").get<std::string>(),
        .url = object.at("url").get<std::string>(),
    };
}

std::string to_json(const AcceptedCamera& camera) {
    return nlohmann::json{{"name", camera.name}, {"place", camera.place}, {"url", camera.url}}.dump();
}

ContractorCamera to_camera(const pqxx::row& row) {
    return {
        .id = detail::to_uuid(row[0]),
        .principal_id = detail::to_uuid(row[1]),
        .slug = row[2].as<std::string>(),
        .name = row[3].as<std::string>(),
        .place = row[4].as<std::string>(),
        .url = row[5].as<std::string>(),
        .installed = detail::to_optional_time(row[6]),
        .state = read_word(kStates, row[7]),
        .announced = detail::to_time(row[8]),
        .changed = detail::to_time(row[9]),
        .decided = detail::to_optional_time(row[10]),
        .decider = row[11].as<std::string>(),
        .reason = row[12].as<std::string>(),
        .in_force = to_accepted(row[13].as<std::string>()),
        .health = read_word(kHealths, row[14]),
        .health_detail = row[15].as<std::string>(),
        .health_at = detail::to_optional_time(row[16]),
        .last_recorded = detail::to_optional_time(row[17]),
        .revision = row[18].as<int>(),
        .last_footage = detail::to_optional_time(row[19]),
        .is_recorded = row[20].as<bool>(),
    };
}

ContractorSlot to_slot(const pqxx::row& row) {
    return {
        .number = row[0].as<int>(),
        .state = read_word(kSlotStates, row[1]),
        .camera_slug = row[2].as<std::string>(),
        .note = row[3].as<std::string>(),
        .decided = detail::to_time(row[4]),
        .decider = row[5].as<std::string>(),
    };
}

std::optional<std::string> or_null(const std::optional<Uuid>& id) {
    return id ? std::optional{to_string(*id)} : std::nullopt;
}

void keep_secret(
    pqxx::transaction_base& transaction,
    const ContractorCamera& camera,
    const std::optional<CameraSecret>& secret
) {
    if (!secret) return;
    run(transaction,
        kKeepSecret,
        to_string(camera.id),
        clean_text(secret->username),
        clean_text(secret->password),
        to_epoch_us(camera.changed));
}

}  // namespace

std::string_view to_string(AnnouncedState state) noexcept {
    return word_of(kStates, state);
}
std::string_view to_string(CameraHealth health) noexcept {
    return word_of(kHealths, health);
}
std::optional<CameraHealth> camera_health_from(std::string_view word) noexcept {
    return value_of(kHealths, word);
}
std::string_view to_string(SlotState state) noexcept {
    return word_of(kSlotStates, state);
}
std::optional<SlotState> slot_state_from(std::string_view word) noexcept {
    return value_of(kSlotStates, word);
}

Result<std::vector<ContractorCamera>>
load_contractor_cameras(Pool& pool, const std::optional<Uuid>& principal_id) {
    return load(pool, to_camera, kCameras, or_null(principal_id), std::optional<std::string>{});
}

Result<std::optional<ContractorCamera>> find_contractor_camera(Pool& pool, const std::string& slug) {
    return first_of(
        load(pool, to_camera, kCameras, std::optional<std::string>{}, std::optional{clean_text(slug)})
    );
}

Result<bool> announce_camera(
    Pool& pool,
    const ContractorCamera& camera,
    const std::optional<CameraSecret>& secret,
    const ledger::Act& act
) {
    return detail::carry_out(pool, act, camera.announced, [&](pqxx::transaction_base& transaction) {
        const auto made =
            run(transaction,
                kAnnounce,
                to_string(camera.id),
                to_string(camera.principal_id),
                camera.slug,
                clean_text(camera.name),
                clean_text(camera.place),
                camera.url,
                detail::to_optional_us(camera.installed),
                to_epoch_us(camera.announced));
        if (made.affected_rows() == 0) return false;
        keep_secret(transaction, camera, secret);
        raise_notice(
            transaction,
            {.kind = NoticeKind::contractor_camera, .subject_id = camera.id, .audience = "secretariat"},
            camera.announced
        );
        return true;
    });
}

Result<bool> change_announcement(
    Pool& pool,
    const ContractorCamera& camera,
    const std::optional<CameraSecret>& secret,
    const ledger::Act& act
) {
    return detail::carry_out(pool, act, camera.changed, [&](pqxx::transaction_base& transaction) {
        const auto changed =
            run(transaction,
                kChange,
                to_string(camera.id),
                camera.revision,
                clean_text(camera.name),
                clean_text(camera.place),
                camera.url,
                detail::to_optional_us(camera.installed),
                to_epoch_us(camera.changed));
        if (changed.affected_rows() == 0) return false;
        keep_secret(transaction, camera, secret);
        return true;
    });
}

Result<bool> take_over_camera(
    Pool& pool,
    const Uuid& camera_id,
    const Uuid& principal_id,
    const ledger::Act& act,
    UtcTime now
) {
    return detail::carry_out(pool, act, now, [&](pqxx::transaction_base& transaction) {
        return run(transaction, kTakeOver, to_string(camera_id), to_string(principal_id), to_epoch_us(now)
        )[0][0]
            .as<bool>();
    });
}

Status renew_camera_secret(
    Pool& pool,
    const ContractorCamera& camera,
    const CameraSecret& secret,
    const ledger::Act& act,
    const NewJob& job
) {
    const auto done = detail::carry_out(pool, act, camera.changed, [&](pqxx::transaction_base& transaction) {
        keep_secret(transaction, camera, secret);
        static_cast<void>(detail::insert_job(transaction, job));
        return true;
    });
    if (!done) return std::unexpected(done.error());
    return {};
}

Result<bool> decide_camera(
    Pool& pool,
    const ContractorCamera& camera,
    const ledger::Act& act,
    const std::optional<NewJob>& job
) {
    const UtcTime now = camera.decided.value_or(camera.changed);
    return detail::carry_out(pool, act, now, [&](pqxx::transaction_base& transaction) {
        const auto decided =
            run(transaction,
                kDecide,
                to_string(camera.id),
                camera.revision,
                std::string{to_string(camera.state)},
                camera.in_force ? std::optional{to_json(*camera.in_force)} : std::nullopt,
                to_epoch_us(now),
                clean_text(camera.decider),
                clean_text(camera.reason));
        if (decided.affected_rows() == 0) return false;
        // One that waits already writes this decision too: it reads the rows when it begins.
        if (job) static_cast<void>(detail::insert_job(transaction, *job));
        return true;
    });
}

Result<std::vector<std::string>>
save_heartbeat(Pool& pool, const Heartbeat& beat, const std::vector<HealthWord>& words) {
    std::vector<std::string> unknown;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        const std::string principal = to_string(beat.principal_id);
        run(transaction,
            kBeat,
            principal,
            to_epoch_us(beat.said),
            to_epoch_us(beat.received),
            clean_text(beat.software));
        for (const HealthWord& word : words) {
            const auto changed =
                run(transaction,
                    kHealth,
                    principal,
                    clean_text(word.slug),
                    std::string{to_string(word.health)},
                    clean_text(word.detail),
                    to_epoch_us(beat.received),
                    detail::to_optional_us(word.last_recorded));
            if (changed.affected_rows() == 0) unknown.push_back(word.slug);
        }
        transaction.commit();
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return unknown;
}

Result<std::optional<Heartbeat>> find_newest_heartbeat(Pool& pool) {
    const auto from_row = [](const pqxx::row& row) {
        return Heartbeat{
            .principal_id = detail::to_uuid(row[0]),
            .said = detail::to_time(row[1]),
            .received = detail::to_time(row[2]),
            .software = row[3].as<std::string>(),
        };
    };
    return first_of(load<Heartbeat>(pool, from_row, kNewestBeat));
}

Result<std::vector<ContractorSlot>> load_contractor_slots(Pool& pool) {
    return load(pool, to_slot, kSlots);
}

Status save_contractor_slot(Pool& pool, const ContractorSlot& slot, const ledger::Act& act) {
    const auto saved = detail::carry_out(pool, act, slot.decided, [&](pqxx::transaction_base& transaction) {
        run(transaction,
            kSaveSlot,
            slot.number,
            std::string{to_string(slot.state)},
            clean_text(slot.camera_slug),
            clean_text(slot.note),
            to_epoch_us(slot.decided),
            clean_text(slot.decider));
        return true;
    });
    if (!saved) return std::unexpected(saved.error());
    return {};
}

Result<std::size_t>
raise_finding_notices(Pool& pool, const std::vector<FindingNotice>& findings, UtcTime now) {
    std::size_t fresh = 0;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        for (const FindingNotice& finding : findings)
            fresh += raise_notice(
                         transaction,
                         {.kind = NoticeKind::contractor_finding,
                          .subject_id = finding.subject,
                          .audience = "secretariat",
                          .due = finding.day},
                         now
                     )
                         ? 1U
                         : 0U;
        transaction.commit();
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return fresh;
}

Result<std::optional<CameraSecret>> find_camera_secret(Pool& pool, const Uuid& camera_id) {
    const auto from_row = [](const pqxx::row& row) {
        return CameraSecret{.username = row[0].as<std::string>(), .password = row[1].as<std::string>()};
    };
    return first_of(load<CameraSecret>(pool, from_row, kSecret, to_string(camera_id)));
}

Status drop_camera_secret(Pool& pool, const Uuid& camera_id) {
    return execute(pool, kDropSecret, to_string(camera_id));
}

}  // namespace sluice::catalogue
