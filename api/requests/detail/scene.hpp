#pragma once

#include "api/requests/detail/attempt.hpp"
#include "storage/catalogue/request_step_repository.hpp"

#include <string>

/// A step that goes, and what it is made of.
namespace sluice::api::requests {

/// Everything that a step is made of.
struct Scene {
    const Call& call;
    const release::Case& request;
    const Try& tried;
    const policy::Version& policy;
    const release::Verdict& verdict;
};

/// The step with all that it brings about. `code`: of a viewer without an account, to be shown once; empty:
/// none.
[[nodiscard]] Got<catalogue::TakenStep> make_step(const Scene& scene, std::string& code);

/// Overwriting runs on while people sign: what was asked for is kept from the submission to the end of the
/// case.
[[nodiscard]] Got<void> add_holds(const Scene& scene, catalogue::TakenStep& step);
/// When what is waited for next is late.
[[nodiscard]] Got<std::optional<UtcTime>> next_due(const Scene& scene);
/// Whoever has to do something about it, or is to know of it.
[[nodiscard]] Got<void> add_notices(const Scene& scene, catalogue::TakenStep& step);

}  // namespace sluice::api::requests
