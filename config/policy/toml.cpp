#include "config/policy/policy.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include <toml++/toml.h>

namespace sluice::policy {
namespace {

constexpr std::size_t kMostBytes = 1U << 20U;
constexpr std::array<std::string_view, 5> kMembers{"id", "value", "unit", "article", "allowed_by"};

/// Where and what, of the first thing that is wrong.
struct Wrong {
    toml::source_position place;
    std::string text;
};

std::string text_of(const toml::table& table, std::string_view member) {
    const toml::node* node = table.get(member);
    if (node == nullptr) return {};
    const auto text = node->value_exact<std::string>();
    if (!text) throw Wrong{node->source().begin, std::string{member} + ": must be a text"};
    return *text;
}

Rule::Value value_of(const toml::table& table) {
    const toml::node* node = table.get("value");
    if (node == nullptr) throw Wrong{table.source().begin, "value: is missing"};
    if (const auto number = node->value_exact<std::int64_t>()) return *number;
    if (const auto word = node->value_exact<std::string>()) return *word;
    const toml::array* array = node->as_array();
    if (array == nullptr)
        throw Wrong{node->source().begin, "value: must be a whole number, a word or a list of whole numbers"};
    std::vector<std::int64_t> list;
    for (const toml::node& element : *array) {
        const auto number = element.value_exact<std::int64_t>();
        if (!number) throw Wrong{element.source().begin, "value: must hold whole numbers only"};
        list.push_back(*number);
    }
    return list;
}

Rule rule_of(const toml::node& node) {
    const toml::table* table = node.as_table();
    if (table == nullptr) throw Wrong{node.source().begin, "rule: must be a table: [[rule]]"};
    for (const auto& [key, value] : *table)
        if (std::ranges::find(kMembers, key.str()) == kMembers.end())
            throw Wrong{
                value.source().begin,
                std::string{key.str()} + ": is not known; a rule has id, value, unit, article, allowed_by"
            };
    Rule rule{
        text_of(*table, "id"),
        value_of(*table),
        text_of(*table, "unit"),
        text_of(*table, "article"),
        text_of(*table, "allowed_by")
    };
    if (rule.id.empty()) throw Wrong{table->source().begin, "id: is missing"};
    return rule;
}

std::unexpected<Error>
complain(const std::string& file, const toml::source_position& place, const std::string& text) {
    return failure(
        Remedy::refuse,
        file + ":" + std::to_string(place.line) + ":" + std::to_string(place.column) + ": " + text,
        "POLICY_INVALID"
    );
}

}  // namespace

Result<Rules> parse_rules(std::string_view text, const std::string& file) {
    if (text.size() > kMostBytes)
        return failure(Remedy::refuse, file + ": longer than 1 MiB", "POLICY_INVALID");
    try {
        const toml::table table = toml::parse(text, file);
        Rules rules;
        for (const auto& [key, value] : table) {
            const toml::array* list = value.as_array();
            if (key.str() != "rule" || list == nullptr)
                throw Wrong{
                    value.source().begin, std::string{key.str()} + ": a policy holds [[rule]] tables only"
                };
            for (const toml::node& node : *list)
                rules.push_back(rule_of(node));
        }
        return rules;
    } catch (const toml::parse_error& error) {
        return complain(
            file, error.source().begin, "is no valid TOML here: " + std::string{error.description()}
        );
    } catch (const Wrong& wrong) {
        return complain(file, wrong.place, wrong.text);
    }
}

}  // namespace sluice::policy
