#pragma once

#include "config/load.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <toml++/toml.h>

namespace sluice::config::detail {

struct Place {
    std::string file;
    unsigned line = 0;
    unsigned column = 0;
};

/// Collects problems, and remembers where each field was set, so that rules over several fields can point at
/// a line.
class Findings {
public:
    void error(const Place& place, std::string field, std::string message);
    void warning(const Place& place, std::string field, std::string message);
    /// For rules that run after reading: finds the place of `field`, or of the nearest parent that has one.
    void error_at(const std::string& field, std::string message);
    void warning_at(const std::string& field, std::string message);

    /// Remembers the place; an error when the field was set before (in another file).
    void set_place(const std::string& field, const Place& place);
    [[nodiscard]] std::vector<Problem> take();  ///< in order of file, line, column

private:
    [[nodiscard]] Place find_place(std::string field) const;

    std::vector<Problem> problems_;
    std::map<std::string, Place> places_;
};

/// One TOML table being read: each getter takes a key, checks type and form, and leaves the target alone on
/// error. finish() refuses what nobody asked for and names the nearest known key.
class Section {
public:
    Section(const toml::table& table, std::string file, std::string path, Findings& findings);

    void text(std::string_view key, std::string& target);
    void path(std::string_view key, std::filesystem::path& target);
    void flag(std::string_view key, bool& target);
    void texts(std::string_view key, std::vector<std::string>& target);
    template <class Integer>
    void integer(std::string_view key, Integer& target, std::int64_t least, std::int64_t most);
    /// "500ms", "60s", "5m", "24h", "30d".
    void duration(
        std::string_view key,
        std::chrono::milliseconds& target,
        std::chrono::milliseconds least,
        std::chrono::milliseconds most
    );
    void seconds(
        std::string_view key,
        std::chrono::seconds& target,
        std::chrono::seconds least,
        std::chrono::seconds most
    );
    /// 1048576, "64MiB", "2GiB", "4TB".
    void bytes(std::string_view key, std::uint64_t& target, std::uint64_t least);
    /// One of the words of `from`; `known` is what the message lists.
    template <class Enum, class From>
    void word(std::string_view key, Enum& target, From from, std::string_view known);

    /// The table's node under `key` when it is there, whatever its type; marks the key as known.
    [[nodiscard]] const toml::node* find(std::string_view key);
    [[nodiscard]] Place place_of(const toml::node& node) const;
    [[nodiscard]] std::string field(std::string_view key) const;
    void wrong(std::string_view key, const toml::node& node, std::string message);
    void finish();

private:
    const toml::table& table_;
    std::string file_;
    std::string path_;
    Findings& findings_;
    std::vector<std::string> known_;
};

/// Number of letters to change; for "did you mean".
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);
[[nodiscard]] std::optional<std::uint64_t> parse_bytes(std::string_view text);

template <class Integer>
void Section::integer(std::string_view key, Integer& target, std::int64_t least, std::int64_t most) {
    const toml::node* node = find(key);
    if (node == nullptr) return;
    const auto value = node->value_exact<std::int64_t>();
    if (!value || *value < least || *value > most) {
        wrong(
            key, *node, "must be a whole number from " + std::to_string(least) + " to " + std::to_string(most)
        );
        return;
    }
    target = static_cast<Integer>(*value);
}

template <class Enum, class From>
void Section::word(std::string_view key, Enum& target, From from, std::string_view known) {
    const toml::node* node = find(key);
    if (node == nullptr) return;
    const auto value = node->value_exact<std::string>();
    const auto parsed = value ? from(*value) : std::nullopt;
    if (!parsed) {
        wrong(key, *node, "must be one of " + std::string{known});
        return;
    }
    target = *parsed;
}

}  // namespace sluice::config::detail
