#pragma once

#include "storage/access/derive.hpp"

#include <vector>

namespace sluice::access {

/// An alarm as it was written down. Refuted: what came to be known or was decided later says that there was
/// none; it stays, and says so.
struct KnownAlarm {
    Alarm alarm;
    bool is_refuted = false;
};

/// What has to be written so that the book says what was derived.
struct BookChanges {
    std::vector<Alarm> raised;    ///< new
    std::vector<Alarm> changed;   ///< known, and ended or judged otherwise now
    std::vector<Alarm> restored;  ///< refuted once, and true again
    std::vector<Uuid> refuted;
    [[nodiscard]] bool are_none() const {
        return raised.empty() && changed.empty() && restored.empty() && refuted.empty();
    }
};

/// `known`: all that were written down and begin in the window or have an id that was derived. Pure: the same
/// again changes nothing.
[[nodiscard]] BookChanges
reconcile(const std::vector<KnownAlarm>& known, const std::vector<Alarm>& derived, const TimeRange& window);

}  // namespace sluice::access
