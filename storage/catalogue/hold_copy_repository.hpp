#pragma once

#include "storage/catalogue/footage_repository.hpp"
#include "storage/catalogue/hold_repository.hpp"
#include "storage/catalogue/purge_repository.hpp"

#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

/// Second copies of footage under special holds. Role: sluice_worker; `measure_copies` also sluice_api.
namespace sluice::catalogue {

/// Runs `use` while nobody else, on any machine, makes or destroys second copies. Takes a connection of the
/// pool for as long. False: somebody does, and `use` was not run.
[[nodiscard]] Result<bool> with_copies_lock(Pool& pool, const std::function<Status()>& use);

/// A finished segment that a special hold in force touches and that has no verified copy for it.
struct WantedCopy {
    Uuid segment_id;
    Uuid stream_id;
    TimeRange range;
    Uuid source_volume_id;
    std::filesystem::path source_path;
    std::uint64_t bytes = 0;
    Sha256Digest sha256{};
    std::optional<Uuid> volume_id{};  ///< where an earlier attempt began
    std::filesystem::path path{};     ///< likewise
};
/// Special holds that have ended or are in force and have, or may need, copies.
[[nodiscard]] Result<std::vector<Uuid>> load_holds_with_copies(Pool& pool, UtcTime now);
/// By start, behind `after`; without those of which an attempt failed within an hour.
[[nodiscard]] Result<std::vector<WantedCopy>> load_wanted_copies(
    Pool& pool,
    const Uuid& hold_id,
    UtcTime now,
    std::optional<SegmentCursor> after,
    std::size_t limit
);
/// The row before the file. Pre: `volume_id` and `path` are set. False: the hold is not in force any more.
[[nodiscard]] Result<bool>
begin_hold_copy(Pool& pool, const Uuid& hold_id, const WantedCopy& copy, UtcTime now);
[[nodiscard]] Status save_verified_copy(Pool& pool, const Uuid& hold_id, const Uuid& segment_id, UtcTime now);
[[nodiscard]] Status save_copy_failure(
    Pool& pool,
    const Uuid& hold_id,
    const Uuid& segment_id,
    const std::string& problem,
    UtcTime now
);
/// Why a hold as a whole lacks copies; empty: nothing does any more.
[[nodiscard]] Status
save_copies_problem(Pool& pool, const Uuid& hold_id, const std::string& problem, UtcTime now);

struct HoldCopyRow {
    Uuid segment_id;
    Uuid stream_id;
    TimeRange range;
    Uuid volume_id;
    std::filesystem::path path;
    std::uint64_t bytes = 0;
    Sha256Digest sha256{};
    bool is_verified = false;
    bool is_hold_over = false;
    std::string rule;  ///< of destroyed ones
};
/// Those of a hold that is over, and those that began before `began_before`; not destroyed, by segment id
/// behind `after`; without those of which an attempt failed within an hour.
[[nodiscard]] Result<std::vector<HoldCopyRow>> load_copies_to_end(
    Pool& pool,
    const Uuid& hold_id,
    UtcTime now,
    UtcTime began_before,
    const Uuid& after,
    std::size_t limit
);
/// One transaction, under the lock that placing and extending a hold wait for. The rows are read again;
/// `rule_of` gives the rule by which one goes, or nothing; `unlink` gets those that go and says which are
/// durably gone. How many.
[[nodiscard]] Result<std::size_t> destroy_hold_copies(
    Pool& pool,
    const Uuid& hold_id,
    std::span<const HoldCopyRow> copies,
    UtcTime now,
    const std::function<std::optional<std::string>(const HoldCopyRow&)>& rule_of,
    const std::function<std::vector<Uuid>(std::span<const HoldCopyRow>)>& unlink
);
/// Destroyed and not yet in a certificate, by segment id.
[[nodiscard]] Result<std::vector<HoldCopyRow>> load_uncertified_copies(Pool& pool, const Uuid& hold_id);
/// Certificate, its copies' rows and the act in one transaction.
[[nodiscard]] Status save_hold_certificate(
    Pool& pool,
    const Uuid& hold_id,
    const Certificate& certificate,
    const ledger::Act& act
);

/// What of a hold has a second copy.
struct HoldCopies {
    std::uint64_t wanted = 0;    ///< finished segments that it touches; 0 when it has ended
    std::uint64_t suspect = 0;   ///< segments that it touches and that have no hash to verify by
    std::uint64_t verified = 0;  ///< and kept
    std::uint64_t destroyed = 0;
    std::string problem;
    std::vector<std::string> certificates;  ///< ids, oldest first
};
[[nodiscard]] Result<HoldCopies> measure_copies(Pool& pool, const Uuid& hold_id, UtcTime now);

}  // namespace sluice::catalogue
