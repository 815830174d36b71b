#pragma once

#include "api/route.hpp"
#include "storage/catalogue/purge_repository.hpp"
#include "storage/clip/clip.hpp"

#include <string>
#include <vector>

namespace sluice::api {

/// A list of JSON objects: what of the interval was destroyed, by which rule, and the certificate that proves
/// it. Pure.
[[nodiscard]] std::string
destroyed_json(const std::vector<catalogue::DestroyedRow>& destroyed, TimeRange interval);

/// 410 NOT_HELD_DESTROYED. Pre: something of the interval was destroyed. Pure.
[[nodiscard]] http::Problem
destroyed_problem(const std::vector<catalogue::DestroyedRow>& destroyed, TimeRange interval);

/// Sluice-Destroyed: a list of RFC 9651 tokens with parameters, the rule in lower case and
/// `from="…";to="…";certificate="…"`, inside the interval; at most 32, then `more;count=N`. Empty for none.
/// Pure.
[[nodiscard]] std::string
destroyed_header(const std::vector<catalogue::DestroyedRow>& destroyed, TimeRange interval);

/// What a refusal means for who asked for `interval`: where there is no footage because it was destroyed,
/// that and not a gap. Asks the catalogue.
[[nodiscard]] http::Problem explain_refusal(
    const Call& call,
    const clip::Refusal& refusal,
    const catalogue::StreamRow& stream,
    TimeRange interval
);

}  // namespace sluice::api
