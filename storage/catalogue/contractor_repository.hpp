#pragma once

#include "storage/catalogue/job_repository.hpp"
#include "storage/catalogue/pool.hpp"
#include "storage/ledger/act.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The contractor's cameras: announced by its machine, decided by the house. Roles: sluice_api writes,
/// sluice_worker reads and takes the secrets, sluice_auditor reads.
namespace sluice::catalogue {

enum class AnnouncedState : std::uint8_t { proposed, accepted, refused };
[[nodiscard]] std::string_view to_string(AnnouncedState state) noexcept;
enum class CameraHealth : std::uint8_t { unknown, ok, degraded, down };
[[nodiscard]] std::string_view to_string(CameraHealth health) noexcept;
[[nodiscard]] std::optional<CameraHealth> camera_health_from(std::string_view word) noexcept;

/// What the house has accepted of a camera: the recorder's configuration is made of it.
struct AcceptedCamera {
    std::string name;
    std::string place;
    std::string url;  ///< bare; empty: its footage comes as clips
    friend bool operator==(const AcceptedCamera&, const AcceptedCamera&) = default;
};

struct ContractorCamera {
    Uuid id;
    Uuid principal_id;
    std::string slug;
    std::string name;
    std::string place;
    std::string url;  ///< bare
    std::optional<UtcTime> installed;
    AnnouncedState state = AnnouncedState::proposed;
    UtcTime announced;
    UtcTime changed;
    std::optional<UtcTime> decided;
    std::string decider;
    std::string reason;  ///< of a refusal
    std::optional<AcceptedCamera> in_force;
    CameraHealth health = CameraHealth::unknown;
    std::string health_detail;
    std::optional<UtcTime> health_at;
    std::optional<UtcTime> last_recorded;  ///< as the contractor says
    int revision = 1;
    std::optional<UtcTime> last_footage;  ///< filled by reads: end of the newest that is held here
    bool is_recorded = false;             ///< filled by reads: the recorder knows it
};

/// User and password; never shown again.
struct CameraSecret {
    std::string username;
    std::string password;
};

/// Nullopt for `principal_id`: all; by slug.
[[nodiscard]] Result<std::vector<ContractorCamera>>
load_contractor_cameras(Pool& pool, const std::optional<Uuid>& principal_id);
[[nodiscard]] Result<std::optional<ContractorCamera>>
find_contractor_camera(Pool& pool, const std::string& slug);

/// A first announcement, its record, and the notice of a new camera to the secretariat. False: the slug is
/// taken.
[[nodiscard]] Result<bool> announce_camera(
    Pool& pool,
    const ContractorCamera& camera,
    const std::optional<CameraSecret>& secret,
    const ledger::Act& act
);
/// Name, place, address, installation: a proposal again, beside what is in force. False: another revision.
[[nodiscard]] Result<bool> change_announcement(
    Pool& pool,
    const ContractorCamera& camera,
    const std::optional<CameraSecret>& secret,
    const ledger::Act& act
);
/// A camera whose machine account is over goes on under another one: a proposal again, beside what is in
/// force. False: its own is still good.
[[nodiscard]] Result<bool> take_over_camera(
    Pool& pool,
    const Uuid& camera_id,
    const Uuid& principal_id,
    const ledger::Act& act,
    UtcTime now
);
/// New credentials for what is in force as it is: nothing to decide; `job` writes them.
[[nodiscard]] Status renew_camera_secret(
    Pool& pool,
    const ContractorCamera& camera,
    const CameraSecret& secret,
    const ledger::Act& act,
    const NewJob& job
);
/// Accepted with what it says, or refused with a reason and taken out; `job` writes the recorder's
/// configuration. False: another revision.
[[nodiscard]] Result<bool> decide_camera(
    Pool& pool,
    const ContractorCamera& camera,
    const ledger::Act& act,
    const std::optional<NewJob>& job
);

/// What a heartbeat says of a camera.
struct HealthWord {
    std::string slug;
    CameraHealth health = CameraHealth::unknown;
    std::string detail;
    std::optional<UtcTime> last_recorded;
};
struct Heartbeat {
    Uuid principal_id;
    UtcTime said;
    UtcTime received;
    std::string software;
};
/// Slugs of the principal's own cameras only; gives those that it has not announced.
[[nodiscard]] Result<std::vector<std::string>>
save_heartbeat(Pool& pool, const Heartbeat& beat, const std::vector<HealthWord>& words);
/// The newest; nullopt: nobody has ever said anything.
[[nodiscard]] Result<std::optional<Heartbeat>> find_newest_heartbeat(Pool& pool);

enum class SlotState : std::uint8_t { confirmed, to_verify, absent };
[[nodiscard]] std::string_view to_string(SlotState state) noexcept;
[[nodiscard]] std::optional<SlotState> slot_state_from(std::string_view word) noexcept;
struct ContractorSlot {
    int number = 0;
    SlotState state = SlotState::to_verify;
    std::string camera_slug;
    std::string note;
    UtcTime decided;
    std::string decider;
};
[[nodiscard]] Result<std::vector<ContractorSlot>> load_contractor_slots(Pool& pool);
[[nodiscard]] Status save_contractor_slot(Pool& pool, const ContractorSlot& slot, const ledger::Act& act);

/// A finding, told to the secretariat; the same one is told once a day at most, by `day`.
struct FindingNotice {
    Uuid subject;  ///< of a camera, a clip, or made from a slot's number
    UtcTime day;
};
/// How many are new. Role: sluice_worker.
[[nodiscard]] Result<std::size_t>
raise_finding_notices(Pool& pool, const std::vector<FindingNotice>& findings, UtcTime now);

/// Role: sluice_worker.
[[nodiscard]] Result<std::optional<CameraSecret>> find_camera_secret(Pool& pool, const Uuid& camera_id);
[[nodiscard]] Status drop_camera_secret(Pool& pool, const Uuid& camera_id);

}  // namespace sluice::catalogue
