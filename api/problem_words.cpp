#include "api/problem_words.hpp"

#include "api/http/text.hpp"
#include "config/base/log.hpp"
#include "storage/release/codes.hpp"

#include <algorithm>
#include <charconv>

namespace sluice::api {
namespace {

/// "q=0.8" in thousandths; 1000 when there is none, 0 for what can't be read.
int weight_of(std::string_view parameter) noexcept {
    parameter = http::trim(parameter);
    if (parameter.empty()) return 1000;
    if (!parameter.starts_with("q=") && !parameter.starts_with("Q=")) return 0;
    parameter.remove_prefix(2);
    double weight = 0;
    const char* const end = parameter.data() + parameter.size();
    const auto [stop, code] = std::from_chars(parameter.data(), end, weight);
    if (code != std::errc{} || stop != end || !(weight >= 0) || weight > 1) return 0;
    return static_cast<int>(weight * 1000);
}

std::string quoted(std::string_view text) {
    std::string out;
    log::append_json_string(out, text);
    return out;
}

void add_member(http::Problem& problem, const char* name, std::string value) {
    const auto is_there = [&](const auto& member) { return member.first == name; };
    if (std::ranges::none_of(problem.members, is_there)) problem.members.emplace_back(name, std::move(value));
}

}  // namespace

Language preferred_language(std::string_view accepted) noexcept {
    int chinese = 0;
    int english = 0;
    bool is_chinese_first = false;
    for (const std::string_view range : http::split(accepted, ',')) {
        const std::size_t semicolon = range.find(';');
        const std::string_view tag = http::trim(range.substr(0, semicolon));
        const std::string_view rest =
            semicolon == std::string_view::npos ? std::string_view{} : range.substr(semicolon + 1);
        const std::string_view primary = tag.substr(0, tag.find('-'));
        const int weight = weight_of(rest);
        if (http::is_same_word(primary, "zh") && weight > chinese) {
            chinese = weight;
            is_chinese_first = english == 0;
        }
        if (http::is_same_word(primary, "en")) english = std::max(english, weight);
    }
    const bool is_chinese = chinese > english || (chinese == english && chinese > 0 && is_chinese_first);
    return is_chinese ? Language::chinese : Language::english;
}

http::Problem explained(http::Problem problem, Language language) {
    const release::CodeRow* row = release::find_code(problem.code);
    if (row == nullptr) return problem;
    const bool is_chinese = language == Language::chinese;
    problem.title = std::string{is_chinese ? row->title_zh : row->title};
    problem.language = is_chinese ? "zh-Hant" : "en";
    if (is_chinese) problem.detail = problem.title + "。";
    if (!row->article.empty()) add_member(problem, "article", quoted(row->article));
    add_member(problem, "curable", row->is_curable ? "true" : "false");
    add_member(problem, "evidence_required", row->evidence.empty() ? "null" : quoted(row->evidence));
    return problem;
}

}  // namespace sluice::api
