#pragma once

#include "storage/access/event.hpp"
#include "storage/catalogue/pool.hpp"
#include "storage/ledger/act.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace pqxx {
class transaction_base;  // NOLINT(readability-identifier-naming): the library's name
}

/// Events at the doors. Roles: worker and API store them; worker, API and auditor read.
namespace sluice::catalogue {

/// How a batch came. The spelling is stored and never changes.
enum class AccessChannel { post, import, adapter, recorder };
[[nodiscard]] std::string_view to_string(AccessChannel channel) noexcept;

struct EventBatch {
    AccessChannel channel = AccessChannel::post;
    ledger::Actor actor;
    std::vector<access::Event> events;
};

enum class EventFate {
    accepted,
    duplicate,  ///< it is there already, the same in all that it says
    conflict,   ///< another event has this source and id; this one was not stored
};
struct StoredEvents {
    std::optional<Uuid> batch_id;  ///< nullopt: nothing was new
    std::size_t accepted = 0;
    std::vector<EventFate> fates;  ///< of each event, in the order of the batch
};

/// Stores what is new of the batch, once by (source, id), with one record in the audit log for all of it; an
/// act that brings nothing new leaves no trace. Within the caller's transaction, which should end soon: the
/// next batch waits for it. For repositories: a failed statement throws as libpqxx does. Error: as
/// append_record; then nothing may be committed.
[[nodiscard]] Result<StoredEvents>
accept_events(pqxx::transaction_base& transaction, const EventBatch& batch, UtcTime now);
/// The same as a transaction of its own; on success it is committed.
[[nodiscard]] Result<StoredEvents> accept_events(Pool& pool, const EventBatch& batch, UtcTime now);

}  // namespace sluice::catalogue
