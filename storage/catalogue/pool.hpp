#pragma once

#include "config/base/error.hpp"

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

namespace sluice::catalogue {

class Connection;  // defined in detail/: owns one pqxx connection

/// libpq connection string for the embedded cluster or the configured server.
/// `socket_folder` = <data>/database/socket. `role` is sluice_recorder, sluice_api, sluice_worker,
/// sluice_auditor or sluice_owner.
[[nodiscard]] std::string embedded_conninfo(const std::filesystem::path& data, const std::string& role);
[[nodiscard]] std::filesystem::path socket_folder(const std::filesystem::path& data);

/// A bounded set of connections. A connection that failed is thrown away, never reused (libpqxx says
/// is_open() for a dead one). Thread: any; blocking, so call it from a worker thread. Session: timezone UTC,
/// statement_timeout 30 s.
class Pool {
public:
    Pool(std::string conninfo, std::size_t size);
    ~Pool();
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;

    /// Lends a connection to `use`, waiting up to 5 s for a free one. Exceptions of libpqxx become errors
    /// here: retry (lost connection, serialization, busy), refuse (constraint), operator_acts (rights,
    /// missing schema).
    [[nodiscard]] Status with(const std::function<Status(Connection&)>& use);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace sluice::catalogue
