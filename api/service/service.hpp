#pragma once

#include "config/base/error.hpp"
#include "config/base/time.hpp"
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

}  // namespace sluice::api
