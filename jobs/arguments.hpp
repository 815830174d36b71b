#pragma once

#include "storage/check/check.hpp"
#include "storage/retention/guards.hpp"

#include <cstdint>
#include <string>

/// What a job's row asks for. Whoever may write the row is not trusted: the same rules hold as in the
/// service.
namespace sluice::jobs {

struct CheckArguments {
    check::Settings settings;
    std::uint64_t pace = 64U << 20U;  ///< bytes a second
};

/// Of a JSON object's text. Error: refuse, naming the argument.
[[nodiscard]] Result<CheckArguments> check_arguments_from(const std::string& text);
/// The segment to copy. Error: refuse.
[[nodiscard]] Result<Uuid> copy_arguments_from(const std::string& text);
/// The copy to make. Error: refuse.
[[nodiscard]] Result<Uuid> export_arguments_from(const std::string& text);

/// The clip to import. Error: refuse.
[[nodiscard]] Result<Uuid> import_arguments_from(const std::string& text);

struct PurgeArguments {
    bool is_dry_run = false;
    retention::Consent consent;
};
[[nodiscard]] Result<PurgeArguments> purge_arguments_from(const std::string& text);

}  // namespace sluice::jobs
