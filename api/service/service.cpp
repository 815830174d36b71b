#include "api/service/service.hpp"

#include "api/access/routes.hpp"
#include "api/http/server.hpp"
#include "api/huimin/routes.hpp"
#include "api/requests/routes.hpp"
#include "api/service/application.hpp"
#include "config/base/log.hpp"
#include "storage/access/card.hpp"
#include "storage/catalogue/standing_repository.hpp"

#include <algorithm>
#include <utility>

namespace sluice::api {
namespace {

http::ServerOptions options_of(const config::Api& api, const http::Limits& limits) {
    http::ServerOptions options;
    options.listen = api.listen;
    options.tls_certificate = api.tls_certificate;
    options.tls_key = api.tls_key;
    options.threads = std::max(1U, api.threads);
    options.workers = std::max(1U, api.workers);
    options.limits = limits;
    options.limits.takes_upload = [](std::string_view target) {
        return takes_upload(target) || takes_access_upload(target) || takes_clip_part(target);
    };
    return options;
}

}  // namespace

struct Service::Impl {
    Impl(const config::Config& config, std::string conninfo, const Clock& clock, const http::Limits& limits)
        : services(config, std::move(conninfo), clock),
          application(services),
          server(application, clock, options_of(config.api, limits)) {}

    /// Said at each start; once more with the first answer, when the catalogue can't be asked now.
    void tell_policy() {
        const bool can_ask = services.database.health() == DatabaseHealth::reachable;
        const auto is_bootstrap = can_ask ? catalogue::is_bootstrap(services.database.pool())
                                          : Result<bool>{failure(Remedy::retry, "no catalogue")};
        if (is_bootstrap)
            services.policy_sign.tell(*is_bootstrap);
        else
            log::warn(
                "policy", {{"policy", "unknown"}, {"detail", "articles not enforced, unless accounts exist"}}
            );
    }

    /// The worker seals cards too, and can't make the key where the spool is not its own.
    void make_card_key() const {
        if (services.config.access.controllers.empty()) return;
        const auto key = access::load_or_make_card_key(access::card_key_file(services.config.data));
        if (!key) log::error("card_key_missing", {{"error", key.error().describe()}});
    }

    Services services;
    Application application;
    http::Server server;  // last: its threads use the others
};

Service::Service(
    const config::Config& config,
    std::string conninfo,
    const Clock& clock,
    const http::Limits& limits
)
    : impl_(std::make_unique<Impl>(config, std::move(conninfo), clock, limits)) {
    impl_->services.server_counters = [server = &impl_->server] { return server->counters(); };
}

Service::~Service() {
    impl_->services.live.stop();
}

Status Service::start() {
    if (auto started = impl_->server.start(); !started) return started;
    impl_->tell_policy();
    impl_->make_card_key();
    log::info(
        "listening",
        {{"address", impl_->server.address()}, {"port", impl_->server.port()}, {"tls", impl_->server.is_tls()}
        }
    );
    return {};
}

std::uint16_t Service::port() const {
    return impl_->server.port();
}

void Service::reload() {
    const auto reloaded = impl_->server.reload_tls();
    if (reloaded)
        log::info("certificate_reloaded");
    else
        log::error(
            "certificate_not_reloaded",
            {{"detail", reloaded.error().describe()}, {"remedy", "the old one stays"}}
        );
}

void Service::stop() {
    impl_->services.live.stop();  // those who wait for footage are answered now
    impl_->server.stop();
}

}  // namespace sluice::api
