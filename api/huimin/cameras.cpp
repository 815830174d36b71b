#include "api/acts.hpp"
#include "api/bodiless.hpp"
#include "api/huimin/detail/common.hpp"
#include "config/base/slug.hpp"
#include "config/hosts.hpp"

#include <chrono>

#include <nlohmann/json.hpp>

namespace sluice::api::huimin {

using catalogue::AnnouncedState;
using catalogue::CameraSecret;
using catalogue::ContractorCamera;
using nlohmann::json;

namespace {

constexpr std::size_t kLongestUrl = 1000;
constexpr std::size_t kMostHealthWords = 500;
constexpr std::string_view kContractorOwner = "huimin";  // as the part of the configuration says it

/// What an announcement says, and the credentials apart from it.
struct Announcement {
    std::string name;
    std::string place;
    std::string url;
    std::optional<UtcTime> installed;
    std::optional<CameraSecret> secret;
};

Got<void> read_url(const Body& body, Announcement& said) {
    const auto url = body.text("url", kLongestUrl);
    if (!url) return std::unexpected(url.error());
    if (url->empty()) return {};
    // The address itself is not repeated in the answer: it may hold a password.
    const auto address = config::parse_rtsp_address(*url);
    if (!address)
        return std::unexpected(unfit_member(
            "url",
            "URL_NOT_FIT",
            "Must be rtsp://HOST[:PORT]/PATH or rtsps://…; user and password percent-encoded before the host."
        ));
    if (address->username.empty() != address->password.empty())
        return std::unexpected(
            unfit_member("url", "URL_NOT_FIT", "User and password go together: give both or neither.")
        );
    said.url = address->bare;
    if (!address->username.empty()) said.secret = CameraSecret{address->username, address->password};
    return {};
}

Got<Announcement> read_announcement(const Call& call) {
    const auto body = Body::parse(call.request, {"name", "place", "covers_public_area", "url", "installed"});
    if (!body) return std::unexpected(body.error());
    Announcement said;
    auto name = body->required_text("name", kLongestName);
    if (!name) return std::unexpected(name.error());
    auto place = body->required_text("place", kLongestName);
    if (!place) return std::unexpected(place.error());
    const auto installed = body->time("installed");
    if (!installed) return std::unexpected(installed.error());
    const std::string covers = body->raw("covers_public_area");
    if (covers.empty())
        return std::unexpected(unfit_member("covers_public_area", "MEMBER_MISSING", "Must be given."));
    if (covers != "true" && covers != "false")
        return std::unexpected(bad_member("covers_public_area", "Must be true or false."));
    if (const auto refusal = contractor::judge_announcement(covers == "true"))
        return std::unexpected(to_problem_of(*refusal, 403));
    said.name = std::move(*name);
    said.place = std::move(*place);
    said.installed = *installed;
    if (auto read = read_url(*body, said); !read) return std::unexpected(read.error());
    return said;
}

json facts_of(const ContractorCamera& camera, bool has_credentials) {
    return {
        {"slug", camera.slug},
        {"name", camera.name},
        {"place", camera.place},
        {"url", camera.url},
        {"has_credentials", has_credentials},
        {"installed", camera.installed ? json(to_rfc3339(*camera.installed)) : json(nullptr)},
    };
}

ledger::Act
camera_act(const Call& call, std::string action, const ContractorCamera& camera, const json& facts) {
    return act_on(call, std::move(action), "contractor_camera", to_string(camera.id), facts);
}

std::expected<ContractorCamera, http::Problem> get_announced(const Call& call) {
    auto found = catalogue::find_contractor_camera(call.services.database.pool(), call.variables.front());
    if (!found) return std::unexpected(to_problem(found.error()));
    if (!*found || !may_see(call, (*found)->principal_id))
        return std::unexpected(problem(404, "CAMERA_NOT_FOUND", "No announced camera has this slug."));
    return std::move(**found);
}

Answer answer_camera(const Call& call, unsigned status) {
    const auto camera = get_announced(call);
    if (!camera) return std::unexpected(camera.error());
    return fresh(status, camera_json(*camera));
}

http::Problem overtaken() {
    return problem(409, "CAMERA_CHANGED", "The announcement was changed at the same time; read it again.");
}

/// A camera of the house's own configuration is nobody's to announce. One that stands there as the
/// contractor's is: a catalogue that was made again from files knows nothing of its announcement.
Got<void> check_slug_is_free(const Call& call, const std::string& slug) {
    const auto known = call.services.cameras.find(call.services.database.pool(), slug);
    if (!known) return std::unexpected(to_problem(known.error()));
    if (!*known || (*known)->camera.owner == kContractorOwner) return {};
    return std::unexpected(problem(409, "SLUG_TAKEN", "Another camera has this slug; choose one of your own.")
    );
}

Answer announce_first(const Call& call, const Announcement& said) {
    const std::string& slug = call.variables.front();
    if (auto is_free = check_slug_is_free(call, slug); !is_free) return std::unexpected(is_free.error());
    ContractorCamera camera;
    camera.id = make_uuid_v7(call.now);
    camera.principal_id = call.principal->id;
    camera.slug = slug;
    camera.name = said.name;
    camera.place = said.place;
    camera.url = said.url;
    camera.installed = said.installed;
    camera.announced = camera.changed = call.now;
    const auto made = catalogue::announce_camera(
        call.services.database.pool(),
        camera,
        said.secret,
        camera_act(call, "contractor_camera.announced", camera, facts_of(camera, said.secret.has_value()))
    );
    if (!made) return std::unexpected(act_problem(made.error()));
    if (!*made) return std::unexpected(overtaken());
    return answer_camera(call, 201);
}

/// What writes decisions and credentials into the recorder's configuration.
catalogue::NewJob configure_job(const Call& call) {
    return {
        .id = make_uuid_v7(call.now),
        .kind = catalogue::JobKind::configure,
        .same_work = "configure",
        .principal_id = call.principal->id,
        .principal = call.principal->name,
        .role = actor_of(call).role,
    };
}

/// The same again changes nothing. New credentials of what is in force go to the recorder: its host is the
/// one that was accepted.
Answer announce_again(const Call& call, ContractorCamera camera, const Announcement& said) {
    catalogue::Pool& pool = call.services.database.pool();
    const bool is_same = camera.name == said.name && camera.place == said.place && camera.url == said.url &&
                         camera.installed == said.installed && camera.state != AnnouncedState::refused;
    if (is_same && !said.secret) return fresh(200, camera_json(camera));
    camera.changed = call.now;
    const auto act = [&](const char* action) {
        return camera_act(call, action, camera, facts_of(camera, said.secret.has_value()));
    };
    if (is_same && camera.state == AnnouncedState::accepted) {
        const auto renewed = catalogue::renew_camera_secret(
            pool, camera, *said.secret, act("contractor_camera.credentials"), configure_job(call)
        );
        if (!renewed) return std::unexpected(act_problem(renewed.error()));
        return answer_camera(call, 200);
    }
    camera.name = said.name;
    camera.place = said.place;
    camera.url = said.url;
    camera.installed = said.installed;
    const auto changed =
        catalogue::change_announcement(pool, camera, said.secret, act("contractor_camera.changed"));
    if (!changed) return std::unexpected(act_problem(changed.error()));
    if (!*changed) return std::unexpected(overtaken());
    return answer_camera(call, 200);
}

/// Another machine's camera is nobody's else, as long as that machine's account is good. Gives the camera as
/// its own.
std::expected<ContractorCamera, http::Problem> take_over(const Call& call, const ContractorCamera& camera) {
    catalogue::Pool& pool = call.services.database.pool();
    const json facts{{"slug", camera.slug}, {"former", to_string(camera.principal_id)}};
    const auto taken = catalogue::take_over_camera(
        pool,
        camera.id,
        call.principal->id,
        camera_act(call, "contractor_camera.taken_over", camera, facts),
        call.now
    );
    if (!taken) return std::unexpected(act_problem(taken.error()));
    if (!*taken)
        return std::unexpected(
            problem(409, "SLUG_TAKEN", "Another camera has this slug; choose one of your own.")
        );
    return get_announced(call);
}

Answer announce(const Call& call) {
    const std::string& slug = call.variables.front();
    if (!is_slug(slug))
        return std::unexpected(
            unfit_parameter("slug", "SLUG_NOT_FIT", "1 to 63 letters a-z, digits and dashes inside.")
        );
    const auto said = read_announcement(call);
    if (!said) return std::unexpected(said.error());
    auto known = catalogue::find_contractor_camera(call.services.database.pool(), slug);
    if (!known) return std::unexpected(to_problem(known.error()));
    if (!*known) return announce_first(call, *said);
    if ((*known)->principal_id == call.principal->id) return announce_again(call, std::move(**known), *said);
    auto own = take_over(call, **known);
    if (!own) return std::unexpected(own.error());
    return announce_again(call, std::move(*own), *said);
}

Answer list(const Call& call) {
    const auto cameras =
        catalogue::load_contractor_cameras(call.services.database.pool(), seen_principal(call));
    if (!cameras) return std::unexpected(to_problem(cameras.error()));
    std::vector<std::string> items;
    for (const ContractorCamera& camera : *cameras)
        items.push_back(camera_json(camera));
    return fresh(200, list_json(items));
}

Answer read(const Call& call) {
    return answer_camera(call, 200);
}

/// The row says what was decided; the worker's job writes it into the recorder's configuration.
Answer decide(const Call& call, ContractorCamera camera, const char* action, const json& facts) {
    camera.decided = call.now;
    camera.decider = call.principal->name;
    const auto decided = catalogue::decide_camera(
        call.services.database.pool(), camera, camera_act(call, action, camera, facts), configure_job(call)
    );
    if (!decided) return std::unexpected(act_problem(decided.error()));
    if (!*decided) return std::unexpected(overtaken());
    return answer_camera(call, 202);
}

Answer accept(const Call& call) {
    auto camera = get_announced(call);
    if (!camera) return std::unexpected(camera.error());
    if (camera->state == AnnouncedState::refused)
        return std::unexpected(
            problem(409, "CAMERA_REFUSED", "It was refused; the contractor has to announce it again.")
        );
    const auto refusal = contractor::judge_acceptance(camera->url, call.services.config.huimin.allow_hosts);
    if (refusal) return std::unexpected(to_problem_of(*refusal, 409));
    camera->in_force = {.name = camera->name, .place = camera->place, .url = camera->url};
    camera->state = AnnouncedState::accepted;
    camera->reason.clear();
    return decide(call, *camera, "contractor_camera.accepted", facts_of(*camera, false));
}

Answer refuse(const Call& call) {
    const auto body = Body::parse(call.request, {"reason"});
    if (!body) return std::unexpected(body.error());
    const auto reason = body->required_text("reason", 2000);
    if (!reason) return std::unexpected(reason.error());
    auto camera = get_announced(call);
    if (!camera) return std::unexpected(camera.error());
    camera->in_force.reset();
    camera->state = AnnouncedState::refused;
    camera->reason = *reason;
    return decide(call, *camera, "contractor_camera.refused", {{"slug", camera->slug}, {"reason", *reason}});
}

/// "cameras" of a heartbeat.
Got<std::vector<catalogue::HealthWord>> read_words(const Body& body) {
    std::vector<catalogue::HealthWord> words;
    const json cameras = body.has("cameras") ? json::parse(body.raw("cameras")) : json::array();
    if (!cameras.is_array()) return std::unexpected(bad_member("cameras", "Must be a list of objects."));
    if (cameras.size() > kMostHealthWords)
        return std::unexpected(unfit_member("cameras", "LIST_TOO_LONG", "At most 500 elements."));
    for (const json& one : cameras) {
        const auto text = [&one](const char* name) {
            const auto found = one.find(name);
            return found != one.end() && found->is_string() ? found->get<std::string>() : std::string{};
        };
        if (!one.is_object()) return std::unexpected(bad_member("cameras", "Must be a list of objects."));
        for (const auto& [name, ignored] : one.items())
            if (name != "slug" && name != "health" && name != "detail" && name != "last_recorded")
                return std::unexpected(
                    bad_member("cameras", "An element has slug, health, detail and last_recorded.")
                );
        const auto health = catalogue::camera_health_from(text("health"));
        if (!health)
            return std::unexpected(bad_member("cameras", "health must be ok, degraded, down or unknown."));
        catalogue::HealthWord word{
            .slug = text("slug"),
            .health = *health,
            .detail = text("detail").substr(0, 500),
            .last_recorded = {}
        };
        if (const std::string time = text("last_recorded"); !time.empty()) {
            const auto parsed = from_rfc3339(time);
            if (!parsed) return std::unexpected(bad_member("cameras", "last_recorded must be a time."));
            word.last_recorded = *parsed;
        }
        words.push_back(std::move(word));
    }
    return words;
}

Answer heartbeat(const Call& call) {
    const auto body = Body::parse(call.request, {"at", "software", "cameras"});
    if (!body) return std::unexpected(body.error());
    const auto said = body->required_time("at");
    if (!said) return std::unexpected(said.error());
    auto software = body->text("software", kLongestName);
    if (!software) return std::unexpected(software.error());
    const auto words = read_words(*body);
    if (!words) return std::unexpected(words.error());
    const catalogue::Heartbeat beat{
        .principal_id = call.principal->id,
        .said = *said,
        .received = call.now,
        .software = std::move(*software)
    };
    const auto unknown = catalogue::save_heartbeat(call.services.database.pool(), beat, *words);
    if (!unknown) return std::unexpected(to_problem(unknown.error()));
    const auto offset = std::chrono::duration_cast<std::chrono::milliseconds>(*said - call.now);
    return fresh(
        200,
        json{
            {"received", to_rfc3339(call.now)},
            {"clock_offset_ms", offset.count()},
            {"unknown_cameras", *unknown},
        }
            .dump(-1, ' ', false, json::error_handler_t::replace)
    );
}

}  // namespace

void add_camera_routes(Routes& routes) {
    const std::string cameras = std::string{kBase} + "/cameras";
    routes.push_back(make_route("GET", cameras, Action::read_contractor, {}, list));
    routes.push_back(make_route("GET", cameras + "/{slug}", Action::read_contractor, {}, read));
    routes.push_back(make_route("PUT", cameras + "/{slug}", Action::announce_camera, {}, announce));
    routes.push_back(
        make_route("POST", cameras + "/{slug}/accept", Action::decide_contractor_camera, {}, bodiless(accept))
    );
    routes.push_back(
        make_route("POST", cameras + "/{slug}/refuse", Action::decide_contractor_camera, {}, refuse)
    );
    routes.push_back(
        make_route("POST", std::string{kBase} + "/heartbeat", Action::send_heartbeat, {}, heartbeat)
    );
}

}  // namespace sluice::api::huimin
