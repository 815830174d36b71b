#include "storage/access/connection.hpp"

#include <algorithm>
#include <utility>

namespace sluice::access {
namespace {

/// Files and whoever posts may leave an answer behind of a time in which the worker asked.
bool is_spoken_with(const Controller& controller) {
    return controller.kind != ControllerKind::csv_import && controller.kind != ControllerKind::http_push;
}

}  // namespace

std::string_view to_string(Connection word) noexcept {
    switch (word) {
        case Connection::connected:
            return "connected";
        case Connection::silent:
            return "silent";
        case Connection::never_heard:
            return "never_heard";
    }
    std::unreachable();
}

std::optional<UtcTime> last_heard(const ContactFacts& facts) noexcept {
    return std::max(facts.event, facts.answer);  // a time is more than none
}

std::optional<Connection> judge_contact(
    const Controller& controller,
    const ContactFacts& facts,
    unsigned silent_heartbeats,
    UtcTime now
) noexcept {
    if (controller.state != InventoryState::active || controller.source.empty()) return std::nullopt;
    const auto heard = last_heard(facts);
    if (!heard) return Connection::never_heard;
    if (facts.is_reported_offline) return Connection::silent;
    if (facts.answer && is_spoken_with(controller))
        return now - *heard > kAnswerPatience ? Connection::silent : Connection::connected;
    if (!controller.heartbeat || silent_heartbeats == 0) return std::nullopt;
    return now - *heard > *controller.heartbeat * silent_heartbeats ? Connection::silent
                                                                    : Connection::connected;
}

}  // namespace sluice::access
