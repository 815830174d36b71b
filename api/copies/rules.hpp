#pragma once

#include "api/http/problem.hpp"
#include "storage/catalogue/copy_repository.hpp"
#include "storage/catalogue/viewing_repository.hpp"

#include <expected>
#include <optional>
#include <string>

/// The rules of copies as pure functions.
namespace sluice::api {

/// Whether a copy may be made now: a decision to copy is in force, its session has begun and its escort is
/// there. 409 REQUEST_STATE, MASK_NOT_RENDERED; 403 ART7_NOT_APPROVED, ART9_4A_NO_ESCORT.
[[nodiscard]] std::expected<void, http::Problem> check_copying(
    const catalogue::AppointmentRow& request,
    const std::optional<catalogue::ViewingRow>& session,
    UtcTime now
);

/// When a copy is to be returned or destroyed: as asked, and never later than the recording's year, article
/// 7(5). 422 RET_CEILING_1Y, DUE_IN_PAST.
[[nodiscard]] std::expected<UtcTime, http::Problem>
due_of(std::optional<UtcTime> asked, UtcTime recorded, unsigned ceiling_years, UtcTime now);

/// What stands against giving the package out: once its recipient has signed for it, it is a further copy.
/// 409 COPY_NOT_SEALED, COPY_FAILED, MASK_NOT_RENDERED, COPY_NEEDS_DECISION; 403 ART7_NOT_APPROVED; 410
/// PACKAGE_EXPIRED.
[[nodiscard]] std::expected<void, http::Problem>
check_handing_out(const catalogue::CopyRow& copy, UtcTime now);

/// "ordered", "failed", "sealed", "received", "uncollected", "returned", "destroyed".
[[nodiscard]] std::string state_of(const catalogue::CopyRow& copy);
[[nodiscard]] std::string copy_json(const catalogue::CopyRow& copy, bool with_manifest, UtcTime now);

}  // namespace sluice::api
