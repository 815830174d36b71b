#pragma once

#include "config/base/error.hpp"
#include "config/base/time.hpp"
#include "config/base/uuid.hpp"

#include <filesystem>
#include <map>
#include <optional>
#include <string>

/// `state.json` in <data>/recorder/: who we are. Ids are made once and never again (I19); without this file
/// the volumes would belong to a stranger, so it is replaced atomically and synced.
namespace sluice::volume {

struct Installation {
    Uuid installation_id;
    UtcTime created;
    std::string boot_id;  ///< of the kernel the recorder last ran under; tells a power cut from a crash
    std::string
        clean_mark;  ///< UTC day: every file of an earlier day is known to be catalogued; empty: none is
    std::map<std::string, Uuid> recorders;  ///< by slug
    std::map<std::string, Uuid> cameras;    ///< by slug
    std::map<std::string, Uuid> streams;    ///< by "<camera slug>/<stream>"
    std::map<std::string, Uuid> volumes;  ///< by path; an id once seen there must be found there again (I10)
    friend bool operator==(const Installation&, const Installation&) = default;
};

[[nodiscard]] std::filesystem::path state_path(const std::filesystem::path& data
);  ///< <data>/recorder/state.json

/// nullopt: none yet. Error: operator_acts, for a file that can't be read or understood (never replaced by a
/// new one).
[[nodiscard]] Result<std::optional<Installation>> load_installation(const std::filesystem::path& data);

/// On success durable. Makes <data>/recorder when it is missing.
[[nodiscard]] Status save_installation(const std::filesystem::path& data, const Installation& installation);

/// Loads the installation or makes it, with a fresh id. Pre: the caller holds the data folder's lock, or
/// nobody else can be starting (`sluice volume add` on a stopped system).
[[nodiscard]] Result<Installation> ensure_installation(const std::filesystem::path& data, UtcTime now);

}  // namespace sluice::volume
