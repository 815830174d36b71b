#include "storage/catalogue/access_repository.hpp"

#include "storage/catalogue/detail/connection.hpp"
#include "storage/catalogue/detail/values.hpp"
#include "storage/catalogue/record_repository.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include <nlohmann/json.hpp>

namespace sluice::catalogue {
namespace {

using detail::ArrayLiteral;
using detail::run;

constexpr std::array<std::string_view, 4> kChannels{"post", "import", "adapter", "recorder"};

// Waits for whoever is storing the same key.
constexpr const char* kTakeKeys = R"(
    INSERT INTO access_event_keys (id, at, digest)
    SELECT id, from_us(at), digest FROM unnest($1::uuid[], $2::bigint[], $3::bytea[]) AS n (id, at, digest)
    ON CONFLICT (id) DO NOTHING RETURNING id)";
constexpr const char* kKnownKeys = R"(
    SELECT id, digest FROM access_event_keys WHERE id = ANY($1::uuid[]))";
constexpr const char* kInsertEvents = R"(
    INSERT INTO access_events (id, at, batch_id, source, event_id, code, device_time, received_at, door, reader, direction,
        card_hmac, card_last_four, person_category, unit, controller_index, clip_camera, clip_from, clip_to, data)
    SELECT id, from_us(at), $1::uuid, source, event_id, code, from_us(device_time), from_us(received), nullif(door, ''),
        nullif(reader, ''), direction, card_hmac, card_last_four, nullif(category, ''), nullif(unit, ''), controller_index,
        clip_camera, from_us(clip_from), from_us(clip_to), data
    FROM unnest($2::uuid[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::bigint[], $9::text[],
        $10::text[], $11::text[], $12::bytea[], $13::text[], $14::text[], $15::text[], $16::bigint[], $17::text[],
        $18::bigint[], $19::bigint[], $20::text[])
        AS n (id, at, source, event_id, code, device_time, received, door, reader, direction, card_hmac, card_last_four,
              category, unit, controller_index, clip_camera, clip_from, clip_to, data))";
constexpr const char* kInsertBatch = R"(
    INSERT INTO access_batches (id, channel, received_at, principal_id, principal, events, from_at, last_at, record_id)
    VALUES ($1::uuid, $2, from_us($3::bigint), $4::uuid, $5, $6::int, from_us($7::bigint), from_us($8::bigint), $9::uuid))";

/// An event that may be new, with what it is known by.
struct Candidate {
    Uuid id;
    Sha256Digest digest{};
    UtcTime at;
    std::size_t place = 0;  ///< in the batch
};

/// The events of a batch by id, each id once: in one order for everybody, so that two batches with the same
/// events never wait for each other. What comes again within the batch has its fate already.
std::vector<Candidate>
to_candidates(const std::vector<access::Event>& events, std::vector<EventFate>& fates) {
    std::map<Uuid, Candidate> by_id;
    for (std::size_t i = 0; i < events.size(); ++i) {
        const access::Event& event = events[i];
        const Candidate candidate{
            .id = access::id_of(event.source, event.id),
            .digest = access::digest_of(event),
            .at = access::time_of(event),
            .place = i,
        };
        const auto [found, is_new] = by_id.try_emplace(candidate.id, candidate);
        if (is_new) continue;
        fates[i] = found->second.digest == candidate.digest ? EventFate::duplicate : EventFate::conflict;
    }
    std::vector<Candidate> candidates;
    for (const auto& [id, candidate] : by_id)
        candidates.push_back(candidate);
    return candidates;
}

/// Takes the keys of those that are new and gives the others their fate; those that are new.
std::vector<Candidate> take_keys(
    pqxx::transaction_base& transaction,
    const std::vector<Candidate>& candidates,
    std::vector<EventFate>& fates
) {
    ArrayLiteral ids;
    ArrayLiteral times;
    ArrayLiteral digests;
    for (const Candidate& candidate : candidates) {
        ids.add(candidate.id);
        times.add(candidate.at);
        digests.add(ByteView{candidate.digest});
    }
    std::set<Uuid> taken;
    for (const auto& row : run(transaction, kTakeKeys, ids.str(), times.str(), digests.str()))
        taken.insert(detail::to_uuid(row[0]));
    if (taken.size() == candidates.size()) return candidates;
    std::map<Uuid, Sha256Digest> known;
    for (const auto& row : run(transaction, kKnownKeys, ids.str()))
        known.emplace(detail::to_uuid(row[0]), detail::to_digest(row[1]).value());
    std::vector<Candidate> fresh;
    for (const Candidate& candidate : candidates) {
        if (taken.contains(candidate.id))
            fresh.push_back(candidate);
        else
            fates[candidate.place] =
                known.at(candidate.id) == candidate.digest ? EventFate::duplicate : EventFate::conflict;
    }
    return fresh;
}

/// The columns of a batch as arrays, in the order of kInsertEvents.
class Columns {
public:
    void add(const Candidate& candidate, const access::Event& event) {
        add_all(
            candidate.id,
            candidate.at,
            text(event.source),
            text(event.id),
            text(event.code),
            event.device_time,
            event.received,
            text(event.door),
            text(event.reader),
            to_string(event.direction),
            event.card ? std::optional{ByteView{event.card->hmac}} : std::nullopt,
            event.card ? std::optional{text(event.card->last_four)} : std::nullopt,
            text(event.person_category),
            text(event.unit),
            event.index,
            event.clip ? std::optional{text(event.clip->camera)} : std::nullopt,
            event.clip ? std::optional{event.clip->range.from} : std::nullopt,
            event.clip ? std::optional{event.clip->range.to} : std::nullopt,
            text(event.data)
        );
    }
    void insert(pqxx::transaction_base& transaction, const Uuid& batch_id) const {
        std::apply(
            [&](const auto&... columns) {
                run(transaction, kInsertEvents, to_string(batch_id), columns.str()...);
            },
            columns_
        );
    }

private:
    static std::string_view text(const std::string& of) { return of; }
    template <class... Values>
    void add_all(const Values&... values) {
        std::apply([&](auto&... columns) { (columns.add(values), ...); }, columns_);
    }
    using A = ArrayLiteral;
    std::tuple<A, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A> columns_;
};

/// What the log keeps of a batch: how many, of whom, from when to when, and a hash over all that they say, in
/// the order of their ids.
ledger::Act to_act(const EventBatch& batch, const Uuid& batch_id, const std::vector<Candidate>& fresh) {
    std::set<std::string> sources;
    Sha256 all;
    UtcTime from = fresh.front().at;
    UtcTime last = from;
    for (const Candidate& candidate : fresh) {
        sources.insert(detail::clean_text(batch.events[candidate.place].source));
        all.update(candidate.id.bytes);
        all.update(candidate.digest);
        from = std::min(from, candidate.at);
        last = std::max(last, candidate.at);
    }
    const nlohmann::json facts{
        {"channel", to_string(batch.channel)},
        {"events", fresh.size()},
        {"from", to_rfc3339(from)},
        {"last", to_rfc3339(last)},
        {"sha256", to_hex(all.digest())},
        {"sources", sources},
    };
    return {
        .action = "access.accepted",
        .actor = batch.actor,
        .subject = {.kind = "access_batch", .id = to_string(batch_id)},
        .facts = facts.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace),
    };
}

}  // namespace

std::string_view to_string(AccessChannel channel) noexcept {
    return kChannels.at(static_cast<std::size_t>(channel));
}

Result<StoredEvents>
accept_events(pqxx::transaction_base& transaction, const EventBatch& batch, UtcTime now) {
    StoredEvents result{.batch_id = {}, .accepted = 0, .fates = {}};
    result.fates.resize(batch.events.size(), EventFate::accepted);
    const auto fresh = take_keys(transaction, to_candidates(batch.events, result.fates), result.fates);
    if (fresh.empty()) return result;
    const Uuid batch_id = make_uuid_v7(now);
    const auto record = append_record(transaction, to_act(batch, batch_id, fresh), now);
    if (!record) return std::unexpected(record.error());
    Columns columns;
    for (const Candidate& candidate : fresh)
        columns.add(candidate, batch.events[candidate.place]);
    columns.insert(transaction, batch_id);
    const auto [first, last] = std::ranges::minmax(fresh, {}, &Candidate::at);
    // Last: from here on other batches wait for the commit.
    run(transaction,
        kInsertBatch,
        to_string(batch_id),
        std::string{to_string(batch.channel)},
        to_epoch_us(now),
        batch.actor.id ? std::optional{to_string(*batch.actor.id)} : std::nullopt,
        detail::clean_text(batch.actor.name),
        fresh.size(),
        to_epoch_us(first.at),
        to_epoch_us(last.at),
        to_string(*record));
    result.batch_id = batch_id;
    result.accepted = fresh.size();
    return result;
}

Result<StoredEvents> accept_events(Pool& pool, const EventBatch& batch, UtcTime now) {
    StoredEvents result;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        auto accepted = accept_events(transaction, batch, now);
        if (!accepted) return std::unexpected(accepted.error());
        if (accepted->batch_id) transaction.commit();
        result = std::move(*accepted);
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return result;
}

}  // namespace sluice::catalogue
