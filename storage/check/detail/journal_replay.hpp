#pragma once

#include "storage/catalogue/pool.hpp"
#include "storage/check/check.hpp"

#include <cstdint>
#include <functional>
#include <vector>

/// The journals' part of a rebuild.
namespace sluice::check::detail {

struct Replayed {
    std::uint64_t lines = 0;
    std::uint64_t torn_lines = 0;
};

/// All volumes' lines into the catalogue, by the time of their writing: what one volume's journal opened
/// another one's may close. May be repeated. `may_go_on` is asked after each batch. Error: retry, cancelled.
[[nodiscard]] Result<Replayed> replay_journals(
    catalogue::Pool& pool,
    const std::vector<Volume>& volumes,
    const std::function<bool()>& may_go_on
);

[[nodiscard]] std::unexpected<Error> rebuild_stopped();

}  // namespace sluice::check::detail
