#include "storage/catalogue/notice_repository.hpp"

#include "storage/catalogue/detail/load.hpp"
#include "storage/catalogue/detail/values.hpp"
#include "storage/catalogue/record_repository.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include <nlohmann/json.hpp>

namespace sluice::catalogue {
namespace {

using detail::first_of;
using detail::load;
using detail::run;

struct KindWords {
    NoticeKind kind;
    std::string_view word;
    std::string_view subject;
};
constexpr std::array<KindWords, kNoticeKinds> kKinds{
    KindWords{NoticeKind::hold_expiry, "hold_expiry", "hold"},
    KindWords{NoticeKind::submitted, "submitted", "request"},
    KindWords{NoticeKind::correction_due, "correction_due", "request"},
    KindWords{NoticeKind::countersign_wanted, "countersign_wanted", "request"},
    KindWords{NoticeKind::decision, "decision", "request"},
    KindWords{NoticeKind::copy_overdue, "copy_overdue", "copy"},
    KindWords{NoticeKind::extended, "extended", "request"},
    KindWords{NoticeKind::third_party_due, "third_party_due", "request"},
    KindWords{NoticeKind::incident_raised, "incident_raised", "incident"},
    KindWords{NoticeKind::incident_due, "incident_due", "incident"},
    KindWords{NoticeKind::contractor_camera, "contractor_camera", "contractor_camera"},
    KindWords{NoticeKind::contractor_finding, "contractor_finding", "contractor"},
    KindWords{NoticeKind::contractor_clip, "contractor_clip", "contractor_clip"},
    KindWords{NoticeKind::inspection_late, "inspection_late", "inspection"},
    KindWords{NoticeKind::duty_due, "duty_due", "duty"},
    KindWords{NoticeKind::follow_up_due, "follow_up_due", "follow_up"},
    KindWords{NoticeKind::repair_opened, "repair_opened", "repair"},
    KindWords{NoticeKind::recorder_finding, "recorder_finding", "recorder"},
    KindWords{NoticeKind::door_alarm, "door_alarm", "alarm"},
    KindWords{NoticeKind::door_unattended, "door_unattended", "alarm"},
    KindWords{NoticeKind::copy_due, "copy_due", "copy"},
    KindWords{NoticeKind::consent_withdrawn, "consent_withdrawn", "request"},
    KindWords{NoticeKind::copy_waiting, "copy_waiting", "copy"},
    KindWords{NoticeKind::copy_uncollected, "copy_uncollected", "copy"},
    KindWords{NoticeKind::lapsed, "lapsed", "request"},
};

constexpr const char* kRaise = R"(
    INSERT INTO notices (id, kind, subject_id, audience, addressee_id, due_at, days_ahead, created_at, act_id)
    VALUES ($1::uuid, $2, $3::uuid, $4, $5::uuid, from_us($6::bigint), $7::int, from_us($8::bigint), $9::uuid)
    ON CONFLICT ON CONSTRAINT notices_once DO NOTHING)";
constexpr const char* kList = R"(
    SELECT id, place, kind, subject_id, audience, addressee_id, to_us(due_at), days_ahead, to_us(created_at),
           to_us(acknowledged_at), acknowledger
    FROM notices
    WHERE place < $1::bigint AND (addressee_id = $2::uuid OR (addressee_id IS NULL AND audience = ANY($3::text[])))
      AND (NOT $4::boolean OR acknowledged_at IS NULL)
    ORDER BY place DESC LIMIT $5::bigint)";
constexpr const char* kFind = R"(
    SELECT id, place, kind, subject_id, audience, addressee_id, to_us(due_at), days_ahead, to_us(created_at),
           to_us(acknowledged_at), acknowledger
    FROM notices WHERE id = $1::uuid)";
constexpr const char* kAfter = R"(
    SELECT id, place, kind, subject_id, audience, addressee_id, to_us(due_at), days_ahead, to_us(created_at),
           to_us(acknowledged_at), acknowledger
    FROM notices WHERE place > $1::bigint ORDER BY place LIMIT $2::bigint)";
constexpr const char* kLastPlace = "SELECT coalesce(max(place), 0) FROM notices";
constexpr const char* kAcknowledge = R"(
    UPDATE notices SET acknowledged_at = from_us($2::bigint), acknowledger = $3
    WHERE id = $1::uuid AND acknowledged_at IS NULL RETURNING kind, subject_id)";

const KindWords& words_of(NoticeKind kind) noexcept {
    return *std::ranges::find(kKinds, kind, &KindWords::kind);
}

NoticeRow to_notice(const pqxx::row& row) {
    const auto kind = notice_kind_from(row[2].as<std::string>());
    if (!kind) throw pqxx::conversion_error{"unknown kind of notice"};
    return {
        .id = detail::to_uuid(row[0]),
        .place = row[1].as<std::int64_t>(),
        .kind = *kind,
        .subject_id = detail::to_uuid(row[3]),
        .audience = row[4].as<std::string>(),
        .addressee_id = row[5].is_null() ? std::nullopt : std::optional{detail::to_uuid(row[5])},
        .due = detail::to_optional_time(row[6]),
        .days_ahead = row[7].as<unsigned>(),
        .created = detail::to_time(row[8]),
        .acknowledged = detail::to_optional_time(row[9]),
        .acknowledger = row[10].is_null() ? std::string{} : row[10].as<std::string>(),
    };
}

}  // namespace

std::string_view to_string(NoticeKind kind) noexcept {
    return words_of(kind).word;
}

std::optional<NoticeKind> notice_kind_from(std::string_view word) noexcept {
    const auto* found = std::ranges::find(kKinds, word, &KindWords::word);
    if (found == kKinds.end()) return std::nullopt;
    return found->kind;
}

std::string_view subject_of(NoticeKind kind) noexcept {
    return words_of(kind).subject;
}

bool raise_notice(pqxx::transaction_base& transaction, const NewNotice& notice, UtcTime now) {
    const auto raised =
        run(transaction,
            kRaise,
            to_string(make_uuid_v7(now)),
            std::string{to_string(notice.kind)},
            to_string(notice.subject_id),
            notice.audience,
            notice.addressee_id ? std::optional{to_string(*notice.addressee_id)} : std::nullopt,
            detail::to_optional_us(notice.due),
            notice.days_ahead,
            to_epoch_us(now),
            notice.act_id ? std::optional{to_string(*notice.act_id)} : std::nullopt);
    return raised.affected_rows() == 1;
}

bool is_for(const NoticeRow& notice, const NoticeReader& reader) {
    if (notice.addressee_id) return *notice.addressee_id == reader.id;
    return std::ranges::find(reader.roles, notice.audience) != reader.roles.end();
}

Result<std::vector<NoticeRow>> load_notices(
    Pool& pool,
    const NoticeReader& reader,
    bool only_open,
    std::optional<std::int64_t> before,
    std::size_t limit
) {
    detail::ArrayLiteral roles;
    for (const std::string& role : reader.roles)
        roles.add(std::string_view{role});
    return load<NoticeRow>(
        pool,
        to_notice,
        kList,
        before.value_or(std::numeric_limits<std::int64_t>::max()),
        to_string(reader.id),
        roles.str(),
        only_open,
        limit
    );
}

Result<std::optional<NoticeRow>> find_notice(Pool& pool, const Uuid& id) {
    return first_of(load<NoticeRow>(pool, to_notice, kFind, to_string(id)));
}

Result<std::vector<NoticeRow>> load_notices_after(Pool& pool, std::int64_t place, std::size_t limit) {
    return load<NoticeRow>(pool, to_notice, kAfter, place, limit);
}

Result<std::int64_t> load_last_notice_place(Pool& pool) {
    std::int64_t place = 0;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::nontransaction session{connection.get()};
        place = run(session, kLastPlace)[0][0].as<std::int64_t>();
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return place;
}

Result<bool> acknowledge_notice(Pool& pool, const Uuid& id, const ledger::Actor& actor, UtcTime now) {
    bool is_new = false;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        const auto changed =
            run(transaction, kAcknowledge, to_string(id), to_epoch_us(now), detail::clean_text(actor.name));
        if (changed.empty()) return {};
        const nlohmann::json facts{
            {"kind", changed[0][0].as<std::string>()}, {"subject", changed[0][1].as<std::string>()}
        };
        const auto record = append_record(
            transaction,
            {.action = "notice.acknowledged",
             .actor = actor,
             .subject = {.kind = "notice", .id = to_string(id)},
             .facts = facts.dump()},
            now
        );
        if (!record) return std::unexpected(record.error());
        transaction.commit();
        is_new = true;
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return is_new;
}

}  // namespace sluice::catalogue
