#include "api/policy_in_force.hpp"

#include "storage/catalogue/policy_repository.hpp"

namespace sluice::api {

std::expected<policy::Policy, http::Problem> policy_in_force(const Call& call) {
    const auto history = catalogue::load_policy_history(call.services.database.pool());
    if (!history) return std::unexpected(to_problem(history.error()));
    return policy::in_force(*history, call.now).policy;  // the schema has brought a first version
}

}  // namespace sluice::api
