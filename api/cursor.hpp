#pragma once

#include "storage/catalogue/footage_repository.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace sluice::api {

/// A place in a list, opaque to clients: base64url of a version byte and what the list is ordered by.
[[nodiscard]] std::string to_cursor(const catalogue::SegmentCursor& place);
[[nodiscard]] std::optional<catalogue::SegmentCursor> segment_cursor_from(std::string_view text);

/// The same for lists that are ordered by slug.
[[nodiscard]] std::string to_cursor(std::string_view slug);
[[nodiscard]] std::optional<std::string> slug_cursor_from(std::string_view text);

/// The same for lists that are ordered by id.
[[nodiscard]] std::string to_cursor(const Uuid& id);
[[nodiscard]] std::optional<Uuid> id_cursor_from(std::string_view text);

}  // namespace sluice::api
