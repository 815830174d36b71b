#include "storage/catalogue/controller_repository.hpp"

#include "storage/catalogue/detail/load.hpp"

namespace sluice::catalogue {
namespace {

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

}  // namespace

Result<ControllerState>
load_controller_state(Pool& pool, const std::string& source, const std::string& actor) {
    auto mark = first_of(load<ControllerMark>(pool, to_mark, kMark, source, actor));
    if (!mark) return std::unexpected(mark.error());
    const auto code = first_of(load<std::string>(pool, to_code, kNewestCode, source));
    if (!code) return std::unexpected(code.error());
    return ControllerState{.mark = std::move(*mark), .is_offline = *code == "acs.controller_offline"};
}

}  // namespace sluice::catalogue
