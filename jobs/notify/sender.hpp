#pragma once

#include "config/config.hpp"
#include "storage/catalogue/delivery_repository.hpp"

#include <string>
#include <vector>

/// Sends notices to where the configuration says, by libcurl. Thread: one.
namespace sluice::notify {

/// The configured targets, as deliveries name them.
[[nodiscard]] std::vector<catalogue::DeliveryTarget> targets_of(const config::Notify& notify);

/// One try, within half a minute. A webhook is done with any 2xx; nothing is followed to another address.
/// Error: retry, with what stands against it, no secret and no answer of the other side in it; also when the
/// target is not configured any more.
[[nodiscard]] Status send(const config::Notify& notify, const catalogue::Delivery& delivery, UtcTime now);

/// The content of a file that only its owner may read, without its line end. Error: operator_acts.
[[nodiscard]] Result<std::string> read_secret(const std::filesystem::path& file);

}  // namespace sluice::notify
