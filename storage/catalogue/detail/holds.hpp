#pragma once

#include "storage/catalogue/hold_repository.hpp"

#include <pqxx/pqxx>

namespace sluice::catalogue::detail {

/// Places the hold within the caller's transaction. False: its id is there already.
bool insert_hold(pqxx::transaction_base& transaction, const HoldRow& hold);

}  // namespace sluice::catalogue::detail
