#pragma once

#include "api/http/message.hpp"
#include "api/http/router.hpp"
#include "api/route.hpp"
#include "api/services.hpp"

#include <expected>
#include <string>
#include <string_view>

namespace sluice::api {

/// From a request to an answer: who asks, which route, may they, what do they say. Every request takes these
/// steps in this order, and only /healthz and /readyz are answered without a token. Thread: any.
class Application final : public http::Application {
public:
    explicit Application(Services& services);  ///< services outlive it

    [[nodiscard]] bool is_blocking(const http::Request& request) const override;
    [[nodiscard]] http::Response handle(const http::Request& request) override;
    [[nodiscard]] http::Response refuse(unsigned status, std::string_view code, std::string_view detail)
        override;
    void finished(const http::Request& request, const http::Exchange& exchange) noexcept override;

    [[nodiscard]] const Routes& routes() const noexcept { return routes_; }

private:
    struct Asker {
        std::optional<catalogue::PrincipalRow> principal;
        bool is_visitor = false;  ///< known by nothing but a viewing session
    };
    [[nodiscard]] Answer answer(const http::Request& request, http::Response& trace);
    [[nodiscard]] std::expected<Asker, http::Problem>
    identify(const http::Request& request, const Route* route, const std::vector<std::string>& variables);
    [[nodiscard]] std::expected<Asker, http::Problem>
    look_up_viewer(const std::string& token, const std::string& session);
    [[nodiscard]] std::expected<Asker, http::Problem>
    look_up(const std::string& token, bool may_be_remembered);
    [[nodiscard]] std::expected<Asker, http::Problem> look_up_session(const std::string& cookie);
    [[nodiscard]] std::expected<Standing, http::Problem>
    stand(const http::Request& request, const Asker& asker, const Route* route, UtcTime now);
    [[nodiscard]] Answer run(const http::Request& request, Call& call, const Route& route);

    Services& services_;
    Routes routes_;
    http::Router router_;
};

}  // namespace sluice::api
