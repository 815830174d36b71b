#include "storage/catalogue/controller_repository.hpp"

#include "storage/catalogue/detail/load.hpp"
#include "storage/catalogue/detail/values.hpp"

#include <array>
#include <utility>

namespace sluice::catalogue {
namespace {

using detail::execute;
using detail::first_of;
using detail::load;

// From the newest batch back to the first one with a number: hardly ever more than one.
constexpr const char* kMark = R"(
    SELECT e.controller_index, e.event_id
    FROM access_batches b CROSS JOIN LATERAL (
        SELECT controller_index, event_id FROM access_events
        WHERE source = $1 AND at >= b.from_at AND at <= b.last_at AND batch_id = b.id AND controller_index IS NOT NULL
        ORDER BY controller_index DESC LIMIT 1) e
    WHERE b.channel = 'adapter' AND b.principal = $2 ORDER BY b.place DESC LIMIT 1)";
constexpr const char* kNewestCode = R"(
    SELECT code FROM access_events WHERE source = $1 ORDER BY at DESC, id DESC LIMIT 1)";

ControllerMark to_mark(const pqxx::row& row) {
    return {.index = row[0].as<std::uint64_t>(), .event_id = row[1].as<std::string>()};
}

std::string to_code(const pqxx::row& row) {
    return row[0].as<std::string>();
}

constexpr auto kTroubles = std::to_array<std::pair<LinkTrouble, std::string_view>>({
    {LinkTrouble::no_answer, "no_answer"},
    {LinkTrouble::unreachable, "unreachable"},
    {LinkTrouble::other_serial, "other_serial"},
    {LinkTrouble::unreadable, "unreadable"},
});

constexpr const char* kContacts = R"(
    SELECT s.source, to_us(own.at), coalesce(newest.code = 'acs.controller_offline', false), to_us(l.heard_at), l.error_kind,
           to_us(l.error_at)
    FROM unnest($1::text[]) AS s(source)
    LEFT JOIN LATERAL (SELECT at FROM access_events WHERE source = s.source AND code <> 'acs.controller_offline'
                       ORDER BY at DESC, id DESC LIMIT 1) own ON true
    LEFT JOIN LATERAL (SELECT code FROM access_events WHERE source = s.source ORDER BY at DESC, id DESC LIMIT 1) newest ON true
    LEFT JOIN controller_links l ON l.source = s.source)";
ControllerContact to_contact(const pqxx::row& row) {
    ControllerContact contact{
        .source = row[0].as<std::string>(),
        .facts =
            {.event = detail::to_optional_time(row[1]),
             .is_reported_offline = row[2].as<bool>(),
             .answer = detail::to_optional_time(row[3])},
        .trouble_at = detail::to_optional_time(row[5]),
    };
    if (row[4].is_null()) return contact;
    for (const auto& [trouble, word] : kTroubles)
        if (row[4].as<std::string>() == word) contact.trouble = trouble;
    return contact;
}

constexpr const char* kSaveHeard = R"(
    INSERT INTO controller_links (source, heard_at) VALUES ($1, from_us($2::bigint))
    ON CONFLICT (source) DO UPDATE SET heard_at = excluded.heard_at)";
constexpr const char* kSaveTrouble = R"(
    INSERT INTO controller_links (source, error_kind, error_at) VALUES ($1, $2, from_us($3::bigint))
    ON CONFLICT (source) DO UPDATE SET error_kind = excluded.error_kind, error_at = excluded.error_at)";

}  // namespace

Result<ControllerState>
load_controller_state(Pool& pool, const std::string& source, const std::string& actor) {
    auto mark = first_of(load<ControllerMark>(pool, to_mark, kMark, source, actor));
    if (!mark) return std::unexpected(mark.error());
    const auto code = first_of(load<std::string>(pool, to_code, kNewestCode, source));
    if (!code) return std::unexpected(code.error());
    return ControllerState{.mark = std::move(*mark), .is_offline = *code == "acs.controller_offline"};
}

std::string_view to_string(LinkTrouble trouble) noexcept {
    for (const auto& [value, word] : kTroubles)
        if (value == trouble) return word;
    std::unreachable();
}

Result<std::vector<ControllerContact>> load_contacts(Pool& pool, const std::vector<std::string>& sources) {
    detail::ArrayLiteral array;
    for (const std::string& source : sources)
        array.add(std::string_view{source});
    return load(pool, to_contact, kContacts, array.str());
}

Status save_heard(Pool& pool, const std::string& source, UtcTime at) {
    return execute(pool, kSaveHeard, source, to_epoch_us(at));
}

Status save_trouble(Pool& pool, const std::string& source, LinkTrouble trouble, UtcTime at) {
    return execute(pool, kSaveTrouble, source, std::string{to_string(trouble)}, to_epoch_us(at));
}

}  // namespace sluice::catalogue
