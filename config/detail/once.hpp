#pragma once

#include "config/base/slug.hpp"
#include "config/detail/reader.hpp"

#include <map>
#include <string>
#include <string_view>

/// What the rules over several fields share.
namespace sluice::config::detail {

inline std::string at(std::string_view name, std::size_t index) {
    return std::string{name} + "[" + std::to_string(index) + "]";
}

inline void check_slug(const std::string& slug, const std::string& field, Findings& findings) {
    if (slug.empty()) {
        findings.error_at(field, "is missing; give a short name such as \"drive-left\"");
    } else if (!is_slug(slug)) {
        findings.error_at(field, "may hold only a–z, 0–9 and dashes inside, at most 63 characters");
    }
}

/// Remembers `value` under `field`; a second one is an error that names the first.
class Once {
public:
    explicit Once(Findings& findings) : findings_(findings) {}
    void check(const std::string& value, const std::string& field, std::string_view what) {
        if (value.empty()) return;
        const auto [entry, is_new] = seen_.emplace(value, field);
        if (is_new) return;
        findings_.error_at(
            field,
            "'" + value + "' " + std::string{what} + " already used by " + entry->second +
                "; each needs its own"
        );
    }

private:
    Findings& findings_;
    std::map<std::string, std::string> seen_;
};

}  // namespace sluice::config::detail
