#pragma once

#include "api/route.hpp"
#include "config/texts/texts.hpp"
#include "storage/print/document.hpp"

#include <expected>
#include <map>
#include <string>
#include <string_view>

/// Printed pages as answers.
namespace sluice::api {

/// Official names of all cameras, retired ones too.
[[nodiscard]] std::expected<std::map<Uuid, std::string>, http::Problem> camera_names(const Call& call);

/// The configured texts, else the drafts that came with the program. Read anew each time, so that a change
/// counts at once.
[[nodiscard]] std::expected<texts::Texts, http::Problem> get_texts(const Call& call);

/// A document as a file of this kind, "pdf" or "html", never stored by caches. `name` without its ending. 500
/// when no font is installed.
[[nodiscard]] Answer
page_response(const print::Document& document, std::string_view kind, const std::string& name);

}  // namespace sluice::api
