#include "cli/up/up.hpp"

#include "cli/up/demo.hpp"
#include "cli/up/layout.hpp"
#include "cli/up/operator_token.hpp"
#include "cli/up/probe.hpp"
#include "cli/up/services.hpp"
#include "cli/up/supervisor.hpp"
#include "config/base/lock_file.hpp"
#include "config/base/log.hpp"
#include "config/base/time.hpp"
#include "config/load.hpp"
#include "storage/catalogue/conninfo.hpp"
#include "storage/catalogue/migrate.hpp"
#include "storage/status/recorder_status.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include <fmt/core.h>

namespace sluice::up {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;

constexpr auto kDatabaseLimit = 120s;
constexpr auto kReadyLimit = 30s;
constexpr auto kFootageLimit = 30s;

/// One line for people on stdout, at once.
template <class... Values>
void say(fmt::format_string<Values...> text, Values&&... values) {
    fmt::print(text, std::forward<Values>(values)...);
    fmt::print("\n");
    static_cast<void>(std::fflush(stdout));  // recording does not depend on a reader of stdout
}

Result<fs::path> programs_folder() {
    std::error_code code;
    const fs::path self = fs::read_symlink("/proc/self/exe", code);
    if (code) return std::unexpected(Error{Remedy::operator_acts, code, "cannot find our own program"});
    return self.parent_path();
}

Result<Site> load_site(const Options& options, const Users& users) {
    Site site{.config_file = {}, .config = {}, .is_demo = !options.config, .log_level = options.log_level};
    if (options.config) {
        site.config_file = *options.config;
    } else {
        const fs::path data = demo_data_folder();
        if (auto made = make_data_folders(data, users); !made) return std::unexpected(made.error());
        auto file = ensure_demo(data, users);
        if (!file) return std::unexpected(file.error());
        site.config_file = std::move(*file);
    }
    auto loaded = config::load_or_explain(site.config_file, config::Secrets::all);
    if (!loaded) return std::unexpected(loaded.error());
    site.config = std::move(*loaded);
    return site;
}

Status check_config_readable(const Site& site, const Users& users) {
    if (!users.is_separated) return {};
    for (const process::OsUser* user : {&users.database, &users.recorder, &users.api}) {
        if (process::can_read(*user, site.config_file)) continue;
        return failure(
            Remedy::operator_acts,
            fmt::format(
                "the user {} can't read {}; put it where the service users can (/etc/sluice, mode 0644): "
                "secrets "
                "belong in password files",
                user->name,
                site.config_file.string()
            )
        );
    }
    return {};
}

void print_plan(const std::vector<Service>& list, const fs::path& data) {
    say("data folder {}", data.string());
    for (const Service& service : list) {
        std::string line = service.command.binary.string();
        for (const std::string& argument : service.command.arguments)
            line += " " + argument;
        say("  {:<20} as {:<10} {}",
            service.name,
            service.command.user ? service.command.user->name : "this user",
            line);
    }
}

Status dry_run(const Options& options, const Users& users, const fs::path& programs) {
    Site site{.config_file = {}, .config = {}, .is_demo = !options.config, .log_level = options.log_level};
    Result<config::Config> loaded = config::Config{};
    if (options.config) {
        site.config_file = *options.config;
        loaded = config::load_or_explain(site.config_file, config::Secrets::all);
    } else {
        const fs::path data = demo_data_folder();
        site.config_file = data / "sluice.toml";
        auto demo =
            config::load_text(demo_configuration(data, {}), site.config_file, config::Secrets::database_only);
        loaded = std::move(demo.config);
    }
    if (!loaded) return std::unexpected(loaded.error());
    site.config = std::move(*loaded);
    print_plan(services(site, users, programs), site.config.data);
    say("dry run: nothing was started or changed");
    return {};
}

/// Everything from the locks to the footage: one object for the steps of a start.
class Start {
public:
    Start(Site site, Users users, Supervisor supervisor)
        : site_(std::move(site)),
          users_(std::move(users)),
          supervisor_(std::move(supervisor)),
          base_url_(base_url(site_.config.api.listen, !site_.config.api.tls_certificate.empty())) {}

    Status run(const fs::path& programs) {
        supervisor_.reload_with_hangup({kRecorderService, kApiService, kWorkerService}
        );  // cameras; certificate; events
        Status started = start_all(programs);
        if (started) started = introduce();
        if (started && !supervisor_.is_stop_asked()) {
            say("Recording. Ctrl-C stops everything.");
            supervisor_.run_until([] { return false; }, Deadline::max());
        }
        say("stopping: recorder, worker, API, database");
        supervisor_.stop_all();
        say("stopped");
        return started;
    }

private:
    /// A service that is not in our hands (stop asked) ends the start without an error.
    Status start_all(const fs::path& programs) {
        if (auto migrated = migrate_server(); !migrated) return migrated;
        for (Service& service : services(site_, users_, programs)) {
            if (supervisor_.is_stop_asked()) return {};
            const std::string name = service.name;
            if (name == kApiService)
                if (auto made = make_volumes(); !made) return made;
            if (auto started = supervisor_.start(std::move(service)); !started) return started;
            if (name == kDatabaseService) wait_for_database();
            if (name == kDemoService) wait_for_cameras();
        }
        return {};
    }

    [[nodiscard]] Status migrate_server() const {
        if (site_.config.database.url.empty()) return {};
        const auto report = catalogue::migrate(
            catalogue::conninfo_of(site_.config, "sluice_super"),
            false,
            catalogue::Upgrade{process::operator_here(), RealClock{}.now()}
        );
        if (report) {
            say("database   server's schema is version {}", report->version);
            return {};
        }
        if (report.error().remedy() != Remedy::retry) return std::unexpected(report.error());
        say("database   does not answer ({}); recording begins without it", report.error().describe());
        return {};
    }

    Status make_volumes() {
        const auto made = make_identities(site_.config, users_, RealClock{}.now());
        if (!made) return std::unexpected(made.error());
        for (const fs::path& root : *made)
            say("volume     {} made", root.string());
        return {};
    }

    /// Recording never waits for the database (I13): after the limit the start goes on.
    void wait_for_database() {
        say("database   starting (the first time it is made, a few seconds)");
        const auto begun = SteadyClock::now();
        const bool is_ready =
            wait_until([this] { return supervisor_.is_ready(kDatabaseService); }, kDatabaseLimit);
        const std::chrono::duration<double> took = SteadyClock::now() - begun;
        if (is_ready)
            say("database   ready after {:.1f} s", took.count());
        else if (!supervisor_.is_stop_asked())
            say("database   not ready yet, its log above says why; going on without it");
    }

    void wait_for_cameras() {
        const auto port = site_.config.recorders.front().port;
        const bool is_there = wait_until([port] { return is_listening(port); }, kReadyLimit);
        if (is_there)
            say("cameras    {} demo cameras at rtsp://127.0.0.1:{}",
                site_.config.recorders.front().cameras.size(),
                port);
        else if (!supervisor_.is_stop_asked())
            say("cameras    the demo cameras do not answer; their log above says why");
    }

    /// Waits for the API and for footage, then says how to get it.
    Status introduce() {
        const bool is_api_there = wait_until(
            [this] {
                const auto code = probe(base_url_, "/healthz", {});
                return supervisor_.is_ready(kApiService) && code && *code == 200;
            },
            kReadyLimit
        );
        wait_for_recording();
        if (supervisor_.is_stop_asked()) return {};
        if (!is_api_there) {
            say("api        does not answer at {} yet; its log above says why. Recording goes on.",
                base_url_);
            return {};
        }
        const auto token = ensure_operator_token(
            site_.config.data, catalogue::conninfo_of(site_.config, "sluice_super"), RealClock{}.now()
        );
        if (!token) {
            say("token      not made: {}", token.error().describe());
            return {};
        }
        wait_for_footage(*token);
        if (!supervisor_.is_stop_asked()) print_tour();
        return {};
    }

    void wait_for_recording() {
        const auto since = RealClock{}.now();
        std::size_t expected = 0;
        for (const config::Recorder& recorder : site_.config.recorders)
            for (const config::Camera& camera : recorder.cameras)
                if (camera.enabled) expected += camera.streams.size();
        const auto count_recording = [&]() -> std::size_t {
            const auto found = status::load(status::status_path(site_.config.data));
            if (!found || found->written < since) return 0;
            for (const status::StreamStatus& stream : found->streams)
                if (stream.state == status::StreamState::recording && first_slug_.empty() &&
                    stream.stream == StreamKind::main)
                    first_slug_ = stream.camera_slug;
            return static_cast<std::size_t>(std::ranges::count(
                found->streams, status::StreamState::recording, &status::StreamStatus::state
            ));
        };
        std::size_t recording = 0;
        static_cast<void>(wait_until([&] { return (recording = count_recording()) >= expected; }, kReadyLimit)
        );
        if (supervisor_.is_stop_asked()) return;
        say("recorder   {} of {} streams recording", recording, expected);
        if (recording < expected)
            say("           `sluice status --config {}` says what the others do", site_.config_file.string());
    }

    /// The first seconds become durable with the window; before that there is nothing to download. 403:
    /// accounts have put the articles in force, and this machine's token opens no footage.
    void wait_for_footage(const std::string& token) {
        if (first_slug_.empty()) return;
        static_cast<void>(wait_until(
            [&] {
                const auto from = to_rfc3339(RealClock{}.now() - 1min);
                const auto code = probe(
                    base_url_, fmt::format("/v1/cameras/{}/clip.mp4?from={}", first_slug_, from), token
                );
                articles_in_force_ = code && *code == 403;
                return articles_in_force_ || (code && *code == 200);
            },
            kFootageLimit
        ));
    }

    void print_tour() const {
        const std::string slug = first_slug_.empty() ? "CAMERA" : first_slug_;
        const std::string ask = fmt::format(
            "curl -sS -H \"Authorization: Bearer $(cat {})\"", operator_token_file(site_.config.data).string()
        );
        say("\nThe API is at {}. Try, in another terminal:\n", base_url_);
        say("{} {}/v1/cameras", ask, base_url_);
        say("{} \"{}/v1/cameras/{}/coverage?from=$(date -ud '-5 min' +%FT%TZ)&to=$(date -u +%FT%TZ)\"",
            ask,
            base_url_,
            slug);
        if (articles_in_force_)
            say("\nThere are accounts, so the articles are in force: footage takes a request and a grant.\n");
        else
            say("{} -o clip.mp4 \"{}/v1/cameras/{}/clip.mp4?from=$(date -ud '-1 min' +%FT%TZ)\"\n",
                ask,
                base_url_,
                slug);
    }

    bool wait_until(const std::function<bool()>& done, std::chrono::seconds limit) {
        return supervisor_.run_until(done, SteadyClock::now() + limit);
    }

    Site site_;
    Users users_;
    Supervisor supervisor_;
    std::string base_url_;
    std::string first_slug_;  ///< of a camera that is being recorded
    bool articles_in_force_ = false;
};

}  // namespace

Status up(const Options& options) {
    auto users = find_users();
    if (!users) return std::unexpected(users.error());
    const auto programs = programs_folder();
    if (!programs) return std::unexpected(programs.error());
    if (options.is_dry_run) return dry_run(options, *users, *programs);

    auto site = load_site(options, *users);
    if (!site) return std::unexpected(site.error());
    const fs::path& data = site->config.data;
    if (auto made = make_data_folders(data, *users); !made) return made;
    if (auto readable = check_config_readable(*site, *users); !readable) return readable;
    const auto lock = take_lock(data / "locks" / "up.lock", "`sluice up`", data, 0644);
    if (!lock) return std::unexpected(lock.error());
    auto supervisor = Supervisor::make();
    if (!supervisor) return std::unexpected(supervisor.error());

    say("sluice {}  {}, data in {}",
        SLUICE_VERSION,
        site->is_demo ? "demo site" : site->config_file.string(),
        data.string());
    if (!users->is_separated)
        say("users      everything runs as {}: this guards against mistakes, not against that user",
            users->recorder.name);
    Start start{std::move(*site), std::move(*users), std::move(*supervisor)};
    return start.run(*programs);
}

}  // namespace sluice::up
