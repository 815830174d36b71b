#pragma once

#include "api/action.hpp"
#include "config/base/time.hpp"
#include "config/base/uuid.hpp"
#include "config/base/words.hpp"
#include "storage/catalogue/rows.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::api {

/// How whoever asks stands to what is asked about.
enum class Relation : std::uint8_t {
    other,
    unit,  ///< it is of the asker's unit, or the unit was asked for its opinion
    own,
};

/// What it is asked about; empty where the action has none, or where it isn't known yet.
struct Subject {
    std::optional<Uuid> camera_id;
    std::optional<StreamKind> stream;
    std::optional<TimeRange> interval;  ///< of a clip: as resolved
    // NOLINTNEXTLINE(readability-redundant-member-init): without {} whoever leaves it out gets a warning
    Relation relation{};  ///< where an action is personal; `other`, the strictest, until it is known
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
