#pragma once

#include "storage/print/document.hpp"

#include <string>

namespace sluice::print {

/// A whole page without anything from elsewhere: no script, no image, one style sheet. All texts are escaped.
[[nodiscard]] std::string to_html(const Document& document);
/// The policy that a browser has to be told with it: that one style sheet and nothing else.
[[nodiscard]] std::string html_security_policy();

}  // namespace sluice::print
