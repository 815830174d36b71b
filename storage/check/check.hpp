#pragma once

#include "config/config.hpp"
#include "storage/check/examine.hpp"
#include "storage/check/finding.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

/// The whole comparison: volumes, catalogue, journals. Reads, marks damage, and changes nothing else.
namespace sluice::check {

struct Volume {
    Uuid id;
    std::filesystem::path root;
};
struct FoundVolumes {
    std::vector<Volume> volumes;
    std::vector<Finding> missing;  ///< configured or catalogued, and not there
};
/// Configured paths with an identity; and what the catalogue knows of the same installations beside them.
[[nodiscard]] Result<FoundVolumes>
find_volumes(catalogue::Pool& pool, const std::vector<std::filesystem::path>& configured);

struct Settings {
    Depth depth = Depth::names;
    std::optional<UtcTime> from{};  ///< segments that began at or after
    std::optional<UtcTime> to{};    ///< and before
    std::string camera_slug{};      ///< empty: all; then the journals are compared as well
    bool marks_damage = true;
};

struct Progress {
    std::uint64_t files = 0;
    std::uint64_t bytes = 0;        ///< read
    std::uint64_t total_bytes = 0;  ///< that will be read if every file is as long as its row says; 0: none
    std::string place;              ///< volume, day and camera
};

/// Who watches a check, a scrub or a rebuild. Called from its thread.
class Observer {
public:
    virtual ~Observer() = default;
    /// After each piece; may wait, to keep a pace. False: stop.
    [[nodiscard]] virtual bool advance(const Progress& progress, std::uint64_t bytes_read) = 0;
    virtual void found(const Finding& finding) = 0;
};

struct VolumeSummary {
    Uuid id;
    std::filesystem::path root;
    std::uint64_t files = 0;
    std::uint64_t rows = 0;
    std::uint64_t bytes = 0;  ///< read
    std::uint64_t journal_lines = 0;
    std::uint64_t torn_lines = 0;  ///< lines that a crash left half written: never promised, so no finding
};
struct Summary {
    Depth depth = Depth::names;
    UtcTime began;
    UtcTime ended;
    std::vector<VolumeSummary> volumes;
    Tally tally;
    [[nodiscard]] bool is_clean() const noexcept { return tally.total() == 0; }
};

/// Error: retry (database), cancelled (the observer said stop), operator_acts (a volume's folders can't be
/// read).
[[nodiscard]] Result<Summary> run_check(
    catalogue::Pool& pool,
    const FoundVolumes& volumes,
    const Settings& settings,
    const Clock& clock,
    Observer& observer
);

}  // namespace sluice::check
