#pragma once

#include "config/base/bytes.hpp"
#include "config/base/error.hpp"
#include "config/base/uuid.hpp"

#include <filesystem>

/// Secrets of second factors as they lie in the database: sealed, under a key that lies in the service's
/// spool and in no backup.
namespace sluice::account {

[[nodiscard]] std::filesystem::path factor_key_file(const std::filesystem::path& data);

/// Error: operator_acts.
[[nodiscard]] Result<Bytes>
seal_secret(const std::filesystem::path& data, const Uuid& account, ByteView secret);
/// One from before they were sealed is given as it is. Error: operator_acts; also for one that this key does
/// not open.
[[nodiscard]] Result<Bytes>
open_secret(const std::filesystem::path& data, const Uuid& account, ByteView stored);
[[nodiscard]] bool is_sealed(ByteView stored) noexcept;

}  // namespace sluice::account
