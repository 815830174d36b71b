#include "api/service/service.hpp"

#include "api/http/server.hpp"
#include "api/http/text.hpp"
#include "api/service/application.hpp"
#include "config/base/log.hpp"
#include "storage/catalogue/pool.hpp"

#include <algorithm>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>

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
    return options;
}

/// A value of a libpq connection string.
std::string quoted_value(std::string_view text) {
    std::string out = "'";
    for (const char letter : text) {
        if (letter == '\'' || letter == '\\') out.push_back('\\');
        out.push_back(letter);
    }
    return out + "'";
}

}  // namespace

struct Service::Impl {
    Impl(const config::Config& config, std::string conninfo, const Clock& clock, const http::Limits& limits)
        : services(config, std::move(conninfo), clock),
          application(services),
          server(application, clock, options_of(config.api, limits)) {}

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

Service::~Service() = default;

Status Service::start() {
    if (auto started = impl_->server.start(); !started) return started;
    log::warn("policy", {{"policy", kPolicy}, {"detail", "articles not enforced"}});
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
    impl_->server.stop();
}

Result<UniqueFd> lock_api(const std::filesystem::path& data) {
    const auto path = data / "locks" / "api.lock";
    std::error_code ignored;  // the open below says what is wrong
    std::filesystem::create_directories(path.parent_path(), ignored);
    UniqueFd fd{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640)};
    if (!fd.is_open()) return errno_error(Remedy::operator_acts, "cannot open " + path.string());
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0)
        return failure(
            Remedy::operator_acts,
            "another sluice-api runs on " + data.string() + "; stop it, or give this one another data folder"
        );
    return fd;
}

std::string api_conninfo(const config::Config& config) {
    const std::string& url = config.database.url;
    if (url.empty()) return catalogue::embedded_conninfo(config.data, "sluice_api");
    if (config.database.password.is_empty()) return url;
    const std::string& password = config.database.password.reveal();
    if (url.find("://") == std::string::npos) return url + " password=" + quoted_value(password);
    return url + (url.find('?') == std::string::npos ? "?" : "&") +
           "password=" + http::percent_encode(password);
}

}  // namespace sluice::api
