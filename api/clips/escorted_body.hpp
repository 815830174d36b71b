#pragma once

#include "api/http/message.hpp"
#include "api/route.hpp"

#include <memory>

namespace sluice::api {

/// A body that is given out only as long as the asker's session goes on: each few megabytes it looks whether
/// the escort is still there and the decision in force. The connection ends when not. Outlived by the
/// services of the call.
[[nodiscard]] std::unique_ptr<http::BodySource>
make_escorted(std::unique_ptr<http::BodySource> body, const Call& call, const Uuid& session_id);

}  // namespace sluice::api
