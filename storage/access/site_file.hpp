#pragma once

#include "storage/access/inventory.hpp"

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::access {

/// A thing as a file writes it: the object, and its slug.
struct SiteThing {
    std::string slug;
    std::string object;  ///< JSON
    friend bool operator==(const SiteThing&, const SiteThing&) = default;
};
/// The doors of a site.
struct SiteFile {
    std::vector<SiteThing> categories;
    std::vector<SiteThing> controllers;
    std::vector<SiteThing> doors;
    std::vector<SiteThing> readers;
};
constexpr std::size_t kMostSiteBytes = 1U << 20U;

/// {"person_categories": […], "controllers": […], "doors": […], "readers": […]}, each an object of the
/// members that the API takes. All faults at once, one a line, naming list, place and member: what is no
/// JSON, a member that is unknown or wrong, a slug twice.
[[nodiscard]] std::expected<SiteFile, std::vector<std::string>> parse_site(std::string_view text);

/// The text of a member that refers to something else ("controller" of a door); empty: none.
[[nodiscard]] std::string reference_of(const SiteThing& thing, const char* member);

}  // namespace sluice::access
