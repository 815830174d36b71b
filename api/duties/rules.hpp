#pragma once

#include "api/body.hpp"
#include "storage/calendar/calendar.hpp"
#include "storage/catalogue/asset_repository.hpp"
#include "storage/catalogue/duty_repository.hpp"
#include "storage/catalogue/repair_repository.hpp"
#include "storage/duty/inspection.hpp"

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Duties, follow-ups, repairs and assets: what a body says and how one is told. Pure.
namespace sluice::api {

[[nodiscard]] std::expected<std::optional<calendar::Date>, http::Problem>
parse_date(const Body& body, std::string_view name);
[[nodiscard]] std::expected<calendar::Date, http::Problem>
required_date(const Body& body, std::string_view name);

inline const std::vector<std::string>
    kDutyMembers{"kind", "name", "owner", "recurs", "weekday", "month", "day", "starts"};
/// Without id and placer.
[[nodiscard]] std::expected<catalogue::DutyRow, http::Problem> parse_duty(const Body& body, duty::Date today);

/// A turn with what became of it.
struct TurnView {
    duty::Turn turn;
    duty::TurnState state = duty::TurnState::upcoming;
    std::optional<catalogue::DutyTurnRow> done;
};
/// The turns named from `from` on, and before `to`.
[[nodiscard]] std::vector<TurnView> turns_of(
    const catalogue::DutyRow& duty,
    const std::vector<catalogue::DutyTurnRow>& done,
    duty::Date from,
    duty::Date to,
    const calendar::Calendar& calendar,
    UtcTime now
);
[[nodiscard]] std::string duty_json(const catalogue::DutyRow& duty, const std::vector<TurnView>& turns);

/// A test of the UPS is proved by what was recorded while it ran: its record as JSON object.
[[nodiscard]] std::string ups_evidence_json(const duty::Evidence& evidence);

[[nodiscard]] std::string follow_up_json(const catalogue::FollowUpRow& row, UtcTime now);
[[nodiscard]] std::string repair_json(const catalogue::RepairRow& row, UtcTime now);

inline const std::vector<std::string> kAssetMembers{
    "name",
    "maker",
    "model",
    "location",
    "warranty_until",
    "is_restricted_brand",
    "camera",
    "note",
    "is_retired"
};
/// All but id, number, camera's id and revision; `camera` is the slug that was named.
[[nodiscard]] std::expected<catalogue::AssetRow, http::Problem> parse_asset(const Body& body, UtcTime now);
[[nodiscard]] std::string asset_json(const catalogue::AssetRow& row, UtcTime now);

}  // namespace sluice::api
