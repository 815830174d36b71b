#include "storage/catalogue/evidence_repository.hpp"

#include "storage/catalogue/detail/cases.hpp"
#include "storage/catalogue/detail/connection.hpp"
#include "storage/catalogue/detail/load.hpp"
#include "storage/catalogue/detail/values.hpp"
#include "storage/catalogue/notice_repository.hpp"
#include "storage/catalogue/record_repository.hpp"
#include "storage/release/case_json.hpp"

#include <functional>

#include <nlohmann/json.hpp>

namespace sluice::catalogue {
namespace {

using detail::run;
using release::Evidence;

constexpr const char* kTouch =
    "UPDATE requests SET revision = revision + 1 WHERE id = $1::uuid AND revision = $2::int";
constexpr const char* kAdd = R"(
    INSERT INTO request_evidence (id, request_id, name, kind, media_type, bytes, sha256, note, added_by, adder, added_at)
    VALUES ($1::uuid, $2::uuid, $3, $4, $5, $6::bigint, $7::bytea, $8, $9::uuid, $10, from_us($11::bigint)))";
constexpr const char* kFind = R"(
    SELECT id, name, kind, media_type, bytes, encode(sha256, 'hex'), note, adder, to_us(added_at)
    FROM request_evidence WHERE request_id = $1::uuid AND name = $2 ORDER BY added_at DESC, id DESC LIMIT 1)";
constexpr const char* kFinding = R"(
    INSERT INTO request_grounds (id, request_id, ground, answer, evidence, places, answerer_id, answerer, answered_at)
    VALUES ($1::uuid, $2::uuid, $3, $4, $5, $6::jsonb, $7::uuid, $8, from_us($9::bigint)))";
constexpr const char* kConsent = R"(
    INSERT INTO consents (id, request_id, person, is_minor, representative, evidence_id, cameras, from_at, to_at, kinds,
        recipient, recorder_id, recorder, recorded_at)
    VALUES ($1::uuid, $2::uuid, $3, $4::boolean, $5, $6::uuid, $7::uuid[], from_us($8::bigint), from_us($9::bigint),
        $10::text[], $11, $12::uuid, $13, from_us($14::bigint)))";
constexpr const char* kWithdraw = R"(
    UPDATE consents SET withdrawn_at = from_us($3::bigint), withdrawer_id = $4::uuid, withdrawer = $5, withdraw_reason = $6
    WHERE id = $1::uuid AND request_id = $2::uuid AND withdrawn_at IS NULL)";
constexpr const char* kEndGrant =
    "UPDATE grants SET revoked_at = from_us($2::bigint) WHERE request_id = $1::uuid AND revoked_at IS NULL";
constexpr const char* kAsk = R"(
    INSERT INTO third_party_inquiries (id, request_id, person, document, asker_id, asker, asked_at, due_at)
    VALUES ($1::uuid, $2::uuid, $3, $4, $5::uuid, $6, from_us($7::bigint), from_us($8::bigint))
    ON CONFLICT DO NOTHING)";
constexpr const char* kAnswer = R"(
    UPDATE third_party_inquiries SET answer = $3, answered_at = from_us($4::bigint), note = $5, answerer_id = $6::uuid, answerer = $7
    WHERE request_id = $1::uuid AND answered_at IS NULL AND (id::text = $2 OR person = $8))";

Evidence to_evidence(const pqxx::row& row) {
    return {
        .id = detail::to_uuid(row[0]),
        .name = row[1].as<std::string>(),
        .kind = detail::to_word(row[2], release::evidence_kind_from),
        .media_type = row[3].as<std::string>(),
        .bytes = row[4].as<std::uint64_t>(),
        .sha256 = row[5].as<std::string>(),
        .note = row[6].as<std::string>(),
        .adder = row[7].as<std::string>(),
        .added = detail::to_time(row[8]),
    };
}

std::string doer_id(const Bringing& bringing) {
    return to_string(bringing.act.actor.id.value());
}

/// Raises the revision, brings it in, writes it down: together or not at all. `bring` says whether it found
/// what it changes.
Result<bool>
bring_in(Pool& pool, const Bringing& bringing, const std::function<bool(pqxx::transaction_base&)>& bring) {
    bool is_in = false;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        const auto touched = run(transaction, kTouch, to_string(bringing.request_id), bringing.revision);
        if (touched.affected_rows() == 0 || !bring(transaction)) return {};
        const auto record = append_record(transaction, bringing.act, bringing.now);
        if (!record) return std::unexpected(record.error());
        transaction.commit();
        is_in = true;
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return is_in;
}

/// Whether it was in force.
bool mark_withdrawn(
    pqxx::transaction_base& transaction,
    const Bringing& bringing,
    const Withdrawal& withdrawal
) {
    const auto withdrawn =
        run(transaction,
            kWithdraw,
            to_string(withdrawal.consent_id),
            to_string(bringing.request_id),
            to_epoch_us(bringing.now),
            doer_id(bringing),
            detail::clean_text(bringing.act.actor.name),
            detail::clean_text(withdrawal.reason));
    return withdrawn.affected_rows() != 0;
}

/// Open inquiries of this id, or of this person (empty: of none). Whether there was one.
bool answer(
    pqxx::transaction_base& transaction,
    const Bringing& bringing,
    const std::string& id,
    const std::string& person,
    const std::string& answer,
    const std::string& note
) {
    const auto answered =
        run(transaction,
            kAnswer,
            to_string(bringing.request_id),
            id,
            answer,
            to_epoch_us(bringing.now),
            detail::clean_text(note),
            doer_id(bringing),
            detail::clean_text(bringing.act.actor.name),
            detail::clean_text(person));
    return answered.affected_rows() != 0;
}

}  // namespace

Result<bool>
add_evidence(Pool& pool, const Bringing& bringing, const Evidence& evidence, const Sha256Digest& sha256) {
    return bring_in(pool, bringing, [&](pqxx::transaction_base& transaction) {
        run(transaction,
            kAdd,
            to_string(evidence.id),
            to_string(bringing.request_id),
            detail::clean_text(evidence.name),
            std::string{to_string(evidence.kind)},
            evidence.media_type,
            evidence.bytes,
            detail::to_bytea(sha256),
            detail::clean_text(evidence.note),
            doer_id(bringing),
            detail::clean_text(bringing.act.actor.name),
            to_epoch_us(bringing.now));
        return true;
    });
}

Result<std::optional<Evidence>> find_evidence(Pool& pool, const Uuid& request_id, const std::string& name) {
    return detail::first_of(
        detail::load(pool, to_evidence, kFind, to_string(request_id), detail::clean_text(name))
    );
}

Result<bool>
save_findings(Pool& pool, const Bringing& bringing, const std::vector<release::Finding>& findings) {
    return bring_in(pool, bringing, [&](pqxx::transaction_base& transaction) {
        for (const release::Finding& finding : findings)
            run(transaction,
                kFinding,
                to_string(make_uuid_v7(bringing.now)),
                to_string(bringing.request_id),
                std::string{to_string(finding.ground)},
                std::string{to_string(finding.answer)},
                detail::clean_text(finding.evidence),
                release::to_json(finding.places).dump(),
                doer_id(bringing),
                detail::clean_text(bringing.act.actor.name),
                to_epoch_us(bringing.now));
        return true;
    });
}

Result<bool> add_consent(Pool& pool, const Bringing& bringing, const release::Consent& consent) {
    return bring_in(pool, bringing, [&](pqxx::transaction_base& transaction) {
        detail::ArrayLiteral kinds;
        for (const release::Kind kind : consent.kinds)
            kinds.add(to_string(kind));
        run(transaction,
            kConsent,
            to_string(consent.id),
            to_string(bringing.request_id),
            detail::clean_text(consent.person),
            consent.is_minor,
            detail::clean_text(consent.representative),
            to_string(consent.evidence_id),
            detail::to_uuid_array(consent.cameras),
            to_epoch_us(consent.interval.from),
            to_epoch_us(consent.interval.to),
            kinds.str(),
            detail::clean_text(consent.recipient),
            doer_id(bringing),
            detail::clean_text(bringing.act.actor.name),
            to_epoch_us(bringing.now));
        static_cast<void>(answer(transaction, bringing, {}, consent.person, "consented", {}));
        return true;
    });
}

Result<bool> withdraw_consent(Pool& pool, const Bringing& bringing, const Withdrawal& withdrawal) {
    return bring_in(pool, bringing, [&](pqxx::transaction_base& transaction) {
        if (withdrawal.ends_grant)
            run(transaction, kEndGrant, to_string(bringing.request_id), to_epoch_us(bringing.now));
        return mark_withdrawn(transaction, bringing, withdrawal);
    });
}

Status withdraw_consent(
    pqxx::transaction_base& transaction,
    const Bringing& bringing,
    const Withdrawal& withdrawal
) {
    if (!mark_withdrawn(transaction, bringing, withdrawal))
        return failure(Remedy::refuse, "the consent was withdrawn already", "CONSENT_WITHDRAWN");
    const auto record = append_record(transaction, bringing.act, bringing.now);
    if (!record) return std::unexpected(record.error());
    return {};
}

Result<bool> add_inquiry(Pool& pool, const Bringing& bringing, const release::Inquiry& inquiry) {
    return bring_in(pool, bringing, [&](pqxx::transaction_base& transaction) {
        const auto asked =
            run(transaction,
                kAsk,
                to_string(inquiry.id),
                to_string(bringing.request_id),
                detail::clean_text(inquiry.person),
                detail::clean_text(inquiry.document),
                doer_id(bringing),
                detail::clean_text(bringing.act.actor.name),
                to_epoch_us(inquiry.asked),
                to_epoch_us(inquiry.due));
        if (asked.affected_rows() == 0) return false;
        const NewNotice notice{
            .kind = NoticeKind::third_party_due,
            .subject_id = bringing.request_id,
            .audience = "secretariat",
            .due = inquiry.due,
            .act_id = inquiry.id,
        };
        static_cast<void>(raise_notice(transaction, notice, bringing.now));
        return true;
    });
}

Result<bool> answer_inquiry(
    Pool& pool,
    const Bringing& bringing,
    const Uuid& inquiry_id,
    const std::string& answer_word,
    const std::string& note
) {
    return bring_in(pool, bringing, [&](pqxx::transaction_base& transaction) {
        return answer(transaction, bringing, to_string(inquiry_id), {}, answer_word, note);
    });
}

}  // namespace sluice::catalogue
