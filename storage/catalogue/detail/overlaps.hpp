#pragma once

#include "config/base/uuid.hpp"

#include <vector>

#include <pqxx/pqxx>

namespace sluice::catalogue::detail {

/// Marks those of `runs`, and the runs they meet, that share more than 100 ms with another run of their
/// stream. Never takes a mark back: times of a run only grow.
void flag_overlaps(pqxx::work& transaction, const std::vector<Uuid>& runs);

}  // namespace sluice::catalogue::detail
