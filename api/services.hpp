#pragma once

#include "api/counters.hpp"
#include "api/database.hpp"
#include "api/hls_files.hpp"
#include "api/http/server.hpp"
#include "api/ledger_gate.hpp"
#include "api/live_hub.hpp"
#include "api/openings.hpp"
#include "api/password_gate.hpp"
#include "api/principals.hpp"
#include "api/session_ends.hpp"
#include "api/showings.hpp"
#include "api/standings.hpp"
#include "config/base/guarded.hpp"
#include "config/base/time.hpp"
#include "config/config.hpp"
#include "storage/clip/clip.hpp"
#include "storage/status/recorder_status.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sluice::api {

/// The recorder's status file, read at most twice a second. Thread: any; reading a small file of tmpfs or
/// page cache.
class StatusReader {
public:
    explicit StatusReader(std::filesystem::path file) : file_(std::move(file)) {}
    /// The last readable status, however old, and null when there never was one. Shared with readers under
    /// way.
    [[nodiscard]] std::shared_ptr<const status::RecorderStatus> read();

private:
    struct State {
        std::shared_ptr<const status::RecorderStatus> status;
        Deadline read_again = Deadline::min();
    };
    std::filesystem::path file_;
    Guarded<State> state_;
};

/// Where the volumes are mounted, asked of the catalogue at most every five seconds. Thread: any, blocking.
class VolumeMap {
public:
    [[nodiscard]] Result<clip::VolumePaths> load(catalogue::Pool& pool);

private:
    struct State {
        clip::VolumePaths paths;
        Deadline load_again = Deadline::min();
    };
    Guarded<State> state_;
};

/// Cameras by slug with their streams, as the catalogue said at most `max_age` ago: a player asks several
/// times a second. Thread: any, blocking.
class CameraMap {
public:
    struct Found {
        catalogue::CameraRow camera;
        std::vector<catalogue::StreamRow> streams;
        [[nodiscard]] const catalogue::StreamRow* find(StreamKind kind) const;
        [[nodiscard]] const catalogue::StreamRow* find(const Uuid& stream_id) const;
    };
    /// Null: no camera has this slug.
    [[nodiscard]] Result<std::shared_ptr<const Found>> find(
        catalogue::Pool& pool,
        const std::string& slug,
        std::chrono::milliseconds max_age = std::chrono::seconds{5}
    );

private:
    struct Known {
        std::shared_ptr<const Found> found;  // shared with requests under way
        Deadline asked;
    };
    Guarded<std::map<std::string, Known>> known_;
};

/// Says in the log which policy is in force: at the start, and when the first account ends `bootstrap`.
/// Thread: any.
class PolicySign {
public:
    void tell(bool is_bootstrap);

private:
    Guarded<std::optional<bool>> told_;
};

/// What handlers use; made once, outlives all requests. Thread: any.
struct Services {
    Services(const config::Config& configured, std::string conninfo, const Clock& real_clock);

    config::Config config;
    const Clock& clock;
    Database database;
    StatusReader status;
    VolumeMap volumes;
    Principals principals;
    Principals sessions;  ///< by cookie
    Standings standings;
    PolicySign policy_sign;
    PasswordGate passwords;
    SessionEnds session_ends;
    CameraMap cameras;
    HlsFiles media;
    Showings showings;
    Openings openings;
    LedgerGate ledger;
    Counters counters;
    UtcTime started;
    std::function<http::ServerCounters()> server_counters;  ///< set before the first request
    LiveHub live;                                           // last: its thread ends before anything else does
};

}  // namespace sluice::api
