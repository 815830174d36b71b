#pragma once

#include "api/route.hpp"

namespace sluice::api {

/// /v1/controllers, /v1/doors, /v1/readers, /v1/person-categories, and /v1/door-findings: what is still open
/// about them.
void add_inventory_routes(Routes& routes);
void add_door_finding_routes(Routes& routes);
/// /v1/doors/{slug}/mode, schedule and schedule.ics; /v1/door-overrides: what is decided against it.
void add_door_schedule_routes(Routes& routes);

/// /v1/door-credentials: cards, applied for by one person and approved by another.
void add_credential_routes(Routes& routes);
/// /v1/rosters: lists of persons, imported whole.
void add_roster_routes(Routes& routes);
/// /v1/visitors and /v1/vehicle-permits: who vouches for whom, until when, and when they came and left.
void add_visit_routes(Routes& routes);

}  // namespace sluice::api
