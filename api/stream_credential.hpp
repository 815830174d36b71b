#pragma once

#include "api/route.hpp"

#include <optional>
#include <string>

namespace sluice::api {

/// Whoever opened a stream, asked for again: a token that was revoked or a session that was closed ends it.
class StreamCredential {
public:
    explicit StreamCredential(const Call& call) : services_(call.services) {
        token_ = find_token(call.request);
        if (!token_) cookie_ = find_cookie(call.request);
    }
    /// True also while the catalogue can't be asked: a stream shows nothing new then.
    [[nodiscard]] bool is_valid() {
        const UtcTime now = services_.clock.now();
        const auto found = token_    ? services_.principals.find(*token_, now)
                           : cookie_ ? services_.sessions.find(*cookie_, now)
                                     : Result<std::optional<catalogue::PrincipalRow>>{std::nullopt};
        return !found || found->has_value();
    }

private:
    Services& services_;
    std::optional<std::string> token_;
    std::optional<std::string> cookie_;
};

}  // namespace sluice::api
