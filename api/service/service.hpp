#pragma once

#include "config/base/error.hpp"
#include "config/base/time.hpp"
#include "config/base/unique_fd.hpp"
#include "config/config.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace sluice::http {
struct Limits;
}

namespace sluice::api {

/// The whole API: what sluice-api runs, and what tests start in their own process.
class Service {
public:
    /// `conninfo` reaches the catalogue as sluice_api. `clock` outlives the service.
    Service(
        const config::Config& config,
        std::string conninfo,
        const Clock& clock,
        const http::Limits& limits
    );
    ~Service();
    Service(const Service&) = delete;
    Service& operator=(const Service&) = delete;

    /// Listens; says so in the log (`listening`), and which policy rules. Error: operator_acts.
    [[nodiscard]] Status start();
    [[nodiscard]] std::uint16_t port() const;
    /// Reads the certificate again; on an error the old one stays.
    void reload();
    /// Lets what runs finish, within the limit, and comes back when no thread of it is left.
    void stop();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// Held as long as the program runs. Error: operator_acts, when another sluice-api runs on this data folder.
[[nodiscard]] Result<UniqueFd> lock_api(const std::filesystem::path& data);

/// How the API reaches the catalogue: the embedded cluster as sluice_api, else the configured server. May
/// hold the password: never log it.
[[nodiscard]] std::string api_conninfo(const config::Config& config);

}  // namespace sluice::api
