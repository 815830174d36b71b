#include "api/authorize.hpp"

#include <algorithm>

namespace sluice::api {
namespace {

bool is_footage(Action action) {
    switch (action) {
        case Action::list_cameras:
        case Action::read_camera:
        case Action::list_segments:
        case Action::read_coverage:
        case Action::read_clip:
        case Action::read_snapshot:
        case Action::read_live:
        case Action::read_media:
            return true;
        case Action::read_health:
        case Action::read_metrics:
        case Action::read_contract:
        case Action::open_session:
        case Action::close_session:
        case Action::list_jobs:
        case Action::read_job:
        case Action::start_job:
        case Action::cancel_job:
        case Action::start_purge:
        case Action::read_retention:
            return false;
    }
    return false;
}

bool is_session(Action action) {
    return action == Action::open_session || action == Action::close_session;
}

bool role_allows(std::string_view role, Action action) {
    if (role == "operator") return true;
    if (role == "viewer") return is_footage(action) || is_session(action) || action == Action::read_contract;
    if (role == "metrics") return action == Action::read_metrics;
    return false;
}

}  // namespace

std::string_view to_string(Action action) noexcept {
    switch (action) {
        case Action::read_health:
            return "read_health";
        case Action::read_metrics:
            return "read_metrics";
        case Action::read_contract:
            return "read_contract";
        case Action::list_cameras:
            return "list_cameras";
        case Action::read_camera:
            return "read_camera";
        case Action::list_segments:
            return "list_segments";
        case Action::read_coverage:
            return "read_coverage";
        case Action::read_clip:
            return "read_clip";
        case Action::read_snapshot:
            return "read_snapshot";
        case Action::read_live:
            return "read_live";
        case Action::read_media:
            return "read_media";
        case Action::open_session:
            return "open_session";
        case Action::close_session:
            return "close_session";
        case Action::list_jobs:
            return "list_jobs";
        case Action::read_job:
            return "read_job";
        case Action::start_job:
            return "start_job";
        case Action::cancel_job:
            return "cancel_job";
        case Action::start_purge:
            return "start_purge";
        case Action::read_retention:
            return "read_retention";
    }
    return "unknown";
}

Decision authorize(const catalogue::PrincipalRow* principal, Action action, const Subject& subject) {
    static_cast<void>(subject);  // `bootstrap` knows no rule about cameras or times; the articles do
    if (action == Action::read_health)
        return {.is_allowed = true, .code = {}, .article = {}, .obligations = {}};
    if (principal == nullptr)
        return {.is_allowed = false, .code = "UNAUTHENTICATED", .article = {}, .obligations = {}};
    // Persons have accounts and articles, which this policy does not know: it is for machines only.
    const bool is_machine = principal->kind == catalogue::PrincipalKind::machine;
    const bool allowed =
        is_machine && std::ranges::any_of(principal->roles, [action](const std::string& role) {
            return role_allows(role, action);
        });
    if (allowed) return {.is_allowed = true, .code = {}, .article = {}, .obligations = {}};
    return {.is_allowed = false, .code = "ROLE_NOT_ALLOWED", .article = {}, .obligations = {}};
}

}  // namespace sluice::api
