#include "config/detail/reader.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <numeric>
#include <tuple>
#include <utility>

namespace sluice::config::detail {
namespace {

/// A whole number and the unit behind it: "60s" → (60, "s").
std::optional<std::pair<std::uint64_t, std::string_view>> split_unit(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end == text.data()) return std::nullopt;
    return std::pair{value, text.substr(static_cast<std::size_t>(end - text.data()))};
}

std::optional<std::uint64_t> times(std::uint64_t value, std::uint64_t factor) {
    if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) / factor)
        return std::nullopt;
    return value * factor;
}

template <std::size_t Size>
std::optional<std::uint64_t>
in_units(std::string_view text, const std::array<std::pair<std::string_view, std::uint64_t>, Size>& units) {
    const auto split = split_unit(text);
    if (!split) return std::nullopt;
    const auto unit =
        std::ranges::find(units, split->second, &std::pair<std::string_view, std::uint64_t>::first);
    return unit == units.end() ? std::nullopt : times(split->first, unit->second);
}

std::string in_words(std::chrono::milliseconds value) {
    const auto count = value.count();
    if (count % 3'600'000 == 0) return std::to_string(count / 3'600'000) + "h";
    if (count % 1000 == 0) return std::to_string(count / 1000) + "s";
    return std::to_string(count) + "ms";
}

}  // namespace

void Findings::error(const Place& place, std::string field, std::string message) {
    problems_.push_back({place.file, place.line, place.column, std::move(field), std::move(message), false});
}

void Findings::warning(const Place& place, std::string field, std::string message) {
    problems_.push_back({place.file, place.line, place.column, std::move(field), std::move(message), true});
}

Place Findings::find_place(std::string field) const {
    for (;;) {
        if (const auto found = places_.find(field); found != places_.end()) return found->second;
        const std::size_t dot = field.rfind('.');
        if (dot == std::string::npos) break;
        field.resize(dot);
    }
    const auto root = places_.find("");
    return root == places_.end() ? Place{} : root->second;
}

void Findings::error_at(const std::string& field, std::string message) {
    error(find_place(field), field, std::move(message));
}

void Findings::warning_at(const std::string& field, std::string message) {
    warning(find_place(field), field, std::move(message));
}

void Findings::set_place(const std::string& field, const Place& place) {
    const auto [entry, is_new] = places_.emplace(field, place);
    if (is_new) return;
    const Place& first = entry->second;
    error(
        place, field, "is set twice; first at " + first.file + ":" + std::to_string(first.line) + "; keep one"
    );
}

std::vector<Problem> Findings::take() {
    std::ranges::stable_sort(problems_, {}, [](const Problem& problem) {
        return std::tuple{problem.file, problem.line, problem.column};
    });
    return std::exchange(problems_, {});
}

Section::Section(const toml::table& table, std::string file, std::string path, Findings& findings)
    : table_(table),
      file_(std::move(file)),
      path_(std::move(path)),
      findings_(findings) {}

std::string Section::field(std::string_view key) const {
    return path_.empty() ? std::string{key} : path_ + "." + std::string{key};
}

Place Section::place_of(const toml::node& node) const {
    const toml::source_position& begin = node.source().begin;
    return {file_, static_cast<unsigned>(begin.line), static_cast<unsigned>(begin.column)};
}

const toml::node* Section::find(std::string_view key) {
    known_.emplace_back(key);
    const toml::node* node = table_.get(key);
    // Arrays of tables are many on purpose; everything else is set once over all files.
    if (node != nullptr && !node->is_table() && !node->is_array_of_tables()) {
        findings_.set_place(field(key), place_of(*node));
    }
    return node;
}

void Section::wrong(std::string_view key, const toml::node& node, std::string message) {
    findings_.error(place_of(node), field(key), std::move(message));
}

void Section::text(std::string_view key, std::string& target) {
    const toml::node* node = find(key);
    if (node == nullptr) return;
    if (const auto value = node->value_exact<std::string>()) {
        target = *value;
    } else {
        wrong(key, *node, "must be a text in quotes");
    }
}

void Section::path(std::string_view key, std::filesystem::path& target) {
    std::string value;
    text(key, value);
    if (value.empty()) return;
    target = std::filesystem::path{file_}.parent_path() / value;
}

void Section::flag(std::string_view key, bool& target) {
    const toml::node* node = find(key);
    if (node == nullptr) return;
    if (const auto value = node->value_exact<bool>()) {
        target = *value;
    } else {
        wrong(key, *node, "must be true or false");
    }
}

void Section::texts(std::string_view key, std::vector<std::string>& target) {
    const toml::node* node = find(key);
    if (node == nullptr) return;
    const toml::array* list = node->as_array();
    if (list == nullptr) return wrong(key, *node, "must be a list of texts, such as [\"a\", \"b\"]");
    std::vector<std::string> values;
    for (const toml::node& item : *list) {
        const auto value = item.value_exact<std::string>();
        if (!value) return wrong(key, item, "must hold only texts in quotes");
        values.push_back(*value);
    }
    target = std::move(values);
}

void Section::duration(
    std::string_view key,
    std::chrono::milliseconds& target,
    std::chrono::milliseconds least,
    std::chrono::milliseconds most
) {
    const toml::node* node = find(key);
    if (node == nullptr) return;
    const auto value = node->value_exact<std::string>();
    const auto parsed = value ? parse_duration(*value) : std::nullopt;
    if (!parsed || *parsed < least || *parsed > most) {
        return wrong(
            key,
            *node,
            "must be a duration from " + in_words(least) + " to " + in_words(most) +
                ", such as \"500ms\", \"60s\", \"24h\""
        );
    }
    target = *parsed;
}

void Section::seconds(
    std::string_view key,
    std::chrono::seconds& target,
    std::chrono::seconds least,
    std::chrono::seconds most
) {
    std::chrono::milliseconds value = target;
    duration(key, value, least, most);
    target = std::chrono::duration_cast<std::chrono::seconds>(value);
}

void Section::bytes(std::string_view key, std::uint64_t& target, std::uint64_t least) {
    const toml::node* node = find(key);
    if (node == nullptr) return;
    std::optional<std::uint64_t> parsed;
    if (const auto number = node->value_exact<std::int64_t>(); number && *number >= 0) {
        parsed = static_cast<std::uint64_t>(*number);
    } else if (const auto value = node->value_exact<std::string>()) {
        parsed = parse_bytes(*value);
    }
    if (!parsed || *parsed < least) {
        return wrong(
            key,
            *node,
            "must be a size of at least " + std::to_string(least) + " bytes, such as \"64MiB\" or \"2GiB\""
        );
    }
    target = *parsed;
}

void Section::finish() {
    for (const auto& [key, node] : table_) {
        const std::string_view name = key.str();
        if (std::ranges::find(known_, name) != known_.end()) continue;
        const auto nearest = std::ranges::min_element(known_, {}, [&](const std::string& candidate) {
            return edit_distance(candidate, name);
        });
        std::string message = "is not known here";
        if (nearest != known_.end() && edit_distance(*nearest, name) <= 1 + name.size() / 3) {
            message += "; did you mean '" + *nearest + "'?";
        } else {
            message += "; remove it (known: ";
            for (const std::string& candidate : known_)
                message += (&candidate == &known_.front() ? "" : ", ") + candidate;
            message += ")";
        }
        const toml::source_position& begin = key.source().begin;
        findings_.error(
            {file_, static_cast<unsigned>(begin.line), static_cast<unsigned>(begin.column)},
            field(name),
            std::move(message)
        );
    }
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i + 1;
        for (std::size_t j = 0; j < b.size(); ++j) {
            const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
        }
    }
    return row.back();
}

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
    constexpr std::array<std::pair<std::string_view, std::uint64_t>, 5> kUnits{
        {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}
    };
    const auto value = in_units(text, kUnits);
    if (!value) return std::nullopt;
    return std::chrono::milliseconds{static_cast<std::int64_t>(*value)};
}

std::optional<std::uint64_t> parse_bytes(std::string_view text) {
    constexpr std::array<std::pair<std::string_view, std::uint64_t>, 9> kUnits{
        {{"B", 1},
         {"KiB", 1ULL << 10U},
         {"MiB", 1ULL << 20U},
         {"GiB", 1ULL << 30U},
         {"TiB", 1ULL << 40U},
         {"kB", 1000},
         {"MB", 1'000'000},
         {"GB", 1'000'000'000},
         {"TB", 1'000'000'000'000}}
    };
    return in_units(text, kUnits);
}

}  // namespace sluice::config::detail
