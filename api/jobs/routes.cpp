#include "api/jobs/routes.hpp"

#include "api/acts.hpp"
#include "api/cursor.hpp"
#include "api/idempotency.hpp"
#include "api/jobs/filing.hpp"
#include "api/jobs/rules.hpp"

#include <atomic>
#include <memory>
#include <utility>

namespace sluice::api {
namespace {

constexpr std::size_t kMostStreams = 64;  // of events at once, over all clients

std::expected<catalogue::JobRow, http::Problem> get_job(const Call& call) {
    const auto id = uuid_from_string(call.variables.front());
    const auto not_found = problem(404, "JOB_NOT_FOUND", "No job has this id.");
    if (!id) return std::unexpected(not_found);
    auto job = catalogue::find_job(call.services.database.pool(), *id);
    if (!job) return std::unexpected(to_problem(job.error()));
    if (!*job) return std::unexpected(not_found);
    return std::move(**job);
}

http::Response uncached(std::string json) {
    http::Response response;
    response.set("Content-Type", "application/json");
    response.set("Cache-Control", "no-store");
    response.body = std::move(json) + "\n";
    return response;
}

http::Response created(const catalogue::JobRow& job, unsigned status) {
    http::Response response = uncached(job_json(job, true));
    response.status = status;
    response.set("Location", "/v1/jobs/" + to_string(job.id));
    return response;
}

/// A body would be passed over in silence: everything is in the query.
std::expected<void, http::Problem> refuse_body(const Call& call) {
    const std::string* length = call.request.find_header("content-length");
    const bool is_empty = length == nullptr || *length == "0";
    if (is_empty && call.request.find_header("transfer-encoding") == nullptr) return {};
    return std::unexpected(
        problem(415, "BODY_NOT_TAKEN", "This request takes no body; its arguments are parameters.")
    );
}

ledger::Act job_act(const Call& call, const char* action, const Uuid& job, const std::string& arguments) {
    return {
        .action = action,
        .actor = actor_of(call),
        .subject = {.kind = "job", .id = to_string(job)},
        .facts = arguments,
    };
}

Answer start_job(const Call& call) {
    auto wanted = parse_job_request(call.parameters);
    if (!wanted) return std::unexpected(wanted.error());
    return file_request(call, std::move(*wanted));
}

Answer list_jobs(const Call& call) {
    const auto limit = call.parameters.limit();
    if (!limit) return std::unexpected(limit.error());
    std::optional<catalogue::JobCursor> after;
    if (const std::string* cursor = call.parameters.find("cursor")) {
        const auto place = segment_cursor_from(*cursor);  // time and id, as in the list of segments
        if (!place) return std::unexpected(bad_parameter("cursor", "Not a cursor of this list."));
        after = catalogue::JobCursor{place->from, place->id};
    }
    auto rows = catalogue::load_jobs(call.services.database.pool(), after, *limit + 1);
    if (!rows) return std::unexpected(to_problem(rows.error()));
    std::string next = "null";
    if (rows->size() > *limit) {
        rows->resize(*limit);
        next = '"' + to_cursor(catalogue::SegmentCursor{rows->back().created, rows->back().id}) + '"';
    }
    std::string items;
    for (const catalogue::JobRow& row : *rows)
        items += (items.empty() ? "" : ",") + job_json(row, false);
    return json_response("{\"items\":[" + items + "],\"next\":" + next + "}");
}

Answer read_job(const Call& call) {
    const auto job = get_job(call);
    if (!job) return std::unexpected(job.error());
    return json_response(job_json(*job, true));
}

Answer cancel_job(const Call& call) {
    if (auto plain = refuse_body(call); !plain) return std::unexpected(plain.error());
    const auto job = get_job(call);
    if (!job) return std::unexpected(job.error());
    catalogue::Pool& pool = call.services.database.pool();
    const auto cancelled =
        catalogue::cancel_job(pool, job->id, job_act(call, "job.cancelled", job->id, "{}"));
    if (!cancelled) return std::unexpected(act_problem(cancelled.error()));
    const auto now = catalogue::find_job(pool, job->id);
    if (!now) return std::unexpected(to_problem(now.error()));
    if (!*now || (!*cancelled && (*now)->state != catalogue::JobState::cancelled))
        return std::unexpected(problem(409, "JOB_ENDED", "The job has ended already."));
    http::Response response = uncached(job_json(**now, true));
    response.status = catalogue::has_ended((*now)->state) ? 200 : 202;
    return response;
}

/// One watched job. The count of streams goes down with it.
class JobEvents final : public http::EventSource {
public:
    JobEvents(Services& services, const Uuid& job_id, std::shared_ptr<std::atomic<std::size_t>> streams)
        : services_(services),
          job_id_(job_id),
          streams_(std::move(streams)) {}
    ~JobEvents() override { --*streams_; }
    JobEvents(const JobEvents&) = delete;
    JobEvents& operator=(const JobEvents&) = delete;

    std::optional<std::string> next() override {
        if (is_over_) return std::nullopt;
        const auto job = catalogue::find_job(services_.database.pool(), job_id_);
        if (!job || !*job) return std::string{};  // the database is away: nothing new
        is_over_ = catalogue::has_ended((*job)->state);
        std::string event = job_event(**job);
        if (event == last_) return std::string{};
        const bool is_first = last_.empty();
        last_ = event;
        return is_first ? "retry: 1000\n\n" + event : event;
    }

private:
    Services& services_;
    Uuid job_id_;
    std::shared_ptr<std::atomic<std::size_t>> streams_;  // shared with the route, which counts
    std::string last_;
    bool is_over_ = false;
};

auto make_watch() {
    return [streams = std::make_shared<std::atomic<std::size_t>>(0)](const Call& call) -> Answer {
        const auto job = get_job(call);
        if (!job) return std::unexpected(job.error());
        if (++*streams > kMostStreams) {
            --*streams;
            http::Problem busy =
                problem(503, "BUSY", "Too many streams of events are open; try again shortly.");
            busy.retry_after = std::chrono::seconds{5};
            return std::unexpected(busy);
        }
        http::Response response;
        response.set("Content-Type", "text/event-stream");
        response.set("Cache-Control", "no-store");
        response.body =
            http::EventBody{.source = std::make_unique<JobEvents>(call.services, job->id, streams)};
        return response;
    };
}

}  // namespace

Answer file_request(const Call& call, JobRequest wanted) {
    if (auto plain = refuse_body(call); !plain) return std::unexpected(plain.error());
    catalogue::Pool& pool = call.services.database.pool();
    catalogue::NewJob job{
        .id = make_uuid_v7(call.now),
        .kind = wanted.kind,
        .arguments = std::move(wanted.arguments),
        .same_work = std::move(wanted.same_work),
        .principal_id = call.principal->id,
        .principal = call.principal->name,
        .role = actor_of(call).role,
    };
    const auto wanted_id = idempotent_id(call, "job");
    if (!wanted_id) return std::unexpected(wanted_id.error());
    if (*wanted_id) {
        job.id = **wanted_id;
        const auto known = catalogue::find_job(pool, job.id);
        if (!known) return std::unexpected(to_problem(known.error()));
        if (*known) return created(**known, 200);
    }
    const auto filed = catalogue::file_job(pool, job, job_act(call, "job.filed", job.id, job.arguments));
    if (!filed) return std::unexpected(act_problem(filed.error()));
    const auto row =
        *filed ? catalogue::find_job(pool, job.id) : catalogue::find_same_work(pool, job.same_work);
    if (!row) return std::unexpected(to_problem(row.error()));
    if (*filed && *row) return created(**row, 201);
    http::Problem taken = problem(409, "JOB_EXISTS", "The same work waits or runs already.");
    if (*row) taken.members.emplace_back("job", '"' + to_string((*row)->id) + '"');
    return std::unexpected(taken);
}

void add_job_routes(Routes& routes) {
    routes.push_back(make_route(
        "POST", "/v1/jobs", Action::start_job, {"kind", "depth", "from", "to", "camera"}, start_job
    ));
    Route list = make_route("GET", "/v1/jobs", Action::list_jobs, {}, list_jobs);
    list.parameters = {"limit", "cursor"};
    list.is_cacheable = true;
    routes.push_back(std::move(list));
    Route read = make_route("GET", "/v1/jobs/{id}", Action::read_job, {}, read_job);
    read.is_cacheable = true;
    routes.push_back(std::move(read));
    routes.push_back(make_route("GET", "/v1/jobs/{id}/events", Action::read_job, {}, make_watch()));
    routes.push_back(make_route("POST", "/v1/jobs/{id}/cancel", Action::cancel_job, {}, cancel_job));
}

}  // namespace sluice::api
