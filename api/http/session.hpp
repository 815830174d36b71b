#pragma once

#include "api/http/connection.hpp"
#include "api/http/message.hpp"
#include "api/http/wire.hpp"
#include "api/http/worker_pool.hpp"
#include "config/base/time.hpp"

#include <atomic>
#include <memory>
#include <string>

#include <boost/asio/awaitable.hpp>

namespace sluice::http {

/// What all sessions share; it outlives them.
struct SessionContext {
    Application& application;
    WorkerPool& workers;
    const Clock& clock;
    Limits limits;
    std::atomic<bool> is_stopping = false;
};

/// One connection from its handshake to its end. The frame owns the connection.
[[nodiscard]] boost::asio::awaitable<void>
serve(std::unique_ptr<Connection> connection, std::string peer, SessionContext& context);
/// One refusal, for a connection that is one too many.
[[nodiscard]] boost::asio::awaitable<void>
turn_away(std::unique_ptr<Connection> connection, SessionContext& context);

}  // namespace sluice::http
