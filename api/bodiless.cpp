#include "api/bodiless.hpp"

#include "api/body.hpp"

#include <utility>

namespace sluice::api {

std::function<Answer(const Call&)> bodiless(std::function<Answer(const Call&)> handler) {
    return [handler = std::move(handler)](const Call& call) -> Answer {
        if (!call.request.body.empty())
            if (const auto body = Body::parse(call.request, {}); !body) return std::unexpected(body.error());
        return handler(call);
    };
}

}  // namespace sluice::api
