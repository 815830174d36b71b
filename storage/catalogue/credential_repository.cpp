#include "storage/catalogue/credential_repository.hpp"

#include "storage/catalogue/detail/acts.hpp"
#include "storage/catalogue/detail/load.hpp"
#include "storage/catalogue/detail/values.hpp"

#include <algorithm>
#include <array>

namespace sluice::catalogue {
namespace {

using detail::clean_text;
using detail::run;

// In the order of the enumerations.
constexpr std::array<std::string_view, 5> kStates{"applied", "refused", "active", "suspended", "expired"};
constexpr std::array<std::string_view, 5> kSteps{"approve", "refuse", "suspend", "reactivate", "expire"};

constexpr const char* kApply = R"(
    INSERT INTO door_credentials (id, card_hmac, last_four, holder, category_id, valid_from, valid_to, reason, applicant_id, applicant,
        applied_at, changed_at)
    VALUES ($1::uuid, $2::bytea, $3, $4, $5::uuid, from_us($6::bigint), from_us($7::bigint), $8, $9::uuid, $10, from_us($11::bigint),
        from_us($11::bigint))
    ON CONFLICT DO NOTHING)";
constexpr const char* kHas = "SELECT FROM door_credentials WHERE id = $1::uuid";
// Whoever decides stays; a later step is another person's and leaves the decision as it is.
constexpr const char* kStep = R"(
    UPDATE door_credentials SET state = $3, state_reason = $4, changed_at = from_us($5::bigint), revision = revision + 1,
        decider_id = coalesce(decider_id, $6::uuid), decider = coalesce(decider, $7),
        decided_at = coalesce(decided_at, from_us($5::bigint))
    WHERE id = $1::uuid AND revision = $2::int)";
constexpr const char* kRows = R"(
    SELECT c.id, c.card_hmac, c.last_four, c.holder, c.category_id, k.slug, to_us(c.valid_from), to_us(c.valid_to),
           c.reason, c.state, c.state_reason, c.applicant_id, c.applicant, to_us(c.applied_at), c.decider_id::text,
           coalesce(c.decider, ''), to_us(c.decided_at), c.revision
    FROM door_credentials c JOIN person_categories k ON k.id = c.category_id
    WHERE ($1::uuid IS NULL OR c.id = $1::uuid) AND ($2::text IS NULL OR c.state = $2)
      AND ($3::uuid IS NULL OR (c.applied_at, c.id) < (SELECT b.applied_at, b.id FROM door_credentials b WHERE b.id = $3::uuid))
    ORDER BY c.applied_at DESC, c.id DESC LIMIT $4::bigint)";

CredentialRow to_credential(const pqxx::row& row) {
    const auto state = credential_state_from(row[9].as<std::string>());
    const auto hmac = detail::to_digest(row[1]);
    if (!state || !hmac) throw pqxx::conversion_error{"a card"};
    CredentialRow made{
        .id = detail::to_uuid(row[0]),
        .card = {.hmac = *hmac, .last_four = row[2].as<std::string>()},
        .holder = row[3].as<std::string>(),
        .category_id = detail::to_uuid(row[4]),
        .category = row[5].as<std::string>(),
        .valid = {detail::to_time(row[6]), detail::to_time(row[7])},
        .reason = row[8].as<std::string>(),
        .state = *state,
        .state_reason = row[10].as<std::string>(),
        .applicant_id = detail::to_uuid(row[11]),
        .applicant = row[12].as<std::string>(),
        .applied = detail::to_time(row[13]),
        .decider_id = std::nullopt,
        .decider = row[15].as<std::string>(),
        .decided = detail::to_optional_time(row[16]),
        .revision = row[17].as<int>(),
    };
    if (!row[14].is_null()) made.decider_id = detail::to_uuid(row[14]);
    return made;
}

}  // namespace

std::string_view to_string(CredentialState state) noexcept {
    return kStates[static_cast<std::size_t>(state)];
}

std::optional<CredentialState> credential_state_from(std::string_view word) noexcept {
    const auto found = std::ranges::find(kStates, word);
    if (found == kStates.end()) return std::nullopt;
    return static_cast<CredentialState>(found - kStates.begin());
}

std::string_view to_string(CredentialStep step) noexcept {
    return kSteps[static_cast<std::size_t>(step)];
}

CredentialState state_at(const CredentialRow& row, UtcTime now) noexcept {
    const bool can_expire = row.state == CredentialState::active || row.state == CredentialState::suspended;
    return can_expire && row.valid.to <= now ? CredentialState::expired : row.state;
}

std::optional<CredentialState> next_state(CredentialState state, CredentialStep step) noexcept {
    using enum CredentialState;
    switch (step) {
        case CredentialStep::approve:
            return state == applied ? std::optional{active} : std::nullopt;
        case CredentialStep::refuse:
            return state == applied ? std::optional{refused} : std::nullopt;
        case CredentialStep::suspend:
            return state == active ? std::optional{suspended} : std::nullopt;
        case CredentialStep::reactivate:
            return state == suspended ? std::optional{active} : std::nullopt;
        case CredentialStep::expire:
            return state == active || state == suspended ? std::optional{expired} : std::nullopt;
    }
    return std::nullopt;
}

Result<Creation> apply_credential(Pool& pool, const CredentialRow& row, const ledger::Act& act) {
    Creation creation = Creation::made;
    const auto done = detail::carry_out(pool, act, row.applied, [&](pqxx::transaction_base& transaction) {
        const auto rows =
            run(transaction,
                kApply,
                to_string(row.id),
                detail::to_bytea(row.card.hmac),
                clean_text(row.card.last_four),
                clean_text(row.holder),
                to_string(row.category_id),
                to_epoch_us(row.valid.from),
                to_epoch_us(row.valid.to),
                clean_text(row.reason),
                to_string(row.applicant_id),
                clean_text(row.applicant),
                to_epoch_us(row.applied));
        if (rows.affected_rows() == 1) return true;
        creation =
            run(transaction, kHas, to_string(row.id)).empty() ? Creation::name_taken : Creation::is_there;
        return false;
    });
    if (!done) return std::unexpected(done.error());
    return creation;
}

Result<bool> take_step(
    Pool& pool,
    const CredentialRow& row,
    CredentialStep step,
    const std::string& reason,
    const ledger::Act& act,
    UtcTime now
) {
    const auto next = next_state(row.state, step);
    if (!next || !act.actor.id) return false;
    return detail::carry_out(pool, act, now, [&](pqxx::transaction_base& transaction) {
        const auto rows =
            run(transaction,
                kStep,
                to_string(row.id),
                row.revision,
                std::string{to_string(*next)},
                clean_text(reason),
                to_epoch_us(now),
                to_string(*act.actor.id),
                clean_text(act.actor.name));
        return rows.affected_rows() == 1;
    });
}

Result<std::optional<CredentialRow>> find_credential(Pool& pool, const Uuid& id) {
    const std::optional<std::string> any;
    return detail::first_of(detail::load(pool, to_credential, kRows, to_string(id), any, any, 1));
}

Result<std::vector<CredentialRow>> load_credentials(
    Pool& pool,
    std::optional<CredentialState> state,
    const std::optional<Uuid>& before,
    std::size_t limit
) {
    const auto word = state ? std::optional{std::string{to_string(*state)}} : std::nullopt;
    const auto place = before ? std::optional{to_string(*before)} : std::nullopt;
    return detail::load(pool, to_credential, kRows, std::optional<std::string>{}, word, place, limit);
}

}  // namespace sluice::catalogue
