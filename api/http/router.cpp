#include "api/http/router.hpp"

#include "api/http/text.hpp"

#include <algorithm>
#include <optional>

namespace sluice::http {
namespace {

bool is_variable(std::string_view part) {
    return part.starts_with('{') && part.ends_with('}');
}

/// "{path+}": the last part of a pattern that takes all that is left.
bool is_rest(std::string_view part) {
    return is_variable(part) && part.ends_with("+}");
}

/// The values of the pattern's variables, or nullopt when the path is another one.
std::optional<std::vector<std::string>>
match(const std::vector<std::string>& pattern, const std::vector<std::string>& path) {
    const bool has_rest = is_rest(pattern.back());
    if (has_rest ? path.size() < pattern.size() : path.size() != pattern.size()) return std::nullopt;
    std::vector<std::string> variables;
    for (std::size_t i = 0; i < path.size(); ++i) {
        const std::string& wanted = pattern[std::min(i, pattern.size() - 1)];
        if (i >= pattern.size())
            variables.back() += '/' + path[i];
        else if (is_variable(wanted) && !path[i].empty())
            variables.push_back(path[i]);
        else if (wanted != path[i])
            return std::nullopt;
    }
    return variables;
}

}  // namespace

void Router::add(std::string method, std::string_view pattern, std::size_t route) {
    std::vector<std::string> parts;
    for (const std::string_view part : split(pattern.substr(1), '/'))
        parts.emplace_back(part);
    entries_.push_back({std::move(method), std::move(parts), route});
}

Router::Match Router::find(std::string_view method, const std::vector<std::string>& path) const {
    const std::string_view wanted = method == "HEAD" ? "GET" : method;
    std::string allow;
    std::size_t sibling = 0;
    for (const Entry& entry : entries_) {
        auto variables = match(entry.parts, path);
        if (!variables) continue;
        if (entry.method == wanted) return Found{entry.route, std::move(*variables)};
        allow += entry.method == "GET" ? "GET, HEAD, " : entry.method + ", ";
        sibling = entry.route;
    }
    if (allow.empty()) return NoSuchPath{};
    return OtherMethod{allow + "OPTIONS", sibling, method == "OPTIONS"};
}

}  // namespace sluice::http
