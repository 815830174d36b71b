#pragma once

#include "storage/print/pages.hpp"

#include <string>
#include <string_view>

/// What several pages share.
namespace sluice::print::detail {

[[nodiscard]] Cell label(std::string text, unsigned span = 1);
[[nodiscard]] Cell content(std::string text, unsigned span = 1);
[[nodiscard]] Cell content(const texts::Text& text, unsigned span = 1);
[[nodiscard]] Paragraph paragraph(const texts::Text& text);

/// "自 108年10月2日18時0分 起至 … 止".
[[nodiscard]] std::string period(const TimeRange& range);
/// Camera by camera, what a grant opens, with the resolved times to the second where they differ from the
/// asked ones.
[[nodiscard]] std::string granted_footage(const Paper& paper);
/// Names of the cameras that were asked for.
[[nodiscard]] std::string camera_names(const Paper& paper);
/// Of the last round: "name\n108年10月2日", or empty.
[[nodiscard]] std::string signature(const release::Case& request, release::Chain chain, release::Part seat);
/// The reason's text, and what the case has of its own.
[[nodiscard]] texts::Text reason_text(const texts::Texts& texts, const Reason& reason);
/// Articles of the reasons, each once: "10(1)、10(3)".
[[nodiscard]] std::string articles(const std::vector<Reason>& reasons);
/// "letter.subject" and "granted" make "letter.subject_granted".
[[nodiscard]] std::string_view word(Outcome outcome) noexcept;

}  // namespace sluice::print::detail
