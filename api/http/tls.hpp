#pragma once

#include "config/base/error.hpp"

#include <filesystem>
#include <memory>

namespace boost::asio::ssl {
class context;  // NOLINT(readability-identifier-naming): Boost's name
}

namespace sluice::http {

/// TLS 1.2 and 1.3 with the certificate chain and key of these PEM files. Error: operator_acts, naming the
/// file.
[[nodiscard]] Result<std::shared_ptr<boost::asio::ssl::context>>
load_tls(const std::filesystem::path& certificate, const std::filesystem::path& key);

}  // namespace sluice::http
