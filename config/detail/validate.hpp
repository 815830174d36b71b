#pragma once

#include "config/config.hpp"
#include "config/detail/reader.hpp"

namespace sluice::config::detail {

/// Rules over several fields. Pure: looks only at the values.
void validate(const Config& config, Findings& findings);

/// "host:port", "[v6]:port".
[[nodiscard]] bool is_listen_address(std::string_view text) noexcept;

}  // namespace sluice::config::detail
