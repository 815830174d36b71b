#include "api/copies/routes.hpp"

#include "api/acts.hpp"
#include "api/body.hpp"
#include "api/clips/body.hpp"
#include "api/copies/receipt.hpp"
#include "api/copies/rules.hpp"
#include "api/cursor.hpp"
#include "api/idempotency.hpp"
#include "api/pages/page.hpp"
#include "api/policy_in_force.hpp"
#include "api/viewings/rules.hpp"
#include "config/base/unique_fd.hpp"
#include "storage/catalogue/ledger_repository.hpp"
#include "storage/catalogue/record_repository.hpp"
#include "storage/release/make_copy.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>

#include <nlohmann/json.hpp>

namespace sluice::api {
namespace {

using catalogue::CopyRow;
using nlohmann::json;

constexpr std::size_t kLongestName = 200;
constexpr std::size_t kLongestNote = 1000;

http::Response uncached(std::string text) {
    http::Response response;
    response.set("Content-Type", "application/json");
    response.set("Cache-Control", "no-store");
    response.body = std::move(text) + "\n";
    return response;
}

ledger::Act copy_act(const Call& call, const char* action, const Uuid& id, const json& facts) {
    return {
        .action = action,
        .actor = actor_of(call),
        .subject = {.kind = "copy", .id = to_string(id)},
        .facts = facts.dump(-1, ' ', false, json::error_handler_t::replace),
    };
}

std::expected<CopyRow, http::Problem> get_copy(const Call& call) {
    const auto none = problem(404, "COPY_NOT_FOUND", "No copy has this id.");
    const auto id = uuid_from_string(call.variables.front());
    if (!id) return std::unexpected(none);
    auto copy = catalogue::find_handed_copy(call.services.database.pool(), *id);
    if (!copy) return std::unexpected(to_problem(copy.error()));
    if (!*copy) return std::unexpected(none);
    return std::move(**copy);
}

/// What is committed is covered by a checkpoint before anything is given out.
std::expected<void, http::Problem> wait_for_checkpoint(const Call& call, const Uuid& record) {
    const Deadline limit = std::chrono::steady_clock::now() + catalogue::kCheckpointLimit;
    const auto covered = catalogue::wait_until_sequenced(call.services.database.pool(), record, limit);
    if (covered) return {};
    return std::unexpected(ledger_unavailable());
}

/// Who is to have it when, of a request that may be copied now.
std::expected<catalogue::NewCopy, http::Problem> make_order(const Call& call, const Uuid& copy_id) {
    const auto body = Body::parse(call.request, {"recipient", "due"});
    if (!body) return std::unexpected(body.error());
    const auto recipient = body->text("recipient", kLongestName);
    if (!recipient) return std::unexpected(recipient.error());
    const auto asked_due = body->time("due");
    if (!asked_due) return std::unexpected(asked_due.error());
    const auto no_request = problem(404, "REQUEST_NOT_FOUND", "No request has this id.");
    const auto id = uuid_from_string(call.variables.front());
    if (!id) return std::unexpected(no_request);
    catalogue::Pool& pool = call.services.database.pool();
    const auto request = catalogue::find_appointment(pool, *id);
    if (!request) return std::unexpected(to_problem(request.error()));
    if (!*request) return std::unexpected(no_request);
    const auto session = catalogue::find_open_viewing(pool, *id);
    if (!session) return std::unexpected(to_problem(session.error()));
    if (auto allowed = check_copying(**request, *session, call.now); !allowed)
        return std::unexpected(allowed.error());
    const auto items = catalogue::load_grant_items(pool, (*request)->grant_id);
    if (!items) return std::unexpected(to_problem(items.error()));
    const auto rules = policy_in_force(call);
    if (!rules) return std::unexpected(rules.error());
    UtcTime recorded = call.now;
    for (const catalogue::GrantItem& item : *items)
        recorded = std::min(recorded, item.granted.from);
    const auto due = due_of(*asked_due, recorded, rules->ceiling_years, call.now);
    if (!due) return std::unexpected(due.error());
    return catalogue::NewCopy{
        .id = copy_id,
        .request_id = *id,
        .grant_id = (*request)->grant_id,
        .session_id = (*session)->id,
        .custodian_id = call.principal->id,
        .custodian = call.principal->name,
        .escort = (*session)->escort,
        .recipient = recipient->empty() ? (*session)->viewer : *recipient,
        .ordered = call.now,
        .due = *due,
    };
}

Answer order_response(const Call& call, const Uuid& id, unsigned status) {
    const auto row = catalogue::find_handed_copy(call.services.database.pool(), id);
    if (!row) return std::unexpected(to_problem(row.error()));
    http::Response response = uncached(copy_json(row->value(), false, call.now));
    response.status = status;
    response.set("Location", "/v1/copies/" + to_string(id));
    return response;
}

Answer order_copy(const Call& call) {
    const auto wanted_id = idempotent_id(call, "copy " + call.variables.front());
    if (!wanted_id) return std::unexpected(wanted_id.error());
    catalogue::Pool& pool = call.services.database.pool();
    if (*wanted_id) {
        const auto ordered = catalogue::find_handed_copy(pool, **wanted_id);
        if (!ordered) return std::unexpected(to_problem(ordered.error()));
        if (*ordered) return order_response(call, **wanted_id, 200);
    }
    const auto order = make_order(call, wanted_id->value_or(make_uuid_v7(call.now)));
    if (!order) return std::unexpected(order.error());
    const catalogue::NewJob job{
        .id = make_uuid_v7(call.now),
        .kind = catalogue::JobKind::export_,
        .arguments = json{{"copy", to_string(order->id)}}.dump(),
        .same_work = "export " + to_string(order->grant_id),
        .principal_id = call.principal->id,
        .principal = call.principal->name,
        .role = actor_of(call).role,
    };
    const json facts{
        {"request", to_string(order->request_id)},
        {"grant", to_string(order->grant_id)},
        {"session", to_string(order->session_id)},
        {"recipient", order->recipient},
        {"due", to_rfc3339(order->due)},
        {"job", to_string(job.id)},
    };
    const auto record =
        catalogue::order_copy(pool, *order, job, copy_act(call, "copy.ordered", order->id, facts));
    if (!record) return std::unexpected(act_problem(record.error()));
    if (!*record)
        return std::unexpected(problem(
            409, "COPY_NEEDS_DECISION", "This decision has had its copy; a further one needs a new decision."
        ));
    return order_response(call, order->id, 202);
}

Answer list_copies(const Call& call) {
    const auto limit = call.parameters.limit();
    if (!limit) return std::unexpected(limit.error());
    const auto is_overdue = call.parameters.flag("overdue");
    if (!is_overdue) return std::unexpected(is_overdue.error());
    const auto request = call.parameters.id("request");
    if (!request) return std::unexpected(request.error());
    std::optional<catalogue::CopyCursor> after;
    if (const std::string* cursor = call.parameters.find("cursor")) {
        const auto place = segment_cursor_from(*cursor);  // time and id, as in the list of segments
        if (!place) return std::unexpected(bad_parameter("cursor", "Not a cursor of this list."));
        after = catalogue::CopyCursor{place->from, place->id};
    }
    catalogue::CopyFilter filter{.request_id = *request};
    if (*is_overdue) filter.overdue_at = call.now;
    auto rows = catalogue::load_copies(call.services.database.pool(), filter, after, *limit + 1);
    if (!rows) return std::unexpected(to_problem(rows.error()));
    std::string next = "null";
    if (rows->size() > *limit) {
        rows->resize(*limit);
        next = '"' + to_cursor(catalogue::SegmentCursor{rows->back().ordered, rows->back().id}) + '"';
    }
    std::string items;
    for (const CopyRow& row : *rows)
        items += (items.empty() ? "" : ",") + copy_json(row, false, call.now);
    return uncached("{\"items\":[" + items + "],\"next\":" + next + "}");
}

Answer read_copy(const Call& call) {
    const auto copy = get_copy(call);
    if (!copy) return std::unexpected(copy.error());
    return uncached(copy_json(*copy, true, call.now));
}

class FileBody final : public http::BodySource {
public:
    FileBody(std::shared_ptr<const UniqueFd> file, std::uint64_t bytes)
        : file_(std::move(file)),
          bytes_(bytes) {}
    [[nodiscard]] std::uint64_t size_bytes() const override { return bytes_; }
    [[nodiscard]] Result<http::Piece> read(std::uint64_t offset, std::uint64_t limit) override {
        return http::Piece{http::FileSpan{file_, offset, std::min(limit, bytes_ - offset)}};
    }

private:
    std::shared_ptr<const UniqueFd> file_;  // shared with the connection that sends
    std::uint64_t bytes_;
};

/// The file as it was sealed, as far as its length tells; what is in it the recipient verifies.
std::expected<std::unique_ptr<http::BodySource>, http::Problem>
open_package(const Call& call, const catalogue::PackageRow& package) {
    const auto path = release::packages_folder(call.services.config.data) / package.name;
    auto file = std::make_shared<const UniqueFd>(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    struct stat facts{};
    const bool is_whole = file->is_open() && ::fstat(file->get(), &facts) == 0 &&
                          static_cast<std::uint64_t>(facts.st_size) == package.bytes;
    if (!is_whole)
        return std::unexpected(
            to_problem(Error{Remedy::abandon_file, "the package " + path.string() + " is not whole"})
        );
    return std::make_unique<FileBody>(std::move(file), package.bytes);
}

Answer send_package(const Call& call) {
    const auto copy = get_copy(call);
    if (!copy) return std::unexpected(copy.error());
    if (auto allowed = check_handing_out(*copy, call.now); !allowed) return std::unexpected(allowed.error());
    auto body = open_package(call, *copy->package);
    if (!body) return std::unexpected(body.error());
    const std::string etag = '"' + to_hex(copy->package->sha256) + '"';
    // One opening: a download's ranges, from whatever address it is taken up again, belong to it.
    const auto opened = call.services.openings.open(
        {.principal_id = call.principal->id, .peer = {}, .stream_id = copy->id, .what = etag},
        kRecordedQuiet,
        std::chrono::steady_clock::now(),
        [&]() -> Status {
            const auto record = catalogue::append_record(
                call.services.database.pool(),
                copy_act(
                    call,
                    "copy.opened",
                    copy->id,
                    {{"package", copy->package->name},
                     {"sha256", to_hex(copy->package->sha256)},
                     {"peer", call.request.peer}}
                ),
                call.now
            );
            if (!record) return std::unexpected(record.error());
            if (auto covered = wait_for_checkpoint(call, *record); !covered)
                return failure(Remedy::retry, "no checkpoint covers the record", "LEDGER_UNAVAILABLE");
            return {};
        }
    );
    if (!opened) return std::unexpected(ledger_unavailable());
    http::Response response;
    response.set("Content-Type", "application/x-tar");
    response.set("Cache-Control", "no-store");
    response.set("Content-Disposition", "attachment; filename=\"" + copy->package->name + "\"");
    return choose_part(call.request, std::move(response), std::move(*body), etag);
}

/// The office's receipt, to be printed and signed; it can be made as long as the row is there.
Answer print_receipt(const Call& call, const char* kind) {
    const auto copy = get_copy(call);
    if (!copy) return std::unexpected(copy.error());
    if (!copy->package)
        return std::unexpected(problem(409, "COPY_NOT_SEALED", "The copy is still being made."));
    const auto texts = get_texts(call);
    if (!texts) return std::unexpected(texts.error());
    return page_response(
        print::copy_receipt(receipt_facts(*copy), *texts, call.now), kind, "receipt-" + receipt_name(*copy)
    );
}

/// The page that lies in the package, as it was sealed; it stays when the package has gone.
Answer send_receipt(const Call& call) {
    const auto copy = get_copy(call);
    if (!copy) return std::unexpected(copy.error());
    if (!copy->package)
        return std::unexpected(problem(409, "COPY_NOT_SEALED", "The copy is still being made."));
    http::Response response;
    response.set("Content-Type", "text/html; charset=utf-8");
    response.set("Cache-Control", "no-store");
    response.body = copy->package->receipt;
    return response;
}

Answer declare_copy(const Call& call) {
    const auto body = Body::parse(call.request, {"declaration", "note"});
    if (!body) return std::unexpected(body.error());
    const auto what = body->required_text("declaration", kLongestName);
    if (!what) return std::unexpected(what.error());
    if (*what != "received" && *what != "returned" && *what != "destroyed")
        return std::unexpected(bad_member("declaration", "It is received, returned or destroyed."));
    const auto note = body->required_text("note", kLongestNote);
    if (!note) return std::unexpected(note.error());
    const auto copy = get_copy(call);
    if (!copy) return std::unexpected(copy.error());
    const auto declared = catalogue::declare_copy(
        call.services.database.pool(),
        {.id = copy->id,
         .what = *what,
         .note = *note,
         .declarer_id = call.principal->id,
         .declarer = call.principal->name},
        copy_act(call, "copy.declared", copy->id, {{"declaration", *what}, {"note", *note}}),
        call.now
    );
    if (!declared) return std::unexpected(act_problem(declared.error()));
    if (!*declared)
        return std::unexpected(problem(
            409,
            "COPY_STATE",
            "The copy is " + state_of(*copy) +
                "; it is received once it is sealed and while its package is kept, and then returned or "
                "destroyed."
        ));
    return read_copy(call);
}

}  // namespace

void add_copy_routes(Routes& routes) {
    routes.push_back(make_route("POST", "/v1/requests/{id}/copies", Action::export_copy, {}, order_copy));
    routes.push_back(make_route(
        "GET", "/v1/copies", Action::list_copies, {"limit", "cursor", "overdue", "request"}, list_copies
    ));
    routes.push_back(make_route("GET", "/v1/copies/{id}", Action::list_copies, {}, read_copy));
    routes.push_back(make_route("GET", "/v1/copies/{id}/package", Action::read_copy, {}, send_package));
    routes.push_back(make_route("GET", "/v1/copies/{id}/receipt", Action::read_copy, {}, send_receipt));
    for (const char* kind : {"html", "pdf"})
        routes.push_back(make_route(
            "GET",
            std::string{"/v1/copies/{id}/receipt."} + kind,
            Action::read_copy,
            {},
            [kind](const Call& call) { return print_receipt(call, kind); }
        ));
    routes.push_back(make_route("POST", "/v1/copies/{id}/declare", Action::record_copy, {}, declare_copy));
}

}  // namespace sluice::api
