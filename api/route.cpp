#include "api/route.hpp"

#include "config/base/log.hpp"
#include "storage/catalogue/footage_repository.hpp"
#include "storage/release/codes.hpp"

#include <utility>

namespace sluice::api {

http::Problem refusal_of(const Decision& decision) {
    // Which roles would be allowed, or whose footage it is, it does not say.
    const release::CodeRow* row = release::find_code(decision.code);
    http::Problem problem{
        .status = row == nullptr ? 403U : row->status,
        .code = decision.code,
        .detail = row == nullptr ? "It is not allowed." : std::string{row->title} + '.',
        .retry_after = std::nullopt
    };
    if (!decision.article.empty()) problem.members.emplace_back("article", '"' + decision.article + '"');
    return problem;
}

Route make_route(
    std::string method,
    std::string pattern,
    Action action,
    std::vector<std::string> parameters,
    std::function<Answer(const Call&)> handler
) {
    Route route;
    route.method = std::move(method);
    route.pattern = std::move(pattern);
    route.action = action;
    route.is_cacheable = false;
    route.parameters = std::move(parameters);
    route.handler = std::move(handler);
    return route;
}

http::Response json_response(std::string json) {
    http::Response response;
    response.set("Content-Type", "application/json");
    response.set("Cache-Control", "private, no-cache");
    json += '\n';
    response.body = std::move(json);
    return response;
}

http::Problem to_problem(const Error& error) {
    if (error.remedy() == Remedy::retry) {
        log::debug("request_postponed", {{"detail", error.describe()}});
        return {
            .status = 503,
            .code = "DATABASE_UNAVAILABLE",
            .detail = "The catalogue can't be asked at the moment.",
            .retry_after = std::chrono::seconds{2}
        };
    }
    if (error.remedy() == Remedy::abandon_file) {
        log::error("footage_unreadable", {{"detail", error.describe()}});
        return {
            .status = 409,
            .code = "FOOTAGE_DAMAGED",
            .detail = "A file of this footage can't be read, or does not agree with the catalogue.",
            .retry_after = std::nullopt
        };
    }
    log::error("request_failed", {{"remedy", to_string(error.remedy())}, {"detail", error.describe()}});
    return {
        .status = 500,
        .code = "INTERNAL_ERROR",
        .detail = "The service failed at this request; its log says why.",
        .retry_after = std::nullopt
    };
}

std::expected<void, http::Problem> permit(const Call& call, Action action, const Subject& subject) {
    const Decision decision = authorize(call.principal, action, subject, call.standing);
    if (!decision.is_allowed) return std::unexpected(refusal_of(decision));
    if (call.acting != nullptr && call.acting->action == action) call.acting->role = decision.role;
    return {};
}

http::Problem camera_not_found() {
    http::Problem made = problem(404, "CAMERA_NOT_FOUND", "No camera has this slug.");
    made.field = "slug";
    return made;
}

std::expected<catalogue::CameraRow, http::Problem> get_camera(const Call& call) {
    auto camera = catalogue::find_camera(call.services.database.pool(), call.variables.front());
    if (!camera) return std::unexpected(to_problem(camera.error()));
    if (!*camera) return std::unexpected(camera_not_found());
    return std::move(**camera);
}

std::expected<catalogue::StreamRow, http::Problem>
get_stream(const Call& call, const catalogue::CameraRow& camera) {
    const auto kind = call.parameters.stream();
    if (!kind) return std::unexpected(kind.error());
    auto stream = catalogue::find_stream(call.services.database.pool(), camera.id, *kind);
    if (!stream) return std::unexpected(to_problem(stream.error()));
    if (!*stream)
        return std::unexpected(http::Problem{
            .status = 404,
            .code = "STREAM_NOT_FOUND",
            .detail = "This camera has no stream " + std::string{to_string(*kind)} + ".",
            .field = "stream",
            .retry_after = std::nullopt
        });
    return **stream;
}

}  // namespace sluice::api
