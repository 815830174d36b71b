#pragma once

#include "storage/contractor/rules.hpp"

namespace sluice::contractor {

/// All that findings are made of.
[[nodiscard]] Result<Situation> load_situation(catalogue::Pool& pool);

/// What a notice of the finding names: the same finding has the same id.
[[nodiscard]] Uuid subject_id(const Finding& finding);

}  // namespace sluice::contractor
