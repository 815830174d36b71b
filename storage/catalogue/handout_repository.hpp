#pragma once

#include "config/base/time.hpp"
#include "config/base/uuid.hpp"
#include "config/base/words.hpp"
#include "storage/catalogue/pool.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

/// What escorted sessions give out: playlists, their pace, and each delivery. Role: sluice_api.
namespace sluice::catalogue {

/// When the playlist of a stream from there began; it begins now if it has not.
[[nodiscard]] Result<UtcTime> begin_playlist(
    Pool& pool,
    const Uuid& session_id,
    const Uuid& camera_id,
    StreamKind stream,
    UtcTime from,
    UtcTime now
);

enum class DeliveryKind {
    piece,     ///< of a viewing's HLS
    clip,      ///< of a copy: an MP4, or a range of its bytes
    snapshot,  ///< of a copy
};
[[nodiscard]] std::string_view to_string(DeliveryKind kind) noexcept;

struct DeliveredPiece {
    Uuid segment_id;
    std::uint32_t first_fragment = 0;
    std::uint32_t end_fragment = 0;
};
struct DeliveryRow {
    Uuid id;
    Uuid session_id;
    Uuid camera_id;
    StreamKind stream = StreamKind::main;
    TimeRange range;
    std::uint64_t bytes = 0;
    UtcTime at;
    DeliveryKind kind = DeliveryKind::piece;
    std::optional<DeliveredPiece> piece{};  ///< of that kind
    std::optional<Uuid> copy_id{};          ///< of the other kinds
    std::optional<Uuid> principal_id{};     ///< who asked with an account; nullopt: with the session's token
};
/// From the camera's `paid_until` so far to the new one; nullopt: too early.
using Pace = std::function<std::optional<UtcTime>(std::optional<UtcTime> paid_until)>;
enum class Outcome { recorded, too_early };
/// On `recorded` the row is committed: the bytes may go. Error: refuse, with the label of what stands
/// against it (ART9_4A_NO_ESCORT, ART7_NOT_APPROVED), when the database's own look says no.
[[nodiscard]] Result<Outcome> record_delivery(Pool& pool, const DeliveryRow& row, const Pace& pace);
/// The same for what has no pace: of a copy.
[[nodiscard]] Status record_delivery(Pool& pool, const DeliveryRow& row);
/// In order.
[[nodiscard]] Result<std::vector<DeliveryRow>> load_deliveries(Pool& pool, const Uuid& session_id);

}  // namespace sluice::catalogue
