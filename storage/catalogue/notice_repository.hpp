#pragma once

#include "storage/catalogue/pool.hpp"
#include "storage/ledger/act.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pqxx {
class transaction_base;  // NOLINT(readability-identifier-naming): the library's name
}

/// What somebody has to look at. Roles: worker and API raise; worker, API and auditor read; sluice_api
/// acknowledges.
namespace sluice::catalogue {

/// The spelling is stored and never changes.
enum class NoticeKind {
    hold_expiry,
    submitted,
    correction_due,
    countersign_wanted,
    decision,
    copy_overdue,
    extended,         ///< the time for a decision was made longer
    third_party_due,  ///< a third person was asked, and may answer until then
    incident_raised,
    incident_due,
    contractor_camera,   ///< one was announced
    contractor_finding,  ///< something of the contractor's integration is open
    contractor_clip,     ///< one was refused after it had come
    inspection_late,
    duty_due,
    follow_up_due,
    repair_opened,
    recorder_finding,   ///< a recorder is not as it should be
    door_alarm,         ///< one that raises no incident
    door_unattended,    ///< a controller is silent, and nobody is named to stand at its doors
    copy_due,           ///< a copy has to be back, or destroyed, soon
    consent_withdrawn,  ///< what was granted with it is screened anew
    copy_waiting,       ///< one is sealed and not collected, and its last day is near
    copy_uncollected,   ///< that day is over: its package is destroyed
    lapsed,             ///< a request that was not completed in time, or a grant that nobody used
};
inline constexpr std::size_t kNoticeKinds = 25;
[[nodiscard]] std::string_view to_string(NoticeKind kind) noexcept;
[[nodiscard]] std::optional<NoticeKind> notice_kind_from(std::string_view word) noexcept;
/// What `subject_id` is the id of: "hold", "request", "copy", "incident", "recorder", "alarm", …
[[nodiscard]] std::string_view subject_of(NoticeKind kind) noexcept;

struct NewNotice {
    NoticeKind kind = NoticeKind::submitted;
    Uuid subject_id;
    std::string audience;  ///< a role
    std::optional<Uuid> addressee_id{
    };  ///< the only one of the role who sees it; nullopt: everybody of the role
    std::optional<UtcTime> due{};  ///< when what it is about is late
    unsigned days_ahead = 0;       ///< of `due`: the same is told of again at another distance
    /// The act that it tells of: another act is another notice, however alike. nullopt: a time has come.
    std::optional<Uuid> act_id{};
};
/// Within the caller's transaction: it is told exactly when the act is done. The same notice twice is one.
/// For repositories: a failed statement throws as libpqxx does. Whether it is new.
bool raise_notice(pqxx::transaction_base& transaction, const NewNotice& notice, UtcTime now);

struct NoticeRow {
    Uuid id;
    std::int64_t place = 0;  ///< in the order of commits, over all audiences
    NoticeKind kind = NoticeKind::submitted;
    Uuid subject_id;
    std::string audience;
    std::optional<Uuid> addressee_id;
    std::optional<UtcTime> due;
    unsigned days_ahead = 0;
    UtcTime created;
    std::optional<UtcTime> acknowledged;
    std::string acknowledger;
};

/// Who reads: a notice is for a reader whom it is addressed to, or who has the role when it is addressed to
/// nobody.
struct NoticeReader {
    Uuid id;
    std::vector<std::string> roles;
};
[[nodiscard]] bool is_for(const NoticeRow& notice, const NoticeReader& reader);

/// The reader's, newest first, behind `before` (a place; nullopt: from the newest on).
[[nodiscard]] Result<std::vector<NoticeRow>> load_notices(
    Pool& pool,
    const NoticeReader& reader,
    bool only_open,
    std::optional<std::int64_t> before,
    std::size_t limit
);
[[nodiscard]] Result<std::optional<NoticeRow>> find_notice(Pool& pool, const Uuid& id);
/// Of all audiences, behind `place`, oldest first: for whoever follows them.
[[nodiscard]] Result<std::vector<NoticeRow>>
load_notices_after(Pool& pool, std::int64_t place, std::size_t limit);
/// The last place that was given; 0: none was.
[[nodiscard]] Result<std::int64_t> load_last_notice_place(Pool& pool);

/// False: somebody has acknowledged it before. With its record in the audit log.
[[nodiscard]] Result<bool>
acknowledge_notice(Pool& pool, const Uuid& id, const ledger::Actor& actor, UtcTime now);

}  // namespace sluice::catalogue
