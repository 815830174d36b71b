#pragma once

#include "config/base/error.hpp"

#include <filesystem>
#include <string>

/// `sluice huimin`: the contractor's cameras from the command line.
namespace sluice::cli {

/// A line for each announced camera.
[[nodiscard]] Status list_huimin(const std::filesystem::path& config, bool is_json);
/// A line for each open finding. Error: refuse, when there is one.
[[nodiscard]] Status list_huimin_findings(const std::filesystem::path& config);
/// Checks the host, writes conf.d/huimin.toml, has the recorder re-read it, and waits until it knows the
/// camera.
[[nodiscard]] Status accept_huimin(const std::filesystem::path& config, const std::string& slug);
/// Takes it out of the recorder's configuration, too.
[[nodiscard]] Status
refuse_huimin(const std::filesystem::path& config, const std::string& slug, const std::string& reason);
/// Reads a foreign file within limits and says on the standard output what it holds (survey_words.hpp). For
/// the worker, with which it ends.
[[nodiscard]] Status survey_clip(const std::filesystem::path& file, std::uint32_t cpu_seconds);

}  // namespace sluice::cli
