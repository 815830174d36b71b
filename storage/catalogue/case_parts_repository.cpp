#include "storage/catalogue/detail/cases.hpp"
#include "storage/catalogue/detail/connection.hpp"
#include "storage/catalogue/detail/values.hpp"
#include "storage/release/case_json.hpp"

namespace sluice::catalogue::detail {
namespace {

using release::Case;

constexpr const char* kEvidence = R"(
    SELECT id, name, kind, media_type, bytes, encode(sha256, 'hex'), note, adder, to_us(added_at)
    FROM request_evidence WHERE request_id = $1::uuid ORDER BY added_at, id)";
void load_evidence(pqxx::transaction_base& transaction, Case& request) {
    for (const auto& row : run(transaction, kEvidence, to_string(request.id)))
        request.evidence.push_back({
            .id = to_uuid(row[0]),
            .name = row[1].as<std::string>(),
            .kind = to_word(row[2], release::evidence_kind_from),
            .media_type = row[3].as<std::string>(),
            .bytes = row[4].as<std::uint64_t>(),
            .sha256 = row[5].as<std::string>(),
            .note = row[6].as<std::string>(),
            .adder = row[7].as<std::string>(),
            .added = to_time(row[8]),
        });
}

// The newest answer to each ground.
constexpr const char* kFindings = R"(
    SELECT DISTINCT ON (ground) ground, answer, evidence, places::text
    FROM request_grounds WHERE request_id = $1::uuid ORDER BY ground, answered_at DESC, id DESC)";
void load_findings(pqxx::transaction_base& transaction, Case& request) {
    for (const auto& row : run(transaction, kFindings, to_string(request.id))) {
        auto places = release::places_from_json(row[3].as<std::string>());
        if (!places) throw pqxx::conversion_error{places.error().message()};
        request.findings.push_back({
            .ground = to_word(row[0], release::ground_from),
            .answer = to_word(row[1], release::ground_answer_from),
            .evidence = row[2].as<std::string>(),
            .places = std::move(*places),
        });
    }
}

constexpr const char* kConsents = R"(
    SELECT id, person, is_minor, representative, evidence_id, cameras::text[], to_us(from_at), to_us(to_at), kinds,
           recipient, to_us(recorded_at), to_us(withdrawn_at)
    FROM consents WHERE request_id = $1::uuid ORDER BY recorded_at, id)";
void load_consents(pqxx::transaction_base& transaction, Case& request) {
    for (const auto& row : run(transaction, kConsents, to_string(request.id))) {
        release::Consent consent{
            .id = to_uuid(row[0]),
            .person = row[1].as<std::string>(),
            .is_minor = row[2].as<bool>(),
            .representative = row[3].as<std::string>(),
            .evidence_id = to_uuid(row[4]),
            .cameras = to_uuids(row[5]),
            .interval = {to_time(row[6]), to_time(row[7])},
            .kinds = {},
            .recipient = row[9].as<std::string>(),
            .recorded = to_time(row[10]),
            .withdrawn = to_optional_time(row[11]),
        };
        for (const std::string& word : to_texts(row[8]))
            if (const auto kind = release::kind_from(word)) consent.kinds.push_back(*kind);
        request.consents.push_back(std::move(consent));
    }
}

constexpr const char* kInquiries = R"(
    SELECT id, person, document, to_us(asked_at), to_us(due_at), coalesce(answer, ''), to_us(answered_at), coalesce(note, '')
    FROM third_party_inquiries WHERE request_id = $1::uuid ORDER BY asked_at, id)";
void load_inquiries(pqxx::transaction_base& transaction, Case& request) {
    for (const auto& row : run(transaction, kInquiries, to_string(request.id)))
        request.inquiries.push_back({
            .id = to_uuid(row[0]),
            .person = row[1].as<std::string>(),
            .document = row[2].as<std::string>(),
            .asked = to_time(row[3]),
            .due = to_time(row[4]),
            .answer = row[5].as<std::string>(),
            .answered = to_optional_time(row[6]),
            .note = row[7].as<std::string>(),
        });
}

constexpr const char* kSignatures = R"(
    SELECT chain, round, seat, unit, signer_id, signer, to_us(signed_at), note
    FROM request_signatures WHERE request_id = $1::uuid ORDER BY signed_at)";
void load_signatures(pqxx::transaction_base& transaction, Case& request) {
    for (const auto& row : run(transaction, kSignatures, to_string(request.id)))
        request.signatures.push_back({
            .chain = row[0].as<std::string>() == "a" ? release::Chain::a : release::Chain::b,
            .round = row[1].as<int>(),
            .seat = to_word(row[2], release::part_from),
            .unit = row[3].as<std::string>(),
            .signer_id = to_uuid(row[4]),
            .signer = row[5].as<std::string>(),
            .at = to_time(row[6]),
            .note = row[7].as<std::string>(),
        });
}

constexpr const char* kOpinions = R"(
    SELECT round, part, unit, stance, ground, text, giver_id, giver, to_us(given_at)
    FROM request_opinions WHERE request_id = $1::uuid ORDER BY given_at)";
void load_opinions(pqxx::transaction_base& transaction, Case& request) {
    for (const auto& row : run(transaction, kOpinions, to_string(request.id)))
        request.opinions.push_back({
            .round = row[0].as<int>(),
            .part = to_word(row[1], release::part_from),
            .unit = row[2].as<std::string>(),
            .stance = to_word(row[3], release::stance_from),
            .ground = row[4].as<std::string>(),
            .text = row[5].as<std::string>(),
            .giver_id = to_uuid(row[6]),
            .giver = row[7].as<std::string>(),
            .at = to_time(row[8]),
        });
}

constexpr const char* kGrant = R"(
    SELECT id, kind, to_us(decided_at), to_us(valid_to), is_masked, conditions, decider_id, decider
    FROM grants WHERE request_id = $1::uuid AND revoked_at IS NULL)";
constexpr const char* kGrantItems = R"(
    SELECT camera_id, stream, to_us(asked_from), to_us(asked_to), to_us(from_at), to_us(to_at), is_outward
    FROM grant_items WHERE grant_id = $1::uuid ORDER BY camera_id, from_at)";
void load_grant(pqxx::transaction_base& transaction, Case& request) {
    const pqxx::result rows = run(transaction, kGrant, to_string(request.id));
    if (rows.empty()) return;
    const auto& row = rows[0];
    release::Grant grant{
        .id = to_uuid(row[0]),
        .kind = to_word(row[1], release::kind_from),
        .decided = to_time(row[2]),
        .valid_to = to_time(row[3]),
        .is_masked = row[4].as<bool>(),
        .conditions = row[5].as<std::string>(),
        .decider_id = to_uuid(row[6]),
        .decider = row[7].as<std::string>(),
        .items = {},
    };
    for (const auto& item : run(transaction, kGrantItems, to_string(grant.id)))
        grant.items.push_back({
            .camera_id = to_uuid(item[0]),
            .stream = item[1].as<std::string>(),
            .asked = {to_time(item[2]), to_time(item[3])},
            .resolved = {to_time(item[4]), to_time(item[5])},
            .is_outward = item[6].as<bool>(),
        });
    request.grant = std::move(grant);
}

constexpr const char* kSlot = R"(
    SELECT id, to_us(from_at), to_us(to_at), kind, escort_id, escort, viewer_id, viewer,
           EXISTS (SELECT FROM register_entries e JOIN dossiers d ON d.number = e.dossier_number
                   WHERE d.request_id = s.request_id AND e.kind IN ('session', 'copy') AND e.at >= s.made_at)
    FROM request_slots s WHERE request_id = $1::uuid AND replaced_at IS NULL)";
void load_slot(pqxx::transaction_base& transaction, Case& request) {
    const pqxx::result rows = run(transaction, kSlot, to_string(request.id));
    if (rows.empty()) return;
    const auto& row = rows[0];
    request.slot = release::Slot{
        .id = to_uuid(row[0]),
        .interval = {to_time(row[1]), to_time(row[2])},
        .kind = to_word(row[3], release::kind_from),
        .escort_id = to_uuid(row[4]),
        .escort = row[5].as<std::string>(),
        .viewer_id = row[6].is_null() ? std::nullopt : std::optional{to_uuid(row[6])},
        .viewer = row[7].as<std::string>(),
    };
    request.has_session_entry = row[8].as<bool>();
}

// A chain begins anew whenever the form is handed in, or the screening is entered, again.
constexpr const char* kRounds = R"(
    SELECT greatest(1, count(*) FILTER (WHERE to_state = 'submitted' AND from_state <> 'submitted')),
           greatest(1, count(*) FILTER (WHERE to_state = 'screening' AND from_state <> 'screening')),
           (array_agg(from_state ORDER BY place DESC) FILTER (WHERE action = 'appeal'))[1]
    FROM request_events WHERE request_id = $1::uuid)";

}  // namespace

std::vector<Uuid> to_uuids(const pqxx::field& field) {
    std::vector<Uuid> ids;
    for (const std::string& text : to_texts(field)) {
        const auto id = uuid_from_string(text);
        if (!id) throw pqxx::conversion_error{"an id"};
        ids.push_back(*id);
    }
    return ids;
}

std::string to_uuid_array(const std::vector<Uuid>& ids) {
    ArrayLiteral array;
    for (const Uuid& id : ids)
        array.add(id);
    return array.str();
}

void load_parts(pqxx::transaction_base& transaction, Case& request) {
    load_evidence(transaction, request);
    load_findings(transaction, request);
    load_consents(transaction, request);
    load_inquiries(transaction, request);
    load_signatures(transaction, request);
    load_opinions(transaction, request);
    load_grant(transaction, request);
    load_slot(transaction, request);
    const pqxx::result rounds = run(transaction, kRounds, to_string(request.id));
    request.round_a = rounds[0][0].as<int>();
    request.round_b = rounds[0][1].as<int>();
    if (!rounds[0][2].is_null()) request.appealed = to_word(rounds[0][2], release::request_state_from);
}

}  // namespace sluice::catalogue::detail
