#include "api/jobs/rules.hpp"

#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

namespace sluice::api {

using nlohmann::json;

namespace {

constexpr std::array<std::string_view, 3> kDepths{"names", "sizes", "hashes"};
constexpr std::size_t kLongestSlug = 63;

json time_json(const std::optional<UtcTime>& time) {
    return time ? json(to_rfc3339(*time)) : json(nullptr);
}

json to_object(const catalogue::JobRow& job, bool with_result) {
    json object{
        {"id", to_string(job.id)},
        {"kind", to_string(job.kind)},
        {"arguments", json::parse(job.arguments, nullptr, false)},
        {"state", to_string(job.state)},
        {"principal", job.principal},
        {"created", to_rfc3339(job.created)},
        {"not_before", to_rfc3339(job.not_before)},
        {"started", time_json(job.started)},
        {"finished", time_json(job.finished)},
        {"cancel_asked", time_json(job.cancel_asked)},
        {"attempts", job.attempts},
        {"progress",
         {{"done_bytes", job.done_bytes},
          {"total_bytes", job.total_bytes > 0 ? json(job.total_bytes) : json(nullptr)},
          {"note", job.note}}},
        {"error", job.error.empty() ? json(nullptr) : json(job.error)},
    };
    if (with_result)
        object["result"] = job.result.empty() ? json(nullptr) : json::parse(job.result, nullptr, false);
    return object;
}

std::string dump(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::expected<json, http::Problem> parse_check(const Parameters& parameters) {
    json arguments = json::object();
    if (const std::string* depth = parameters.find("depth")) {
        if (std::ranges::find(kDepths, *depth) == kDepths.end())
            return std::unexpected(bad_parameter("depth", "Must be names, sizes or hashes."));
        arguments["depth"] = *depth;
    }
    const auto from = parameters.time("from");
    if (!from) return std::unexpected(from.error());
    const auto to = parameters.time("to");
    if (!to) return std::unexpected(to.error());
    if (*from && *to && **to <= **from)
        return std::unexpected(unfit_parameter("to", "INTERVAL_REVERSED", "`to` must be after `from`."));
    if (*from) arguments["from"] = to_rfc3339(**from);
    if (*to) arguments["to"] = to_rfc3339(**to);
    if (const std::string* camera = parameters.find("camera")) {
        if (camera->empty() || camera->size() > kLongestSlug)
            return std::unexpected(bad_parameter("camera", "Not the slug of a camera."));
        arguments["camera"] = *camera;
    }
    return arguments;
}

}  // namespace

std::expected<JobRequest, http::Problem> parse_job_request(const Parameters& parameters) {
    const std::string* word = parameters.find("kind");
    if (word == nullptr) return std::unexpected(bad_parameter("kind", "Is missing: check or scrub."));
    const auto kind = catalogue::job_kind_from(*word);
    if (!kind) return std::unexpected(bad_parameter("kind", "Must be check or scrub."));
    if (*kind != catalogue::JobKind::check && *kind != catalogue::JobKind::scrub)
        return std::unexpected(
            unfit_parameter("kind", "JOB_KIND_RESERVED", "The worker starts jobs of this kind by itself.")
        );
    json arguments = json::object();
    if (*kind == catalogue::JobKind::check) {
        auto parsed = parse_check(parameters);
        if (!parsed) return std::unexpected(parsed.error());
        arguments = std::move(*parsed);
    } else {
        for (const char* name : {"depth", "from", "to", "camera"})
            if (parameters.find(name) != nullptr)
                return std::unexpected(unfit_parameter(name, "JOB_ARGUMENT", "A scrub takes no arguments."));
    }
    JobRequest request{.kind = *kind, .arguments = dump(arguments), .same_work = *word};
    if (!arguments.empty()) request.same_work += " " + request.arguments;
    return request;
}

std::string job_json(const catalogue::JobRow& job, bool with_result) {
    return dump(to_object(job, with_result));
}

std::string job_event(const catalogue::JobRow& job) {
    const bool is_over = catalogue::has_ended(job.state);
    return std::string{is_over ? "event: ended\n" : "event: progress\n"} + "data: " + job_json(job, false) +
           "\n\n";
}

}  // namespace sluice::api
