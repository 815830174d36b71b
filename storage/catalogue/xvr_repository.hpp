#pragma once

#include "storage/catalogue/access_repository.hpp"
#include "storage/catalogue/incident_repository.hpp"
#include "storage/catalogue/notice_repository.hpp"
#include "storage/catalogue/pool.hpp"
#include "storage/catalogue/recorder_picture_repository.hpp"
#include "storage/catalogue/rows.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// What recorders with channels (XVR) tell of themselves, by slug. Roles: sluice_worker writes; API and
/// auditor read.
namespace sluice::catalogue {

/// The stream of a recorder's events, as it stands.
struct RecorderLinkRow {
    std::string recorder;
    std::string state;  ///< "connecting", "connected", or why it ended
    UtcTime since;
    std::string problem;
    std::optional<UtcTime> heard{};
    std::uint64_t unread = 0;   ///< parts that could not be read, since the worker's start
    std::uint64_t dropped = 0;  ///< events without room while the database was away
    std::uint64_t ignored = 0;  ///< of the configured codes
    friend bool operator==(const RecorderLinkRow&, const RecorderLinkRow&) = default;
};
[[nodiscard]] Status save_recorder_link(Pool& pool, const RecorderLinkRow& link);

/// A recorder's clock minus ours.
struct RecorderClockRow {
    UtcTime at;  ///< by our clock
    std::chrono::milliseconds offset{0};
    std::chrono::milliseconds round_trip{0};
    friend bool operator==(const RecorderClockRow&, const RecorderClockRow&) = default;
};
/// With its record in the audit log.
[[nodiscard]] Status
save_recorder_clock(Pool& pool, const std::string& recorder, const RecorderClockRow& clock);

struct RecorderTitleRow {
    int channel = 0;  ///< from 1
    std::string camera;
    std::string official;
    std::string shown;  ///< by the recorder; empty: it told none
    UtcTime seen{};
    [[nodiscard]] bool is_same() const { return official == shown; }
    friend bool operator==(const RecorderTitleRow&, const RecorderTitleRow&) = default;
};
/// Channels that are not among them are not configured any more.
[[nodiscard]] Status
save_recorder_titles(Pool& pool, const std::string& recorder, const std::vector<RecorderTitleRow>& titles);

/// Viewing sessions, open at some moment of `near`, and what of this recorder they were granted.
struct RecorderSession {
    Uuid session_id;
    Uuid request_id;
    TimeRange open;  ///< an open one ends at `now`
    struct Item {
        int channel = 0;
        TimeRange footage;
        friend bool operator==(const Item&, const Item&) = default;
    };
    std::vector<Item> items;
};
[[nodiscard]] Result<std::vector<RecorderSession>>
load_recorder_sessions(Pool& pool, const std::string& recorder, const TimeRange& near, UtcTime now);

/// What somebody did at the recorder itself.
struct RecorderActRow {
    Uuid event_id;  ///< access::id_of
    UtcTime at;
    std::string recorder;
    std::string code;
    std::string who;
    std::string verdict;  ///< "own", "request", "incident"
    std::optional<Uuid> request_id;
    std::optional<Uuid> incident_id;
    friend bool operator==(const RecorderActRow&, const RecorderActRow&) = default;
};

/// Events and what follows from them, in one transaction. All of it has ids: the same again changes nothing.
struct RecorderBatch {
    std::vector<access::Event> events;
    std::vector<NewIncident> incidents;
    std::vector<NewNotice> notices;
    std::vector<RecorderActRow> acts;  ///< each of an event and, if it names one, an incident above
};
[[nodiscard]] Status save_recorder_batch(Pool& pool, const RecorderBatch& batch, UtcTime now);

/// What a rule of the configuration has flagged since then.
struct RuleFlagRow {
    std::string camera;  ///< slug
    TimeRange range;
};
[[nodiscard]] Result<std::vector<RuleFlagRow>>
load_rule_flags(Pool& pool, const std::string& rule, UtcTime since);

// ---- for readers

/// Those in use, by slug.
[[nodiscard]] Result<std::vector<RecorderRow>> load_recorders(Pool& pool);
struct RecorderWatchRow {
    std::optional<RecorderLinkRow> link;    ///< nullopt: its events were never followed
    std::optional<RecorderClockRow> clock;  ///< the newest
    std::vector<RecorderTitleRow> titles;
    std::vector<RecorderPictureRow> pictures;
};
[[nodiscard]] Result<RecorderWatchRow> load_recorder_watch(Pool& pool, const std::string& recorder);

/// Recorders in use that nobody hears, channels with another title than the official name, and channels that
/// had a picture and have none.
[[nodiscard]] Result<std::uint64_t> count_recorder_findings(Pool& pool, UtcTime now);

struct RecorderActCursor {
    UtcTime at;
    Uuid event_id;
};
/// Newest first, behind the cursor.
[[nodiscard]] Result<std::vector<RecorderActRow>> load_recorder_acts(
    Pool& pool,
    const std::string& recorder,
    std::optional<RecorderActCursor> after,
    std::size_t limit
);

}  // namespace sluice::catalogue
