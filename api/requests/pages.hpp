#pragma once

#include "api/route.hpp"

namespace sluice::api {

/// /v1/requests/{id}/form, decision and letter, as .html and .pdf: what the office signs and files.
void add_page_routes(Routes& routes);

/// /v1/dossiers/{number}/export.zip: everything of a case in one file.
void add_export_routes(Routes& routes);

}  // namespace sluice::api
