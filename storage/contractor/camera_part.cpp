#include "storage/contractor/camera_part.hpp"

#include "config/base/files.hpp"
#include "config/base/log.hpp"
#include "config/load.hpp"
#include "storage/catalogue/contractor_clip_repository.hpp"
#include "storage/status/recorder_status.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <thread>

#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace sluice::contractor {
namespace {

namespace fs = std::filesystem;

constexpr unsigned kPrivate = 0600;
constexpr std::size_t kMostPart = 4U << 20U;
constexpr std::size_t kMostSecret = 4096;
constexpr std::chrono::seconds kStatusOld{10};
constexpr std::chrono::milliseconds kNap{200};

/// A TOML basic string.
std::string toml_text(std::string_view text) {
    std::string out = "\"";
    for (const char letter : text) {
        const auto byte = static_cast<unsigned char>(letter);
        if (letter == '"' || letter == '\\')
            out += std::string{"\\"} + letter;
        else if (byte < 0x20 || byte == 0x7f)
            out += fmt::format("\\u{:04X}", unsigned{byte});
        else
            out += letter;
    }
    return out + '"';
}

fs::path secrets_folder(const fs::path& config_file) {
    return config_file.parent_path() / "conf.d" / "huimin";
}

Status give(const fs::path& path, const std::optional<PartOwner>& owner) {
    if (!owner || ::lchown(path.c_str(), owner->uid, owner->gid) == 0) return {};
    return errno_error(Remedy::operator_acts, "cannot give away " + path.string());
}

Status
write_private(const fs::path& path, const std::string& content, const std::optional<PartOwner>& owner) {
    if (auto written = replace_file(path, content, kPrivate); !written) return written;
    return give(path, owner);
}

Status make_folder(const fs::path& folder, const std::optional<PartOwner>& owner) {
    if (::mkdir(folder.c_str(), 0700) == 0) return give(folder, owner);
    if (errno == EEXIST) return {};
    return errno_error(
        Remedy::operator_acts,
        "cannot make " + folder.string() +
            ": run `sluice huimin accept` as root, or let this user write there"
    );
}

/// What waits in the catalogue goes into files; nullopt: nothing does.
Status write_secret(const Configuring& tools, const catalogue::ContractorCamera& camera) {
    const auto secret = catalogue::find_camera_secret(tools.pool, camera.id);
    if (!secret) return std::unexpected(secret.error());
    if (!*secret) return {};
    const fs::path folder = secrets_folder(tools.config_file);
    if (auto made = make_folder(folder, tools.owner); !made) return made;
    const auto file = [&](const char* ending) { return folder / (camera.slug + ending); };
    if (auto done = write_private(file(".user"), (*secret)->username + "\n", tools.owner); !done) return done;
    return write_private(file(".password"), (*secret)->password + "\n", tools.owner);
}

/// Of a camera that is not in force: nobody needs them. Not there is fine; what can't be removed is told.
void drop_secret_files(const fs::path& config_file, const std::string& slug) {
    for (const char* ending : {".user", ".password"}) {
        const fs::path file = secrets_folder(config_file) / (slug + ending);
        if (::unlink(file.c_str()) != 0 && errno != ENOENT)
            log_and_drop(
                errno_error(Remedy::operator_acts, "cannot remove " + file.string()), "remove it by hand"
            );
    }
}

std::string username_of(const fs::path& config_file, const std::string& slug) {
    auto text = read_text_file(secrets_folder(config_file) / (slug + ".user"), kMostSecret);
    if (!text) return {};
    while (text->ends_with('\n'))
        text->pop_back();
    return std::move(*text);
}

/// The old part again, or none: what the recorder runs on stays what it was.
Status put_back(const Configuring& tools, const Result<std::string>& old) {
    const fs::path part = part_path(tools.config_file);
    if (old) return write_private(part, *old, tools.owner);
    if (::unlink(part.c_str()) == 0 || errno == ENOENT) return {};
    return errno_error(Remedy::operator_acts, "cannot take away " + part.string());
}

Status check_whole(const fs::path& config_file) {
    const auto loaded = config::load(config_file, config::Secrets::database_only);
    const auto wrong = std::ranges::find(loaded.problems, false, &config::Problem::is_warning);
    if (wrong == loaded.problems.end()) return {};
    return failure(Remedy::refuse, wrong->describe(), "CONFIGURATION_REFUSED");
}

bool tell_recorder(const Configuring& tools) {
    const auto status = status::load(status::status_path(tools.data));
    if (!status || status->pid <= 1) return false;
    if (std::chrono::abs(tools.clock.now() - status->written) > kStatusOld) return false;
    return ::kill(static_cast<pid_t>(status->pid), SIGHUP) == 0;
}

}  // namespace

fs::path part_path(const fs::path& config_file) {
    return config_file.parent_path() / "conf.d" / "huimin.toml";
}

std::string render_part(std::span<const PartCamera> cameras) {
    std::string text =
        "# Cameras of the contractor that the bureau has accepted. Written by `sluice huimin accept` and by "
        "the\n"
        "# worker; what is changed here by hand is gone at the next acceptance.\n";
    for (const PartCamera& camera : cameras) {
        text += "\n[[recorders]]\nslug = " + toml_text(camera.slug) +
                "\nname = " + toml_text(camera.accepted.name) + "\n";
        if (!camera.username.empty())
            text += "username = " + toml_text(camera.username) +
                    "\npassword_file = " + toml_text("huimin/" + camera.slug + ".password") + "\n";
        text += "\n  [[recorders.cameras]]\n  slug = " + toml_text(camera.slug) +
                "\n  name = " + toml_text(camera.accepted.name) +
                "\n  zone = " + toml_text(camera.accepted.place) +
                "\n  tags = [\"huimin\"]\n  owner = \"huimin\"\n";
        text += camera.accepted.url.empty() ? "  pushed = true\n"
                                            : "  url = " + toml_text(camera.accepted.url) + "\n";
    }
    return text;
}

Result<Configured> write_part(const Configuring& tools) {
    const auto cameras = catalogue::load_contractor_cameras(tools.pool, std::nullopt);
    if (!cameras) return std::unexpected(cameras.error());
    const fs::path part = part_path(tools.config_file);
    std::error_code ignored;
    fs::create_directory(part.parent_path(), ignored);  // the write below says what is wrong
    std::vector<PartCamera> wanted;
    for (const catalogue::ContractorCamera& camera : *cameras) {
        if (!camera.in_force) {
            drop_secret_files(tools.config_file, camera.slug);
            continue;
        }
        // Credentials of a change that is still a proposal wait with it.
        if (camera.state == catalogue::AnnouncedState::accepted)
            if (auto written = write_secret(tools, camera); !written) return std::unexpected(written.error());
        wanted.push_back({camera.slug, *camera.in_force, username_of(tools.config_file, camera.slug)});
    }
    const auto old = read_text_file(part, kMostPart);
    if (auto written = write_private(part, render_part(wanted), tools.owner); !written)
        return std::unexpected(written.error());
    if (auto good = check_whole(tools.config_file); !good) {
        if (auto back = put_back(tools, old); !back) return std::unexpected(back.error());
        return std::unexpected(good.error());
    }
    for (const catalogue::ContractorCamera& camera : *cameras)
        if (camera.state != catalogue::AnnouncedState::proposed)
            if (auto dropped = catalogue::drop_camera_secret(tools.pool, camera.id); !dropped)
                return std::unexpected(dropped.error());
    Configured done{.cameras = wanted.size(), .is_recorder_told = tell_recorder(tools)};
    log::info(
        "contractor_cameras_configured",
        {{"path", part.string()}, {"cameras", done.cameras}, {"recorder_told", done.is_recorder_told}}
    );
    return done;
}

Result<bool> await_camera(
    catalogue::Pool& pool,
    const std::string& slug,
    Deadline deadline,
    const std::function<bool()>& go_on
) {
    for (;;) {
        const auto target = catalogue::find_import_target(pool, slug);
        if (!target) return std::unexpected(target.error());
        if (*target) return true;
        if (std::chrono::steady_clock::now() >= deadline || !go_on()) return false;
        std::this_thread::sleep_for(kNap);
    }
}

}  // namespace sluice::contractor
