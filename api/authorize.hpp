#pragma once

#include "api/action.hpp"
#include "api/authorisation_table.hpp"
#include "api/standing.hpp"
#include "config/base/time.hpp"
#include "config/base/uuid.hpp"
#include "config/base/words.hpp"
#include "storage/catalogue/rows.hpp"

#include <optional>
#include <string>

namespace sluice::api {

/// What it is asked about; empty where the action has none, or where it isn't known yet: then the question is
/// whether it can be allowed at all, and whoever comes to know it asks again.
struct Subject {
    std::optional<Uuid> camera_id;
    std::optional<StreamKind> stream;
    std::optional<TimeRange> interval;   ///< of a clip: as resolved
    std::optional<Relation> relation{};  ///< where an action is personal
};

struct Decision {
    bool is_allowed = false;
    std::string code;     ///< problem code of a refusal
    std::string article;  ///< the rule it rests on, if any
    /// Of several the first that allows it: what the audit log names. Empty: refused.
    std::optional<Role> role{};
};

/// The one place where access is decided; every footage byte passes it. Pure and total. `standing` says how
/// things are for this principal now, `table` what follows from it. A null principal is nobody. Of several
/// roles each is asked, and one that allows is enough, unless another forbids it for good.
[[nodiscard]] Decision authorize(
    const catalogue::PrincipalRow* principal,
    Action action,
    const Subject& subject,
    const Standing& standing,
    const AuthorisationTable& table = authorisation_table()
);

/// The right of this kind, not masked, that the subject lies inside; null: there is none. A delivery names
/// it.
[[nodiscard]] const FootageRight*
find_right(const Standing& standing, FootageRight::Kind kind, const Subject& subject);

}  // namespace sluice::api
