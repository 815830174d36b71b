#include "api/requests/pages.hpp"

#include "api/pages/page.hpp"
#include "api/requests/detail/common.hpp"
#include "api/requests/detail/paper.hpp"

#include <array>
#include <utility>

namespace sluice::api {
namespace requests {
namespace {

enum class Page { form, decision, letter };

std::string_view name_of(Page page) {
    switch (page) {
        case Page::form:
            return "form";
        case Page::decision:
            return "decision";
        case Page::letter:
            return "letter";
    }
    return "form";
}

Answer send_page(const Call& call, Page page, std::string_view kind) {
    const auto request = get_case(call);
    if (!request) return std::unexpected(request.error());
    const auto history = catalogue::load_request_events(call.services.database.pool(), request->id);
    if (!history) return std::unexpected(to_problem(history.error()));
    const auto policy = get_policy(call, *request);
    if (!policy) return std::unexpected(policy.error());
    const auto names = camera_names(call);
    if (!names) return std::unexpected(names.error());
    const auto texts = get_texts(call);
    if (!texts) return std::unexpected(texts.error());
    const auto decision = decision_of(*request, *history, policy->policy.deadlines.remedy_days);
    if (!decision && page != Page::form)
        return std::unexpected(problem(409, "NOT_DECIDED", "Nothing is decided in this case yet."));
    const print::Paper paper{.request = *request, .cameras = *names, .texts = *texts, .made = call.now};
    const std::string name = std::string{name_of(page)} + "-" + to_string(request->id);
    if (page == Page::form)
        return page_response(
            print::request_form(paper, decision, completion_of(*request, *history)), kind, name
        );
    return page_response(
        page == Page::decision ? print::decision_page(paper, *decision)
                               : print::reply_letter(paper, *decision),
        kind,
        name
    );
}

}  // namespace
}  // namespace requests

void add_page_routes(Routes& routes) {
    using requests::Page;
    for (const Page page : {Page::form, Page::decision, Page::letter})
        for (const char* kind : {"html", "pdf"})
            routes.push_back(make_route(
                "GET",
                "/v1/requests/{id}/" + std::string{requests::name_of(page)} + "." + kind,
                Action::read_request,
                {},
                [page, kind](const Call& call) { return requests::send_page(call, page, kind); }
            ));
}

}  // namespace sluice::api
