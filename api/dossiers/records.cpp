#include "api/dossiers/detail/records.hpp"

#include "api/acts.hpp"
#include "api/body.hpp"
#include "api/policy_in_force.hpp"
#include "api/requests/answers.hpp"
#include "storage/catalogue/dossier_repository.hpp"
#include "storage/catalogue/ledger_repository.hpp"
#include "storage/catalogue/purge_repository.hpp"
#include "storage/catalogue/record_repository.hpp"
#include "storage/catalogue/request_repository.hpp"
#include "storage/evidence/evidence_store.hpp"
#include "storage/release/codes.hpp"
#include "storage/release/rules.hpp"
#include "storage/retention/guards.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <utility>

#include <nlohmann/json.hpp>

/// Dossiers as a list, and the end of their papers: kept for a year at least (article 9(4)), and never
/// destroyed by a program of its own accord.
namespace sluice::api::dossiers {

using catalogue::DossierRow;
using nlohmann::json;
using release::Case;

namespace {

constexpr std::size_t kLongestName = 200;
constexpr std::chrono::seconds kStatusOld{10};
constexpr std::size_t kLongestReason = 4000;

template <class T>
using Got = std::expected<T, http::Problem>;

std::string dump(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

/// Records count by the policy in force, whatever the case was judged by.
Got<policy::RequestPolicy> policy_now(const Call& call) {
    const auto rules = policy_in_force(call);
    if (!rules) return std::unexpected(rules.error());
    return rules->requests;
}

json dossier_json(const DossierRow& row, const policy::RequestPolicy& policy) {
    const bool is_closed = row.state == release::RequestState::closed;
    return {
        {"number", row.number},
        {"request", to_string(row.request_id)},
        {"state", to_string(row.state)},
        {"opened", to_rfc3339(row.opened)},
        {"closed", is_closed ? json(to_rfc3339(row.since)) : json(nullptr)},
        {"kept_until", is_closed ? json(to_rfc3339(release::records_until(row.since, policy))) : json(nullptr)
        },
        {"papers_destroyed", row.papers_destroyed ? json(to_rfc3339(*row.papers_destroyed)) : json(nullptr)},
    };
}

/// "115/000001": year and serial.
std::optional<catalogue::DossierCursor> cursor_from(const std::string& text) {
    catalogue::DossierCursor cursor;
    const char* const end = text.data() + text.size();
    const auto year = std::from_chars(text.data(), end, cursor.year);
    if (year.ec != std::errc{} || year.ptr == end || *year.ptr != '/') return std::nullopt;
    const auto serial = std::from_chars(year.ptr + 1, end, cursor.serial);
    if (serial.ec != std::errc{} || serial.ptr != end) return std::nullopt;
    return cursor;
}

Answer list(const Call& call) {
    const auto limit = call.parameters.limit();
    if (!limit) return std::unexpected(limit.error());
    const auto is_eligible = call.parameters.flag("eligible");
    if (!is_eligible) return std::unexpected(is_eligible.error());
    std::optional<catalogue::DossierCursor> after;
    if (const std::string* text = call.parameters.find("cursor")) {
        after = cursor_from(*text);
        if (!after) return std::unexpected(bad_parameter("cursor", "Not a cursor of this list."));
    }
    const auto policy = policy_now(call);
    if (!policy) return std::unexpected(policy.error());
    catalogue::DossierFilter filter;
    // As records_until counts, from its end backwards.
    if (*is_eligible)
        filter.closed_before = call.now - (release::records_until(call.now, *policy) - call.now);
    auto rows = catalogue::load_dossiers(call.services.database.pool(), filter, after, *limit + 1);
    if (!rows) return std::unexpected(to_problem(rows.error()));
    json next = nullptr;
    if (rows->size() > *limit) {
        rows->resize(*limit);
        next = rows->back().number;
    }
    json items = json::array();
    for (const DossierRow& row : *rows)
        items.push_back(dossier_json(row, *policy));
    return json_response(dump({{"items", std::move(items)}, {"next", std::move(next)}}));
}

Got<Case> get_closed_case(const Call& call, const std::string& number) {
    auto request = catalogue::find_request_by_dossier(call.services.database.pool(), number);
    if (!request) return std::unexpected(to_problem(request.error()));
    if (!*request) return std::unexpected(problem(404, "DOSSIER_NOT_FOUND", "No dossier has this number."));
    const auto policy = policy_now(call);
    if (!policy) return std::unexpected(policy.error());
    const std::string_view code = release::check_destroying(**request, *policy, call.now);
    if (code.empty()) return std::move(**request);
    http::Problem made = problem(
        release::find_code(code)->status,
        std::string{code},
        code == "REQUEST_STATE" ? "Papers are kept at least until the case is closed, and a year longer."
                                : "The records of a closed case are kept for a year at least."
    );
    if (code != "REQUEST_STATE")
        made.members.emplace_back(
            "kept_until", '"' + to_rfc3339(release::records_until((*request)->since, *policy)) + '"'
        );
    return std::unexpected(std::move(made));
}

json papers_of(const Case& request) {
    json papers = json::array();
    for (const release::Evidence& paper : request.evidence)
        papers.push_back({{"id", to_string(paper.id)}, {"name", paper.name}, {"sha256", paper.sha256}});
    return papers;
}

ledger::Act dossier_act(const Call& call, const char* action, const std::string& number, const json& facts) {
    return {
        .action = action,
        .actor = actor_of(call),
        .subject = {.kind = "dossier", .id = number},
        .facts = dump(facts),
    };
}

/// As for every destruction: not from a catalogue that is in doubt, and not by a clock that is before the
/// audit log or far from what the recorder writes. Whether the host's clock is synchronised is no question
/// here: who decides has the document before them.
Got<void> check_guards(const Call& call) {
    const auto facts = catalogue::load_purge_facts(call.services.database.pool(), Uuid{});
    if (!facts) return std::unexpected(to_problem(facts.error()));
    const auto policy = policy_in_force(call);
    if (!policy) return std::unexpected(policy.error());
    const auto recorder = call.services.status.read();
    const auto refusals = retention::find_refusals(
        {
            .now = call.now,
            .is_confirmed = facts->is_confirmed,
            .newest_record = facts->newest_record,
            .newest_footage = facts->newest_footage,
            .is_synchronised = true,
            .last_synchronised = {},
            .recorder_lives = recorder && std::chrono::abs(call.now - recorder->written) < kStatusOld,
            .schema = facts->schema,
            .required_schema = facts->schema,  // another one answers nothing at all here
        },
        policy->clock,
        {}
    );
    if (refusals.empty()) return {};
    const std::string& code = refusals.front().code;
    return std::unexpected(problem(
        409,
        code,
        code == "CATALOGUE_UNCONFIRMED" ? "The catalogue was made again or restored: nothing is destroyed "
                                          "before `sluice retention confirm`."
                                        : "The clock is before the audit log, or far from the newest "
                                          "footage: whether the year is over can't be told."
    ));
}

/// Announced in a signed checkpoint; then the files go; then it is said that they have gone. Who is cut off
/// in between asks again.
Got<void> destroy_papers(const Call& call, const Case& request, const json& facts) {
    catalogue::Pool& pool = call.services.database.pool();
    const std::string& number = *request.dossier_number;
    const auto announced =
        catalogue::append_record(pool, dossier_act(call, "dossier.papers_ending", number, facts), call.now);
    if (!announced) return std::unexpected(act_problem(announced.error()));
    const Deadline limit = std::chrono::steady_clock::now() + catalogue::kCheckpointLimit;
    if (!catalogue::wait_until_sequenced(pool, *announced, limit))
        return std::unexpected(ledger_unavailable());
    std::vector<Uuid> ids;
    for (const release::Evidence& paper : request.evidence)
        ids.push_back(paper.id);
    const evidence::EvidenceStore store{call.services.config.data / "spool"};
    if (const auto gone = store.destroy(ids); !gone) return std::unexpected(to_problem(gone.error()));
    const catalogue::DossierDestruction destruction{
        .number = number,
        .principal_id = call.principal->id,
        .principal = call.principal->name,
        .document = facts["document"].get<std::string>(),
        .reason = facts["reason"].get<std::string>(),
        .papers = dump(facts["papers"]),
    };
    const auto saved = catalogue::save_dossier_destruction(
        pool, destruction, dossier_act(call, "dossier.papers_destroyed", number, facts), call.now
    );
    if (!saved) return std::unexpected(act_problem(saved.error()));
    return {};
}

Answer destroy(const Call& call) {
    std::string number = call.variables.front();
    std::ranges::replace(number, '-', '/');
    const auto body = Body::parse(call.request, {"document", "reason"});
    if (!body) return std::unexpected(body.error());
    const auto document = body->required_text("document", kLongestName);
    if (!document) return std::unexpected(document.error());
    const auto reason = body->required_text("reason", kLongestReason);
    if (!reason) return std::unexpected(reason.error());
    const auto request = get_closed_case(call, number);
    if (!request) return std::unexpected(request.error());
    if (request->papers_destroyed)
        return std::unexpected(problem(409, "PAPERS_DESTROYED", "They were destroyed before."));
    if (const auto guarded = check_guards(call); !guarded) return std::unexpected(guarded.error());
    const json facts{{"document", *document}, {"reason", *reason}, {"papers", papers_of(*request)}};
    if (const auto destroyed = destroy_papers(call, *request, facts); !destroyed)
        return std::unexpected(destroyed.error());
    return requests::case_response(call, request->id);
}

}  // namespace

void add_record_routes(Routes& routes) {
    routes.push_back(
        make_route("GET", "/v1/dossiers", Action::read_dossier, {"eligible", "limit", "cursor"}, list)
    );
    routes.push_back(make_route("POST", "/v1/dossiers/{number}/destroy", Action::destroy_dossier, {}, destroy)
    );
}

}  // namespace sluice::api::dossiers
