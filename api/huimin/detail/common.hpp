#pragma once

#include "api/body.hpp"
#include "api/route.hpp"
#include "storage/catalogue/contractor_clip_repository.hpp"
#include "storage/catalogue/contractor_repository.hpp"
#include "storage/contractor/rules.hpp"
#include "storage/ledger/act.hpp"

#include <expected>
#include <optional>
#include <string>

#include <nlohmann/json_fwd.hpp>

namespace sluice::api::huimin {

template <class T>
using Got = std::expected<T, http::Problem>;

inline constexpr const char* kBase = "/v1/integrations/huimin";
inline constexpr std::size_t kLongestName = 200;

void add_camera_routes(Routes& routes);
void add_clip_routes(Routes& routes);
void add_house_routes(Routes& routes);

/// What stands to the caller so.
[[nodiscard]] Got<void> permit_reading(const Call& call, Relation relation);
/// Whose rows the caller sees: nullopt: everybody's.
[[nodiscard]] std::optional<Uuid> seen_principal(const Call& call);
/// Whether it may see what this principal has announced. 404 otherwise, as if it weren't there.
[[nodiscard]] bool may_see(const Call& call, const Uuid& principal_id);

[[nodiscard]] http::Problem to_problem_of(const contractor::Refusal& refusal, unsigned status);
/// A whole number of a member; nullopt: it is not there.
[[nodiscard]] Got<std::optional<std::int64_t>>
whole_number(const Body& body, std::string_view name, std::int64_t least, std::int64_t most);

[[nodiscard]] std::string camera_json(const catalogue::ContractorCamera& camera);
[[nodiscard]] std::string clip_json(const catalogue::ContractorClip& clip);
[[nodiscard]] std::string slot_json(const catalogue::ContractorSlot& slot);
[[nodiscard]] std::string finding_json(const contractor::Finding& finding);
/// {"items":[…],"next":…}: `next` empty: null.
[[nodiscard]] std::string list_json(const std::vector<std::string>& items, const std::string& next = {});

/// Not cached: what it says changes with the clock alone.
[[nodiscard]] http::Response fresh(unsigned status, std::string json);

[[nodiscard]] ledger::Act
act_on(const Call& call, std::string action, std::string kind, std::string id, const nlohmann::json& facts);

}  // namespace sluice::api::huimin
