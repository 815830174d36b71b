#pragma once

#include "config/base/bytes.hpp"
#include "config/base/error.hpp"
#include "config/base/uuid.hpp"

#include <filesystem>

/// What lies encrypted (AES-256-GCM) under a key in a file of its own: papers in the spool, secrets of second
/// factors in the database. Whoever has one of the two alone has nothing.
namespace sluice::evidence {

/// A sealed text is by so many bytes longer: nonce and tag.
inline constexpr std::size_t kSealBytes = 28;

/// The key of this file; made at its first use (0600, and of the folder's owner when a superuser makes it).
/// Error: operator_acts; also for a file that others than its owner can reach.
[[nodiscard]] Result<Bytes> load_or_make_key(const std::filesystem::path& file);

/// nonce ‖ ciphertext ‖ tag. The id is bound in: under another one it does not open. Error: operator_acts.
[[nodiscard]] Result<Bytes> seal(ByteView key, const Uuid& id, ByteView plain);
/// Error: operator_acts; it was changed, or belongs to another key or id.
[[nodiscard]] Result<Bytes> open_sealed(ByteView key, const Uuid& id, ByteView sealed);

}  // namespace sluice::evidence
