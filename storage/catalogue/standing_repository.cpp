#include "storage/catalogue/standing_repository.hpp"

#include "storage/catalogue/detail/connection.hpp"
#include "storage/catalogue/detail/load.hpp"
#include "storage/catalogue/detail/values.hpp"
#include "storage/catalogue/record_repository.hpp"

namespace sluice::catalogue {
namespace {

constexpr const char* kStanding = R"(
    SELECT is_bootstrap, is_departed, is_shut, unit, cameras::text[], to_us(live_until), lent_roles, roles
    FROM standing_of($1::uuid, from_us($2::bigint)))";
constexpr const char* kBootstrap = "SELECT NOT has_person_account()";

StandingRow to_standing(const pqxx::row& row) {
    StandingRow standing{
        .is_bootstrap = row[0].as<bool>(),
        .is_departed = row[1].as<bool>(),
        .is_shut = row[2].as<bool>(),
        .unit = row[3].as<std::string>(),
        .cameras = {},
        .live_until = detail::to_optional_time(row[5]),
        .lent_roles = detail::to_texts(row[6]),
        .roles = detail::to_texts(row[7]),
    };
    for (const std::string& text : detail::to_texts(row[4]))
        if (const auto id = uuid_from_string(text)) standing.cameras.push_back(*id);
    return standing;
}

constexpr const char* kGranted = R"(
    SELECT i.camera_id, i.stream, to_us(i.from_at), to_us(i.to_at), g.kind, g.is_masked, to_us(g.valid_to), r.state,
           s.id, to_us(t.from_at), to_us(t.to_at), to_us(s.joined_at), to_us(s.presence_to), c.id
    FROM requests r JOIN grants g ON g.request_id = r.id AND g.revoked_at IS NULL AND from_us($2::bigint) < g.valid_to
         JOIN grant_items i ON i.grant_id = g.id
         LEFT JOIN viewing_sessions s ON s.request_id = r.id AND s.grant_id = g.id AND s.viewer_id = $1::uuid AND s.ended_at IS NULL
         LEFT JOIN request_slots t ON t.id = s.slot_id
         LEFT JOIN copies c ON c.session_id = s.id AND c.grant_id = g.id AND c.failed_at IS NULL
    WHERE r.state IN ('granted', 'granted_partial', 'scheduled', 'in_session')
      AND r.id IN (SELECT a.id FROM requests a WHERE a.applicant_id = $1::uuid
                   UNION SELECT v.request_id FROM request_slots v WHERE v.viewer_id = $1::uuid)
    ORDER BY r.id, i.camera_id, i.stream, i.from_at)";

GrantedFootageRow to_granted(const pqxx::row& row) {
    GrantedFootageRow granted{
        .camera_id = detail::to_uuid(row[0]),
        .stream = row[1].as<std::string>() == to_string(StreamKind::sub) ? StreamKind::sub : StreamKind::main,
        .interval = {detail::to_time(row[2]), detail::to_time(row[3])},
        .kind = row[4].as<std::string>(),
        .is_masked = row[5].as<bool>(),
        .grant_to = detail::to_time(row[6]),
        .request_state = row[7].as<std::string>(),
        .session = {},
    };
    if (row[8].is_null()) return granted;
    granted.session = {
        .id = detail::to_uuid(row[8]),
        .slot = {detail::to_time(row[9]), detail::to_time(row[10])},
        .joined = detail::to_optional_time(row[11]),
        .presence_to = detail::to_time(row[12]),
        .copy_id = row[13].is_null() ? std::nullopt : std::optional{detail::to_uuid(row[13])},
    };
    return granted;
}

bool to_flag(const pqxx::row& row) {
    return row[0].as<bool>();
}

constexpr const char* kDelegate = R"(
    INSERT INTO delegations (id, role, from_id, to_id, valid_from, valid_to, document, created_at)
    VALUES ($1::uuid, $2, $3::uuid, $4::uuid, from_us($5::bigint), from_us($6::bigint), $7, from_us($8::bigint))
    ON CONFLICT (id) DO NOTHING)";
constexpr const char* kDelegations = R"(
    SELECT d.id, d.role, d.from_id, f.name, d.to_id, t.name, to_us(d.valid_from), to_us(d.valid_to), d.document,
           to_us(d.created_at), to_us(d.revoked_at)
    FROM delegations d JOIN principals f ON f.id = d.from_id JOIN principals t ON t.id = d.to_id
    WHERE ($1::uuid IS NULL OR d.id = $1::uuid) AND ($2::uuid IS NULL OR d.id < $2::uuid) ORDER BY d.id DESC LIMIT $3::bigint)";

DelegationRow to_delegation(const pqxx::row& row) {
    return {
        .id = detail::to_uuid(row[0]),
        .role = row[1].as<std::string>(),
        .from_id = detail::to_uuid(row[2]),
        .from = row[3].as<std::string>(),
        .to_id = detail::to_uuid(row[4]),
        .to = row[5].as<std::string>(),
        .valid = {detail::to_time(row[6]), detail::to_time(row[7])},
        .document = row[8].as<std::string>(),
        .created = detail::to_time(row[9]),
        .revoked = detail::to_optional_time(row[10]),
    };
}

constexpr const char* kRevokeDelegation =
    "UPDATE delegations SET revoked_at = from_us($2::bigint) WHERE id = $1::uuid AND revoked_at IS NULL";

constexpr const char* kApprove = R"(
    INSERT INTO live_approvals (id, account_id, valid_from, valid_to, document, reason, approved_by, approver, approved_at)
    VALUES ($1::uuid, $2::uuid, from_us($3::bigint), from_us($4::bigint), $5, $6, $7::uuid, $8, from_us($9::bigint))
    ON CONFLICT (id) DO NOTHING)";
constexpr const char* kApprovals = R"(
    SELECT l.id, l.account_id, p.name, to_us(l.valid_from), to_us(l.valid_to), l.document, l.reason, l.approved_by,
           l.approver, to_us(l.approved_at), to_us(l.revoked_at), coalesce(l.revoker, '')
    FROM live_approvals l JOIN principals p ON p.id = l.account_id
    WHERE ($1::uuid IS NULL OR l.id = $1::uuid) AND ($2::uuid IS NULL OR l.id < $2::uuid) ORDER BY l.id DESC LIMIT $3::bigint)";

LiveApprovalRow to_approval(const pqxx::row& row) {
    return {
        .id = detail::to_uuid(row[0]),
        .account_id = detail::to_uuid(row[1]),
        .account = row[2].as<std::string>(),
        .valid = {detail::to_time(row[3]), detail::to_time(row[4])},
        .document = row[5].as<std::string>(),
        .reason = row[6].as<std::string>(),
        .approver_id = detail::to_uuid(row[7]),
        .approver = row[8].as<std::string>(),
        .approved = detail::to_time(row[9]),
        .revoked = detail::to_optional_time(row[10]),
        .revoker = row[11].as<std::string>(),
    };
}

constexpr const char* kRevokeApproval = R"(
    UPDATE live_approvals SET revoked_at = from_us($2::bigint), revoked_by = $3::uuid, revoker = $4
    WHERE id = $1::uuid AND revoked_at IS NULL)";

/// A statement that changes one row, and the record if it did.
template <class... Args>
Result<bool>
act_on_row(Pool& pool, const ledger::Act& act, UtcTime now, const char* sql, const Args&... args) {
    bool is_done = false;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        is_done = detail::run(transaction, sql, args...).affected_rows() == 1;
        if (!is_done) return {};
        if (const auto record = append_record(transaction, act, now); !record)
            return std::unexpected(record.error());
        transaction.commit();
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return is_done;
}

std::optional<std::string> to_text(const std::optional<Uuid>& id) {
    return id ? std::optional{to_string(*id)} : std::nullopt;
}

}  // namespace

Result<StandingRow> load_standing(Pool& pool, const std::optional<Uuid>& principal_id, UtcTime now) {
    auto rows = detail::load_prepared(pool, to_standing, kStanding, to_text(principal_id), to_epoch_us(now));
    if (!rows) return std::unexpected(rows.error());
    return std::move(rows->front());
}

Result<std::vector<GrantedFootageRow>>
load_granted_footage(Pool& pool, const Uuid& principal_id, UtcTime now) {
    return detail::load_prepared(pool, to_granted, kGranted, to_string(principal_id), to_epoch_us(now));
}

Result<bool> is_bootstrap(Pool& pool) {
    const auto rows = detail::load(pool, to_flag, kBootstrap);
    if (!rows) return std::unexpected(rows.error());
    return static_cast<bool>(rows->front());
}

Result<bool> create_delegation(Pool& pool, const DelegationRow& made, const ledger::Act& act) {
    return act_on_row(
        pool,
        act,
        made.created,
        kDelegate,
        to_string(made.id),
        made.role,
        to_string(made.from_id),
        to_string(made.to_id),
        to_epoch_us(made.valid.from),
        to_epoch_us(made.valid.to),
        detail::clean_text(made.document),
        to_epoch_us(made.created)
    );
}

Result<std::optional<DelegationRow>> find_delegation(Pool& pool, const Uuid& id) {
    return detail::first_of(
        detail::load(pool, to_delegation, kDelegations, to_text(id), std::optional<std::string>{}, 1)
    );
}

Result<std::vector<DelegationRow>>
load_delegations(Pool& pool, const std::optional<Uuid>& before, std::size_t limit) {
    return detail::load(
        pool, to_delegation, kDelegations, std::optional<std::string>{}, to_text(before), limit
    );
}

Result<bool> revoke_delegation(Pool& pool, const Uuid& id, const ledger::Act& act, UtcTime now) {
    return act_on_row(pool, act, now, kRevokeDelegation, to_string(id), to_epoch_us(now));
}

Result<bool> create_live_approval(Pool& pool, const LiveApprovalRow& made, const ledger::Act& act) {
    return act_on_row(
        pool,
        act,
        made.approved,
        kApprove,
        to_string(made.id),
        to_string(made.account_id),
        to_epoch_us(made.valid.from),
        to_epoch_us(made.valid.to),
        detail::clean_text(made.document),
        detail::clean_text(made.reason),
        to_string(made.approver_id),
        made.approver,
        to_epoch_us(made.approved)
    );
}

Result<std::optional<LiveApprovalRow>> find_live_approval(Pool& pool, const Uuid& id) {
    return detail::first_of(
        detail::load(pool, to_approval, kApprovals, to_text(id), std::optional<std::string>{}, 1)
    );
}

Result<std::vector<LiveApprovalRow>>
load_live_approvals(Pool& pool, const std::optional<Uuid>& before, std::size_t limit) {
    return detail::load(pool, to_approval, kApprovals, std::optional<std::string>{}, to_text(before), limit);
}

Result<bool> revoke_live_approval(Pool& pool, const Uuid& id, const ledger::Act& act, UtcTime now) {
    return act_on_row(
        pool,
        act,
        now,
        kRevokeApproval,
        to_string(id),
        to_epoch_us(now),
        to_text(act.actor.id),
        act.actor.name
    );
}

}  // namespace sluice::catalogue
