#include "api/rule_problem.hpp"

#include "storage/release/codes.hpp"

#include <utility>

#include <nlohmann/json.hpp>

namespace sluice::api {

using nlohmann::json;

http::Problem rule_problem(std::string_view code, std::string detail) {
    const release::CodeRow* const row = release::find_code(code);
    http::Problem made =
        http::problem(row != nullptr ? row->status : 403, std::string{code}, std::move(detail));
    if (row == nullptr) return made;
    if (!row->article.empty()) made.members.emplace_back("article", json(row->article).dump());
    made.members.emplace_back("curable", row->is_curable ? "true" : "false");
    made.members.emplace_back(
        "evidence_required", row->evidence.empty() ? "null" : json(row->evidence).dump()
    );
    return made;
}

}  // namespace sluice::api
