#include "cli/huimin_commands.hpp"
#include "cli/process/os_user.hpp"
#include "config/load.hpp"
#include "storage/catalogue/conninfo.hpp"
#include "storage/catalogue/contractor_repository.hpp"
#include "storage/catalogue/policy_repository.hpp"
#include "storage/contractor/camera_part.hpp"
#include "storage/contractor/limited_process.hpp"
#include "storage/contractor/situation.hpp"
#include "storage/contractor/survey_words.hpp"

#include <chrono>
#include <cstdio>
#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace sluice::cli {
namespace {

namespace fs = std::filesystem;
using catalogue::AnnouncedState;
using catalogue::ContractorCamera;
using nlohmann::json;

constexpr std::chrono::seconds kRecorderLimit{20};

struct Desk {
    Desk(config::Config loaded, fs::path file)
        : config(std::move(loaded)),
          config_file(std::move(file)),
          pool(catalogue::conninfo_of(config, "sluice_super"), 1) {}
    config::Config config;
    fs::path config_file;
    catalogue::Pool pool;
    RealClock clock;
};

Result<std::unique_ptr<Desk>> open_desk(const fs::path& file) {
    auto loaded = config::load_or_explain(file, config::Secrets::database_only);
    if (!loaded) return std::unexpected(loaded.error());
    return std::make_unique<Desk>(std::move(*loaded), file);
}

Result<ContractorCamera> get_camera(Desk& desk, const std::string& slug) {
    auto camera = catalogue::find_contractor_camera(desk.pool, slug);
    if (!camera) return std::unexpected(camera.error());
    if (!*camera)
        return failure(
            Remedy::refuse,
            "nobody has announced a camera \"" + slug + "\"; `sluice huimin list` shows those that are"
        );
    return std::move(**camera);
}

/// The part belongs to the recorder's user, who reads it; an ordinary user is that user.
std::optional<contractor::PartOwner> owner_of_part() {
    if (!process::is_root()) return std::nullopt;
    const auto user = process::find_user(process::kRecorderUser);
    if (!user || !*user) return std::nullopt;
    return contractor::PartOwner{.uid = (*user)->uid, .gid = (*user)->gid};
}

Result<contractor::Configured> write_part(Desk& desk) {
    return contractor::write_part(
        {.pool = desk.pool,
         .config_file = desk.config_file,
         .data = desk.config.data,
         .clock = desk.clock,
         .owner = owner_of_part()}
    );
}

Status decide(Desk& desk, ContractorCamera& camera, const char* action, const json& facts) {
    const ledger::Actor actor = process::operator_here();
    camera.decided = desk.clock.now();
    camera.decider = actor.name;
    const ledger::Act act{
        .action = action,
        .actor = actor,
        .subject = {.kind = "contractor_camera", .id = to_string(camera.id)},
        .facts = facts.dump(-1, ' ', false, json::error_handler_t::replace),
    };
    const auto decided = catalogue::decide_camera(desk.pool, camera, act, std::nullopt);
    if (!decided) return std::unexpected(decided.error());
    if (!*decided) return failure(Remedy::refuse, "the announcement was changed meanwhile; look at it again");
    return {};
}

std::string or_dash(const std::optional<UtcTime>& time) {
    return time ? to_rfc3339(*time) : "-";
}

}  // namespace

Status list_huimin(const fs::path& config, bool is_json) {
    auto desk = open_desk(config);
    if (!desk) return std::unexpected(desk.error());
    const auto cameras = catalogue::load_contractor_cameras((*desk)->pool, std::nullopt);
    if (!cameras) return std::unexpected(cameras.error());
    json all = json::array();
    for (const ContractorCamera& camera : *cameras) {
        if (is_json)
            all.push_back({
                {"slug", camera.slug},
                {"name", camera.name},
                {"place", camera.place},
                {"url", camera.url},
                {"state", to_string(camera.state)},
                {"in_force", camera.in_force.has_value()},
                {"last_footage", or_dash(camera.last_footage)},
            });
        else
            fmt::print(
                "{:<9} {}  {}  {}  {}  last footage {}\n",
                to_string(camera.state),
                camera.slug,
                camera.name,
                camera.place,
                camera.url.empty() ? "pushes clips" : camera.url,
                or_dash(camera.last_footage)
            );
    }
    if (is_json) fmt::print("{}\n", all.dump(-1, ' ', false, json::error_handler_t::replace));
    return {};
}

Status list_huimin_findings(const fs::path& config) {
    auto desk = open_desk(config);
    if (!desk) return std::unexpected(desk.error());
    const auto history = catalogue::load_policy_history((*desk)->pool);
    if (!history) return std::unexpected(history.error());
    const UtcTime now = (*desk)->clock.now();
    const auto situation = contractor::load_situation((*desk)->pool);
    if (!situation) return std::unexpected(situation.error());
    const auto open =
        contractor::find_open(*situation, policy::in_force(*history, now).policy.contractor, now);
    for (const contractor::Finding& finding : open)
        fmt::print(
            "{} {} since {}: {}\n",
            contractor::to_string(finding.kind),
            finding.subject,
            to_rfc3339(finding.since),
            finding.detail
        );
    if (open.empty()) return {};
    return failure(Remedy::refuse, fmt::format("{} findings are open", open.size()));
}

Status accept_huimin(const fs::path& config, const std::string& slug) {
    auto desk = open_desk(config);
    if (!desk) return std::unexpected(desk.error());
    auto camera = get_camera(**desk, slug);
    if (!camera) return std::unexpected(camera.error());
    if (camera->state == AnnouncedState::refused)
        return failure(Remedy::refuse, "it was refused; the contractor has to announce it again");
    if (const auto refusal = contractor::judge_acceptance(camera->url, (*desk)->config.huimin.allow_hosts))
        return failure(Remedy::refuse, refusal->detail, refusal->code);
    const bool is_news = camera->state != AnnouncedState::accepted;
    camera->in_force = {.name = camera->name, .place = camera->place, .url = camera->url};
    camera->state = AnnouncedState::accepted;
    camera->reason.clear();
    const json facts{
        {"slug", camera->slug}, {"name", camera->name}, {"place", camera->place}, {"url", camera->url}
    };
    if (is_news)
        if (auto done = decide(**desk, *camera, "contractor_camera.accepted", facts); !done) return done;
    const auto written = write_part(**desk);
    if (!written) return std::unexpected(written.error());
    const fs::path part = contractor::part_path((*desk)->config_file);
    if (!written->is_recorder_told) {
        fmt::print("{} is in {}; no recorder runs, it is read at its start\n", slug, part.string());
        return {};
    }
    const auto known = contractor::await_camera(
        (*desk)->pool, slug, std::chrono::steady_clock::now() + kRecorderLimit, [] { return true; }
    );
    if (!known) return std::unexpected(known.error());
    if (!*known)
        return failure(
            Remedy::operator_acts,
            fmt::format(
                "{} is written, and the recorder does not know {} yet; its log says whether it refused the "
                "file",
                part.string(),
                slug
            )
        );
    fmt::print("{} is in {}, and the recorder has it\n", slug, part.string());
    return {};
}

Status refuse_huimin(const fs::path& config, const std::string& slug, const std::string& reason) {
    if (reason.empty()) return failure(Remedy::refuse, "--reason must not be empty");
    auto desk = open_desk(config);
    if (!desk) return std::unexpected(desk.error());
    auto camera = get_camera(**desk, slug);
    if (!camera) return std::unexpected(camera.error());
    camera->in_force.reset();
    camera->state = AnnouncedState::refused;
    camera->reason = reason;
    if (auto done = decide(
            **desk, *camera, "contractor_camera.refused", {{"slug", camera->slug}, {"reason", reason}}
        );
        !done)
        return done;
    const auto written = write_part(**desk);
    if (!written) return std::unexpected(written.error());
    fmt::print("{} is refused; {} cameras of the contractor are in force\n", slug, written->cameras);
    return {};
}

Status survey_clip(const fs::path& file, std::uint32_t cpu_seconds) {
    contractor::limit_this_process(std::chrono::seconds{cpu_seconds});
    fmt::print("{}", contractor::to_words(contractor::survey(file, [] { return true; })));
    if (std::fflush(stdout) != 0) return errno_error(Remedy::operator_acts, "cannot say what was found");
    return {};
}

}  // namespace sluice::cli
