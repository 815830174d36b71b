#pragma once

#include "api/requests/answers.hpp"
#include "api/route.hpp"
#include "config/policy/history.hpp"
#include "storage/catalogue/evidence_repository.hpp"
#include "storage/release/rules.hpp"

#include <expected>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

/// What the routes of requests share.
namespace sluice::api::requests {

template <class T>
using Got = std::expected<T, http::Problem>;

/// With the status that the code has in the rules; `detail` empty: the code's title.
[[nodiscard]] http::Problem refused(std::string_view code, std::string detail = {});

/// The case of the first variable, if whoever asks may see it. 404 REQUEST_NOT_FOUND, also for one that is
/// not theirs to know of.
[[nodiscard]] Got<release::Case> get_case(const Call& call);
/// How the asker stands to it.
[[nodiscard]] Relation relation_to(const Call& call, const release::Case& request);

/// What the asker is in this case, as it counts for an action. See release::Part.
[[nodiscard]] std::vector<release::Part>
parts_of(const Call& call, const release::Case& request, release::RequestAction action);
[[nodiscard]] release::Doer doer_of(const Call& call);
[[nodiscard]] bool has_role(const Call& call, std::string_view role);

/// The version that the case is judged by: of its acceptance, or the one in force.
[[nodiscard]] Got<policy::Version> get_policy(const Call& call, const release::Case& request);

/// `count` days after today in Taiwan, on the office calendar.
[[nodiscard]] Got<UtcTime> due_after(const Call& call, UtcTime start, unsigned count);

/// Camera of this slug, retired ones too.
[[nodiscard]] Got<catalogue::CameraRow>
find_camera_of(const Call& call, std::string_view field, const std::string& slug);
/// Slugs of cameras; an id that is none stays itself.
[[nodiscard]] Got<std::vector<std::string>> slugs_of(const Call& call, const std::vector<Uuid>& cameras);

/// An area list member: [{"camera", "from", "to"}]; 400 and 422 naming `field`.
[[nodiscard]] Got<std::vector<release::Place>>
parse_places(const Call& call, std::string_view field, const std::string& json);

/// Answers to grounds: [{"ground", "answer", "evidence", "places"}], each ground once.
[[nodiscard]] Got<std::vector<release::Finding>> parse_findings(const Call& call, const std::string& json);

/// Something that is brought into the case, with its record for the audit log.
[[nodiscard]] catalogue::Bringing
bring(const Call& call, const release::Case& request, const char* action, const nlohmann::json& facts);

/// 412 REQUEST_CHANGED.
[[nodiscard]] http::Problem overtaken();
/// If-Match, when it is sent, names the revision that is there. 412.
[[nodiscard]] Got<void> check_match(const Call& call, const release::Case& request);

void add_step_routes(Routes& routes);
void add_evidence_routes(Routes& routes);
void add_worksheet_routes(Routes& routes);
void add_screening_route(Routes& routes);
void add_inquiry_routes(Routes& routes);
void add_evaluate_route(Routes& routes);

}  // namespace sluice::api::requests
