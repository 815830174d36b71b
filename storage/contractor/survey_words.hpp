#pragma once

#include "storage/contractor/survey.hpp"

#include <string>
#include <string_view>

/// A survey as text, for its way from one process to another.
namespace sluice::contractor {

/// An error of the file is one of its words.
[[nodiscard]] std::string to_words(const Result<Survey>& found);
/// Whoever wrote them has read foreign bytes: nothing in them is believed but its form. Error: as it was
/// told; operator_acts, when these are no such words.
[[nodiscard]] Result<Survey> survey_from_words(std::string_view words);

}  // namespace sluice::contractor
