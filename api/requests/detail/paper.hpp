#pragma once

#include "storage/catalogue/request_repository.hpp"
#include "storage/print/pages.hpp"

#include <optional>
#include <vector>

/// What stands on the pages of a case, out of its row and its history.
namespace sluice::api::requests {

/// nullopt: nothing is decided yet. Pure.
[[nodiscard]] std::optional<print::DecisionFacts> decision_of(
    const release::Case& request,
    const std::vector<catalogue::RequestEvent>& history,
    unsigned remedy_days
);
/// nullopt: it is not completed. Pure.
[[nodiscard]] std::optional<print::Completion>
completion_of(const release::Case& request, const std::vector<catalogue::RequestEvent>& history);

}  // namespace sluice::api::requests
