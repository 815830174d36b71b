#include "api/holds/rules.hpp"

#include "storage/retention/rules.hpp"

#include <algorithm>
#include <set>

#include <nlohmann/json.hpp>

namespace sluice::api {

using catalogue::HoldKind;
using nlohmann::json;

namespace {

constexpr std::size_t kLongestReason = 2000;
constexpr std::size_t kLongestName = 200;
constexpr std::size_t kMostCameras = 256;

std::unexpected<http::Problem> unfit(std::string_view field, std::string code, std::string detail) {
    return std::unexpected(unfit_member(field, std::move(code), std::move(detail)));
}

std::expected<HoldKind, http::Problem> parse_kind(const Body& body) {
    const auto word = body.text("kind", 32);
    if (!word) return std::unexpected(word.error());
    if (word->empty()) return HoldKind::flag;
    const auto kind = catalogue::hold_kind_from(*word);
    if (!kind)
        return std::unexpected(
            bad_member("kind", "Must be flag, special, incident, duty_period, judicial or legal.")
        );
    switch (*kind) {
        case HoldKind::request:
        case HoldKind::legal_case:
            return unfit(
                "kind", "HOLD_OWNER_MISSING", "Such a hold is placed by what owns it and ends with it."
            );
        case HoldKind::flag:
        case HoldKind::special:
        case HoldKind::incident:
        case HoldKind::duty_period:
        case HoldKind::judicial:
        case HoldKind::legal:
            return *kind;
    }
    return *kind;
}

/// An incident's hold ends with it, a duty period's belongs to it: so the body names the one.
std::expected<std::optional<Uuid>, http::Problem> parse_owner(const Body& body, HoldKind kind) {
    const auto text = body.text("owner", 64);
    if (!text) return std::unexpected(text.error());
    const bool is_owned = kind == HoldKind::incident || kind == HoldKind::duty_period;
    if (!is_owned) {
        if (!text->empty())
            return unfit(
                "owner", "MEMBER_UNUSED", "Only a hold of an incident or duty period names its owner."
            );
        return std::optional<Uuid>{};
    }
    if (text->empty())
        return unfit(
            "owner", "HOLD_OWNER_MISSING", "Name the id of the incident or duty period it belongs to."
        );
    const auto id = uuid_from_string(*text);
    if (!id) return std::unexpected(bad_member("owner", "Must be an id."));
    return std::optional{*id};
}

std::expected<std::vector<std::string>, http::Problem> parse_cameras(const Body& body) {
    auto cameras = body.texts("cameras", kMostCameras);
    if (!cameras) return cameras;
    const auto one = body.text("camera", 63);
    if (!one) return std::unexpected(one.error());
    if (!one->empty()) cameras->push_back(*one);
    if (cameras->empty()) return unfit("cameras", "MEMBER_MISSING", "At least one camera must be named.");
    if (std::set<std::string>{cameras->begin(), cameras->end()}.size() != cameras->size())
        return unfit("cameras", "CAMERA_TWICE", "A camera is named twice.");
    return cameras;
}

/// What the law and article 7(4) ask of some kinds.
std::expected<void, http::Problem> check_kind(const HoldRequest& request) {
    if (catalogue::passes_ceiling(request.kind) && request.legal_basis.empty())
        return unfit(
            "legal_basis",
            "HOLD_LEGAL_BASIS",
            "A legal or judicial hold names the statute or the case number."
        );
    if (request.kind != HoldKind::special) return {};
    if (request.custodian.empty())
        return unfit("custodian", "HOLD_CUSTODIAN", "A special hold names who keeps the second copy.");
    if (!request.review)
        return unfit(
            "review", "HOLD_CUSTODIAN", "A special hold names the day on which it is looked at again."
        );
    return {};
}

/// A day that has passed is no day on which somebody will look.
std::expected<void, http::Problem> check_review(std::optional<UtcTime> review, UtcTime now) {
    if (review && *review <= now) return unfit("review", "HOLD_REVIEW_PAST", "Must be in the future.");
    return {};
}

/// Article 7(5): a hold that rests on no law ends before its first footage must be gone.
std::expected<void, http::Problem> check_expiry(
    HoldKind kind,
    UtcTime from,
    std::optional<UtcTime> expires,
    const policy::Policy& policy,
    UtcTime now
) {
    if (expires && *expires <= now) return unfit("expires", "HOLD_EXPIRY_PAST", "Must be in the future.");
    if (catalogue::passes_ceiling(kind)) return {};
    const UtcTime ceiling = retention::destroy_by(from, static_cast<int>(policy.ceiling_years));
    if (ceiling <= now)
        return unfit(
            "from",
            "RET_CEILING_1Y",
            "Footage of that time must be destroyed already; only the law keeps it longer."
        );
    if (!expires || *expires <= ceiling) return {};
    http::Problem problem = unfit_member(
        "expires",
        "RET_CEILING_1Y",
        "The first footage of the interval must be destroyed before; only a legal or judicial hold passes "
        "that."
    );
    problem.members.emplace_back("article", "\"7(5)\"");
    problem.members.emplace_back("latest", '"' + to_rfc3339(ceiling) + '"');
    return std::unexpected(std::move(problem));
}

json time_json(const std::optional<UtcTime>& time) {
    return time ? json(to_rfc3339(*time)) : json(nullptr);
}

json owner_object(const catalogue::HoldRow& hold) {
    return {{"kind", hold.owner_kind}, {"id", to_string(hold.owner_id)}, {"name", hold.owner}};
}

std::string dump(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

std::expected<HoldRequest, http::Problem>
parse_hold(const Body& body, const policy::Policy& policy, UtcTime now) {
    HoldRequest request;
    const auto kind = parse_kind(body);
    if (!kind) return std::unexpected(kind.error());
    request.kind = *kind;
    const auto owner = parse_owner(body, *kind);
    if (!owner) return std::unexpected(owner.error());
    request.owner_id = *owner;
    auto cameras = parse_cameras(body);
    if (!cameras) return std::unexpected(cameras.error());
    request.cameras = std::move(*cameras);
    const auto from = body.required_time("from");
    if (!from) return std::unexpected(from.error());
    const auto to = body.required_time("to");
    if (!to) return std::unexpected(to.error());
    request.range = {*from, *to};
    if (request.range.is_empty()) return unfit("to", "INTERVAL_REVERSED", "Must be after from.");
    auto reason = body.required_text("reason", kLongestReason);
    if (!reason) return std::unexpected(reason.error());
    request.reason = std::move(*reason);
    auto basis = body.text("legal_basis", kLongestName);
    if (!basis) return std::unexpected(basis.error());
    request.legal_basis = std::move(*basis);
    auto custodian = body.text("custodian", kLongestName);
    if (!custodian) return std::unexpected(custodian.error());
    request.custodian = std::move(*custodian);
    const auto review = body.time("review");
    if (!review) return std::unexpected(review.error());
    request.review = *review;
    const auto expires = body.time("expires");
    if (!expires) return std::unexpected(expires.error());
    request.expires = *expires;
    if (const auto fit = check_kind(request); !fit) return std::unexpected(fit.error());
    if (const auto fit = check_review(request.review, now); !fit) return std::unexpected(fit.error());
    if (const auto fit = check_expiry(request.kind, request.range.from, request.expires, policy, now); !fit)
        return std::unexpected(fit.error());
    if (!request.expires && !catalogue::passes_ceiling(request.kind))
        request.expires = retention::destroy_by(request.range.from, static_cast<int>(policy.ceiling_years));
    return request;
}

std::expected<HoldExtension, http::Problem>
parse_extension(const Body& body, const catalogue::HoldRow& hold, const policy::Policy& policy, UtcTime now) {
    if (state_at(hold, now) != catalogue::HoldState::active)
        return std::unexpected(http::Problem{
            .status = 409,
            .code = "HOLD_ENDED",
            .detail = "The hold has ended; footage may be gone. Place a new one.",
            .retry_after = std::nullopt
        });
    HoldExtension extension{.expires = hold.expires, .review = hold.review, .reason = {}};
    auto reason = body.required_text("reason", kLongestReason);
    if (!reason) return std::unexpected(reason.error());
    extension.reason = std::move(*reason);
    const auto expires = body.time("expires");
    if (!expires) return std::unexpected(expires.error());
    const auto review = body.time("review");
    if (!review) return std::unexpected(review.error());
    if (!*expires && !*review)
        return unfit("expires", "MEMBER_MISSING", "A new expiry or a new review must be given.");
    if (*expires && hold.expires && **expires < *hold.expires)
        return unfit(
            "expires", "HOLD_EXPIRY_EARLIER", "Is before the present one; release the hold instead."
        );
    if (*expires && !hold.expires)
        return unfit("expires", "HOLD_EXPIRY_EARLIER", "The hold has no end; release it instead.");
    if (const auto fit = check_review(*review, now); !fit) return std::unexpected(fit.error());
    if (*expires) extension.expires = *expires;
    if (*review) extension.review = *review;
    if (const auto fit = check_expiry(hold.kind, hold.range.from, extension.expires, policy, now); !fit)
        return std::unexpected(fit.error());
    return extension;
}

std::string owner_json(const catalogue::HoldRow& hold) {
    return dump(owner_object(hold));
}

std::string hold_json(
    const catalogue::HoldRow& hold,
    const catalogue::HoldImpact* impact,
    const catalogue::HoldCopies* copies,
    UtcTime now
) {
    json object{
        {"id", to_string(hold.id)},
        {"kind", to_string(hold.kind)},
        {"state", to_string(state_at(hold, now))},
        {"cameras", hold.camera_slugs},
        {"from", to_rfc3339(hold.range.from)},
        {"to", to_rfc3339(hold.range.to)},
        {"reason", hold.reason},
        {"owner", owner_object(hold)},
        {"legal_basis", hold.legal_basis},
        {"custodian", hold.custodian},
        {"review", time_json(hold.review)},
        {"expires", time_json(hold.expires)},
        {"placed", to_rfc3339(hold.placed)},
        {"placed_by", hold.placer},
        {"release", nullptr},
        {"revision", hold.revision},
    };
    if (hold.release)
        object["release"] = {
            {"at", to_rfc3339(hold.release->released)},
            {"by", hold.release->releaser},
            {"reason", hold.release->reason}
        };
    if (impact != nullptr)
        object["impact"] = {
            {"segments", impact->segments},
            {"bytes", impact->bytes},
            {"seconds", static_cast<double>(impact->length.count()) / 1e6},
            {"oldest", time_json(impact->oldest)},
            {"destroyed_segments", impact->destroyed}
        };
    if (copies != nullptr)
        object["copies"] = {
            {"wanted", copies->wanted},
            {"suspect", copies->suspect},
            {"verified", copies->verified},
            {"destroyed", copies->destroyed},
            {"problem", copies->problem.empty() ? json(nullptr) : json(copies->problem)},
            {"certificates", copies->certificates}
        };
    return dump(object);
}

}  // namespace sluice::api
