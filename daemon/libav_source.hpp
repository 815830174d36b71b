#pragma once

#include "config/config.hpp"
#include "daemon/source.hpp"

#include <memory>
#include <string>

namespace sluice::daemon {

struct LibavSettings {
    std::string url;  ///< rtsp://host:port/path, without credentials
    std::string username;
    config::Secret password;
    config::Transport transport = config::Transport::tcp;
};

/// Once, before threads are started: libav's own log lines may hold URLs with credentials, so they are never
/// printed; only what they tell about lost packets is counted.
void prepare_libav();

/// RTSP over libavformat. `clock` outlives the source.
[[nodiscard]] std::unique_ptr<Source> make_libav_source(LibavSettings settings, const Clock& clock);

/// The URL with user and password percent-encoded in front of the host; only ever given to the RTSP client
/// (I20).
[[nodiscard]] std::string
url_with_credentials(const std::string& url, const std::string& username, const config::Secret& password);

}  // namespace sluice::daemon
