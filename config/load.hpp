#pragma once

#include "config/config.hpp"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::config {

/// One finding: where, which field, what is wrong and what to do about it.
struct Problem {
    std::string file;
    unsigned line = 0;  ///< from 1; 0 when the problem has no place (a missing file)
    unsigned column = 0;
    std::string field;        ///< dotted, "recorders[0].cameras[2].slug"
    std::string message;      ///< what is wrong and the cure
    bool is_warning = false;  ///< an error only for `config check --strict`

    /// "/etc/sluice/sluice.toml:12:3: recorders[0].host: …"
    [[nodiscard]] std::string describe() const;
};

struct Loaded {
    Config config;
    std::vector<Problem>
        problems;  ///< errors and warnings in file order; config is usable only without errors

    [[nodiscard]] bool is_usable() const noexcept;
};

/// Which secrets a load brings with it: only the recorder's has those of cameras and UPS, whose files the API
/// can't read. The worker reads a recorder's by load_password when it connects.
enum class Secrets { all, database_only };

/// The password that stands there now. Error: operator_acts, naming the file or the variable.
[[nodiscard]] Result<Secret> load_password(const PasswordPlace& place);

/// Reads FILE and conf.d/*.toml beside it (in name order) as one configuration. Never stops at the first
/// error.
[[nodiscard]] Loaded load(const std::filesystem::path& file, Secrets secrets);

/// SHA-256, in hex, over what `load` reads, one file behind the other: `cat FILE conf.d/*.toml | sha256sum`.
/// Parts that are closed to this user are left out; empty: FILE can't be read.
[[nodiscard]] std::string hash_files(const std::filesystem::path& file);

/// `load` for a text, without conf.d; for tests and the fuzzer. `file` is only a name for messages and the
/// base of relative paths.
[[nodiscard]] Loaded load_text(std::string_view text, const std::filesystem::path& file, Secrets secrets);

/// Whom nobody could call, as warnings: `config check` tells them. A program starts without a word and
/// records; the worker's log and /readyz say it day by day.
[[nodiscard]] std::vector<Problem> missing_contacts(const Config& config, const std::filesystem::path& file);

/// For programs that only want the values: all errors in one message, one a line. Error: operator_acts.
[[nodiscard]] Result<Config> load_or_explain(const std::filesystem::path& file, Secrets secrets);

/// What a reload changes, as data. Cameras are told apart by slug.
struct CameraDifference {
    std::vector<std::string> added;
    std::vector<std::string> removed;
    std::vector<std::string> changed;  ///< anything of the camera or of its recorder's access to it
    bool needs_restart = false;        ///< something outside recorders changed
};
[[nodiscard]] CameraDifference difference(const Config& before, const Config& after);

}  // namespace sluice::config
