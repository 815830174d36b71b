#pragma once

#include "config/base/error.hpp"

#include <string>
#include <string_view>

namespace sluice::up {

/// Where people reach the API from this machine: "http://127.0.0.1:8080" for `listen = "0.0.0.0:8080"`. Pure.
[[nodiscard]] std::string base_url(const std::string& listen, bool is_tls);

/// Status code of `GET path` over plain HTTP, asked of our own API. With TLS only whether the port is open
/// (200). Error: retry, when nobody answers within two seconds. The token may be empty.
[[nodiscard]] Result<int> probe(const std::string& base_url, const std::string& path, std::string_view token);

/// Whether somebody accepts connections at 127.0.0.1:port.
[[nodiscard]] bool is_listening(unsigned short port);
/// A TCP port of 127.0.0.1 that is free now: `wanted` if it is, else one of the kernel's choice. Error:
/// operator_acts.
[[nodiscard]] Result<unsigned short> find_free_port(unsigned short wanted);

}  // namespace sluice::up
