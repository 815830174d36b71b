#include "config/policy/json.hpp"

#include <nlohmann/json.hpp>

namespace sluice::policy {
namespace {

using nlohmann::json;

constexpr std::size_t kMostBytes = 1U << 20U;

std::string text_of(const json& object, const char* member, bool is_required) {
    const auto found = object.find(member);
    if (found == object.end() && !is_required) return {};
    return found == object.end() ? object.at(member).get<std::string>() : found->get<std::string>();
}

Rule::Value value_of(const json& value) {
    if (value.is_number_integer()) return value.get<std::int64_t>();
    if (value.is_string()) return value.get<std::string>();
    std::vector<std::int64_t> list;
    if (!value.is_array())
        throw std::invalid_argument{"value: must be a whole number, a word or a list of whole numbers"};
    for (const json& element : value) {
        if (!element.is_number_integer()) throw std::invalid_argument{"value: must hold whole numbers only"};
        list.push_back(element.get<std::int64_t>());
    }
    return list;
}

Rule rule_of(const json& object) {
    if (!object.is_object()) throw std::invalid_argument{"must be an object"};
    for (const auto& [name, ignored] : object.items())
        if (name != "id" && name != "value" && name != "unit" && name != "article" && name != "allowed_by")
            throw std::invalid_argument{name + ": is no member of a rule"};
    return {
        .id = text_of(object, "id", true),
        .value = value_of(object.at("value")),
        .unit = text_of(object, "unit", false),
        .article = text_of(object, "article", true),
        .allowed_by = text_of(object, "allowed_by", false),
    };
}

}  // namespace

std::string to_json(const Rules& rules) {
    json list = json::array();
    for (const Rule& rule : rules) {
        json object{{"id", rule.id}, {"unit", rule.unit}, {"article", rule.article}};
        std::visit([&](const auto& value) { object["value"] = value; }, rule.value);
        if (!rule.allowed_by.empty()) object["allowed_by"] = rule.allowed_by;
        list.push_back(std::move(object));
    }
    return list.dump();
}

Result<Rules> rules_from_json(std::string_view text) {
    if (text.size() > kMostBytes) return failure(Remedy::refuse, "rules: longer than 1 MiB");
    const json list = json::parse(text, nullptr, false);
    if (!list.is_array()) return failure(Remedy::refuse, "rules: must be a JSON list of rules");
    Rules rules;
    for (std::size_t i = 0; i < list.size(); ++i) {
        try {
            rules.push_back(rule_of(list[i]));
        } catch (const json::exception&) {
            return failure(
                Remedy::refuse,
                "rules[" + std::to_string(i) + "]: needs id, value and article, and texts where texts belong"
            );
        } catch (const std::invalid_argument& error) {
            return failure(Remedy::refuse, "rules[" + std::to_string(i) + "]." + error.what());
        }
    }
    return rules;
}

}  // namespace sluice::policy
