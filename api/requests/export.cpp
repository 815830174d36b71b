#include "api/acts.hpp"
#include "api/copies/receipt.hpp"
#include "api/pages/page.hpp"
#include "api/requests/detail/common.hpp"
#include "api/requests/detail/paper.hpp"
#include "api/requests/pages.hpp"
#include "storage/catalogue/record_repository.hpp"
#include "storage/catalogue/register_repository.hpp"
#include "storage/evidence/evidence_store.hpp"
#include "storage/print/pdf.hpp"
#include "storage/print/zip.hpp"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

namespace sluice::api {
namespace requests {
namespace {

using nlohmann::json;
using print::ZipMember;
using release::Case;

/// An archive is made in memory.
constexpr std::uint64_t kMostEvidenceBytes = 256ULL << 20U;
constexpr std::size_t kMostCopies = 1000;  // one for each decision

std::string dump(const json& value) {
    return value.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
}

Got<Case> find_case(const Call& call, const std::string& number) {
    auto request = catalogue::find_request_by_dossier(call.services.database.pool(), number);
    if (!request) return std::unexpected(to_problem(request.error()));
    if (!*request) return std::unexpected(problem(404, "DOSSIER_NOT_FOUND", "No dossier has this number."));
    return std::move(**request);
}

/// The pages as they would be printed now; decision and letter once there is one.
Got<std::vector<ZipMember>> page_members(const Call& call, const Case& request) {
    const auto history = catalogue::load_request_events(call.services.database.pool(), request.id);
    if (!history) return std::unexpected(to_problem(history.error()));
    const auto policy = get_policy(call, request);
    if (!policy) return std::unexpected(policy.error());
    const auto names = camera_names(call);
    if (!names) return std::unexpected(names.error());
    const auto texts = get_texts(call);
    if (!texts) return std::unexpected(texts.error());
    const auto decision = decision_of(request, *history, policy->policy.deadlines.remedy_days);
    const print::Paper paper{.request = request, .cameras = *names, .texts = *texts, .made = call.now};
    std::vector<std::pair<const char*, print::Document>> pages;
    pages.emplace_back("form.pdf", print::request_form(paper, decision, completion_of(request, *history)));
    if (decision) {
        pages.emplace_back("decision.pdf", print::decision_page(paper, *decision));
        pages.emplace_back("letter.pdf", print::reply_letter(paper, *decision));
    }
    std::vector<ZipMember> members;
    for (const auto& [name, page] : pages) {
        auto pdf = print::to_pdf(page);
        if (!pdf) return std::unexpected(to_problem(pdf.error()));
        members.push_back({.name = name, .content = std::move(*pdf), .modified = call.now});
    }
    return members;
}

Got<ZipMember> register_member(const Call& call, const std::string& number) {
    const auto entries = catalogue::load_dossier_entries(call.services.database.pool(), number);
    if (!entries) return std::unexpected(to_problem(entries.error()));
    json list = json::array();
    for (const catalogue::RegisterEntry& entry : *entries)
        list.push_back({
            {"line", entry.line},
            {"kind", release::to_string(entry.kind)},
            {"facts", json::parse(entry.facts, nullptr, false)},
            {"principal", entry.principal},
            {"at", to_rfc3339(entry.at)},
        });
    return ZipMember{.name = "register.json", .content = dump(list), .modified = call.now};
}

/// The receipt of each sealed copy: as it would be printed now, and as it lies in the package.
Got<std::vector<ZipMember>> receipt_members(const Call& call, const Case& request) {
    catalogue::Pool& pool = call.services.database.pool();
    const auto copies = catalogue::load_copies(pool, {.request_id = request.id}, std::nullopt, kMostCopies);
    if (!copies) return std::unexpected(to_problem(copies.error()));
    const auto texts = get_texts(call);
    if (!texts) return std::unexpected(texts.error());
    std::vector<ZipMember> members;
    for (const catalogue::CopyRow& listed : *copies) {
        if (!listed.package) continue;
        const auto copy = catalogue::find_handed_copy(pool, listed.id);
        if (!copy) return std::unexpected(to_problem(copy.error()));
        const catalogue::CopyRow& whole = copy->value();
        auto pdf = print::to_pdf(print::copy_receipt(receipt_facts(whole), *texts, call.now));
        if (!pdf) return std::unexpected(to_problem(pdf.error()));
        const std::string name = "receipts/" + receipt_name(whole);
        members.push_back({.name = name + ".pdf", .content = std::move(*pdf), .modified = call.now});
        members.push_back(
            {.name = name + "-sealed.html",
             .content = whole.package->receipt,
             .modified = whole.package->sealed}
        );
    }
    return members;
}

/// Every paper, decrypted, as it was handed in; one that is not any more fails the export instead of missing
/// in it.
Got<std::vector<ZipMember>> evidence_members(const Call& call, const Case& request) {
    // What was destroyed is named in the case, and no more.
    if (request.papers_destroyed) return std::vector<ZipMember>{};
    std::uint64_t sum = 0;
    for (const release::Evidence& paper : request.evidence)
        sum += paper.bytes;
    if (sum > kMostEvidenceBytes)
        return std::unexpected(problem(
            409, "EXPORT_TOO_LARGE", "The papers are more than 256 MiB together; fetch them one by one."
        ));
    const evidence::EvidenceStore store{call.services.config.data / "spool"};
    std::vector<ZipMember> members;
    for (const release::Evidence& paper : request.evidence) {
        const auto bytes = store.load(paper.id);
        if (!bytes) return std::unexpected(to_problem(bytes.error()));
        if (to_hex(sha256(*bytes)) != paper.sha256)
            return std::unexpected(
                problem(500, "INTERNAL_ERROR", "A paper is not the one that was handed in.")
            );
        // The id in front: two papers may have one name.
        members.push_back(
            {.name = "attachments/" + to_string(paper.id) + "-" + print::member_name(paper.name),
             .content = std::string{as_text(*bytes)},
             .modified = paper.added}
        );
    }
    return members;
}

Got<std::string> make_export(const Call& call, const Case& request) {
    auto members = page_members(call, request);
    if (!members) return std::unexpected(members.error());
    auto answer = case_response(call, request.id);
    if (!answer) return std::unexpected(answer.error());
    members->push_back(
        {.name = "case.json", .content = std::get<std::string>(answer->body), .modified = call.now}
    );
    auto screening = screening_of(call, request);
    if (!screening) return std::unexpected(screening.error());
    members->push_back(
        {.name = "screening.json", .content = std::move(*screening) + "\n", .modified = call.now}
    );
    auto lines = register_member(call, *request.dossier_number);
    if (!lines) return std::unexpected(lines.error());
    members->push_back(std::move(*lines));
    auto receipts = receipt_members(call, request);
    if (!receipts) return std::unexpected(receipts.error());
    std::ranges::move(*receipts, std::back_inserter(*members));
    auto papers = evidence_members(call, request);
    if (!papers) return std::unexpected(papers.error());
    std::ranges::move(*papers, std::back_inserter(*members));
    auto zip = print::make_zip(*members);
    if (!zip) return std::unexpected(to_problem(zip.error()));
    return std::move(*zip);
}

/// "115/000001" with its slash escaped, or "115-000001".
Answer export_dossier(const Call& call) {
    std::string number = call.variables.front();
    std::ranges::replace(number, '-', '/');
    const auto request = find_case(call, number);
    if (!request) return std::unexpected(request.error());
    auto zip = make_export(call, *request);
    if (!zip) return std::unexpected(zip.error());
    const json facts{{"sha256", to_hex(sha256(as_bytes(*zip)))}, {"bytes", zip->size()}};
    const auto record = catalogue::append_record(
        call.services.database.pool(),
        {.action = "dossier.exported",
         .actor = actor_of(call),
         .subject = {.kind = "dossier", .id = number},
         .facts = facts.dump()},
        call.now
    );
    if (!record) return std::unexpected(act_problem(record.error()));
    std::ranges::replace(number, '/', '-');
    http::Response response;
    response.set("Content-Type", "application/zip");
    response.set("Cache-Control", "no-store");
    response.set("Content-Disposition", "attachment; filename=\"dossier-" + number + ".zip\"");
    response.body = std::move(*zip);
    return response;
}

}  // namespace
}  // namespace requests

void add_export_routes(Routes& routes) {
    routes.push_back(make_route(
        "GET", "/v1/dossiers/{number}/export.zip", Action::export_dossier, {}, requests::export_dossier
    ));
}

}  // namespace sluice::api
