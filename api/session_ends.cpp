#include "api/session_ends.hpp"

#include "config/base/log.hpp"
#include "storage/catalogue/session_repository.hpp"

namespace sluice::api {

void SessionEnds::tell(catalogue::Pool& pool, UtcTime now) {
    const Deadline asked = std::chrono::steady_clock::now();
    const bool is_due = look_again_.with([asked](Deadline& again) {
        if (asked < again) return false;
        again = asked + std::chrono::minutes{1};
        return true;
    });
    if (!is_due) return;
    const auto ended = catalogue::end_stale_sessions(pool, now);
    if (!ended) {
        log::debug("session_ends_unknown", {{"detail", ended.error().describe()}});
        return;
    }
    for (const catalogue::EndedSession& session : *ended)
        log::info(
            "session_ended",
            {{"session", to_string(session.id)},
             {"principal", session.principal},
             {"reason", session.reason},
             {"at", to_rfc3339(session.ended)}}
        );
}

}  // namespace sluice::api
