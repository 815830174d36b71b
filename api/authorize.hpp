#pragma once

#include "config/base/time.hpp"
#include "config/base/uuid.hpp"
#include "config/base/words.hpp"
#include "storage/catalogue/rows.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::api {

/// What can be asked of the service. Every route names one.
enum class Action {
    read_health,
    read_metrics,
    read_contract,
    list_cameras,
    read_camera,
    list_segments,
    read_coverage,
    read_clip,
    read_snapshot,
    read_live,   ///< footage of the last minutes, as it comes in
    read_media,  ///< a piece of either: whoever may see one of them may ask, then its time decides which it
                 ///< is
    open_session,
    close_session,
    list_jobs,
    read_job,
    start_job,
    cancel_job,
    start_purge,
    read_retention,  ///< purges, certificates, forecast, planner, coverage report
    read_holds,
    change_hold,  ///< place, extend, release
    read_policy,
    propose_policy,
    adopt_policy,
    read_ledger,  ///< checkpoint, tiles and leaves: nothing in them can be read
    cosign_ledger,
    read_records,  ///< who did what
};
[[nodiscard]] std::string_view to_string(Action action) noexcept;

/// What it is asked about; empty where the action has none, or where it isn't known yet.
struct Subject {
    std::optional<Uuid> camera_id;
    std::optional<StreamKind> stream;
    std::optional<TimeRange> interval;  ///< of a clip: as resolved
};

struct Decision {
    bool is_allowed = false;
    std::string code;                      ///< problem code of a refusal
    std::string article;                   ///< rule it rests on; none under `bootstrap`
    std::vector<std::string> obligations;  ///< what whoever carries it out must do; none under `bootstrap`
};

/// The one place where access is decided; every footage byte passes it. Pure and total.
/// Policy `bootstrap`: articles not enforced. Machines: operator: all that is not reserved to two persons;
/// viewer: cameras, footage and sessions; metrics: only the metrics. Persons see no footage: nobody has
/// granted them any; what their roles let them do else is a table in authorize.cpp. A null principal may read
/// health.
[[nodiscard]] Decision
authorize(const catalogue::PrincipalRow* principal, Action action, const Subject& subject);

inline constexpr std::string_view kPolicy = "bootstrap";

}  // namespace sluice::api
