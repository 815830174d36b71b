#pragma once

#include "storage/catalogue/pool.hpp"
#include "storage/catalogue/rows.hpp"

#include <optional>

/// Where live playlists have counted to. Role: sluice_api.
namespace sluice::catalogue {

[[nodiscard]] Result<std::optional<LiveMarkRow>> find_live_mark(Pool& pool, const Uuid& stream_id);
/// One of an older file than the kept one changes nothing: two processes may count at once.
[[nodiscard]] Status save_live_mark(Pool& pool, const Uuid& stream_id, const LiveMarkRow& mark);

}  // namespace sluice::catalogue
