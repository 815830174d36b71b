#pragma once

#include "storage/catalogue/notice_repository.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Notices that go out by e-mail or webhook. Roles: sluice_worker files and sends; sluice_api reads and
/// retries.
namespace sluice::catalogue {

enum class DeliveryChannel { mail, webhook };
[[nodiscard]] std::string_view to_string(DeliveryChannel channel) noexcept;

/// Where notices go, as configured.
struct DeliveryTarget {
    DeliveryChannel channel = DeliveryChannel::webhook;
    std::string name;                    ///< of the webhook, or the address
    std::vector<std::string> audiences;  ///< none: all
};
/// A delivery for each target and each notice that has none yet, in the order of the notices. How many are
/// new. Without targets the notices are passed over: who configures one later is not flooded.
[[nodiscard]] Result<std::size_t>
file_deliveries(Pool& pool, std::span<const DeliveryTarget> targets, UtcTime now);

/// So often a delivery is tried, in about a day; then it is dead until somebody retries it.
inline constexpr unsigned kMostTries = 10;

struct Delivery {
    Uuid id;
    DeliveryChannel channel = DeliveryChannel::webhook;
    std::string target;
    unsigned tries = 0;  ///< the one under way included
    NoticeRow notice;
};
/// Takes what is due, for this worker alone: should it die, another tries again after the wait that a failure
/// has (half a minute, doubled each time, six hours at most).
[[nodiscard]] Result<std::vector<Delivery>> claim_deliveries(Pool& pool, UtcTime now, std::size_t limit);
[[nodiscard]] Status save_sent(Pool& pool, const Uuid& id, UtcTime now);
/// Dead after `kMostTries`.
[[nodiscard]] Status save_failed(Pool& pool, const Uuid& id, const std::string& problem, UtcTime now);

struct DeadDelivery {
    Delivery delivery;
    std::string problem;  ///< of the last try
    UtcTime ended;
};
/// Newest first, behind `before` when it is given: the id of one of them.
[[nodiscard]] Result<std::vector<DeadDelivery>>
load_dead_deliveries(Pool& pool, const std::optional<Uuid>& before, std::size_t limit);
/// It waits again, with its tries begun anew. False: it is not dead. With its record in the audit log.
[[nodiscard]] Result<bool>
retry_delivery(Pool& pool, const Uuid& id, const ledger::Actor& actor, UtcTime now);

}  // namespace sluice::catalogue
