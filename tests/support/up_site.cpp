#include "tests/support/up_site.hpp"

#include "cli/up/probe.hpp"
#include "config/base/files.hpp"
#include "storage/catalogue/pool.hpp"
#include "tests/support/demand.hpp"

#include <regex>

#include <sys/stat.h>

#include <fmt/format.h>

namespace sluice::test {
namespace {

constexpr std::chrono::seconds kStartLimit{120};

/// mkdtemp closes the folder to everybody else, the service users too.
std::filesystem::path make_reachable(const std::filesystem::path& folder) {
    demand(::chmod(folder.c_str(), 0755) == 0, "cannot open " + folder.string());
    return folder;
}

}  // namespace

UpSite::UpSite(const std::vector<FarmCamera>& cameras)
    : farm_(make_reachable(folder_.path()) / "farm", cameras) {
    const auto port = up::find_free_port(0);
    demand(port.has_value(), "no free port");
    port_ = *port;
    std::string text = fmt::format(
        "data = \"{0}\"\n[api]\nlisten = \"127.0.0.1:{1}\"\n[storage]\nvolumes = [\"{2}\"]\nsegment = "
        "\"5s\"\n"
        "durability_window = \"500ms\"\n[[recorders]]\nslug = \"lobby\"\n",
        data().string(),
        port_,
        volume().string()
    );
    for (const FarmCamera& camera : cameras)
        text += fmt::format(
            "  [[recorders.cameras]]\n  slug = \"{0}\"\n  name = \"大廳 {0}\"\n  url = \"{1}\"\n",
            camera.name,
            farm_.url(camera.name)
        );
    demand(replace_file(config(), text, 0644).has_value(), "cannot write " + config().string());
}

Process UpSite::start() const {
    auto process =
        Process::start({SLUICE_BIN_DIR "/sluice", "up", "--config", config().string()}, {.log = log()});
    demand(process.has_value(), "cannot start sluice up");
    const auto line = process->wait_for_line("Recording. Ctrl-C", kStartLimit);
    demand(line.has_value(), "sluice up does not record:\n" + process->output());
    return std::move(*process);
}

volume::Installation UpSite::installation() const {
    const auto found = volume::load_installation(data());
    demand(found && *found, "no installation in " + data().string());
    return **found;
}

std::string UpSite::operator_token() const {
    const auto text = read_text_file(data() / "tokens" / "operator.token", 4096);
    demand(text.has_value(), "no operator's token");
    return text->substr(0, text->find('\n'));
}

std::optional<status::RecorderStatus> UpSite::status() const {
    auto loaded = status::load(status::status_path(data()));
    return loaded ? std::optional{std::move(*loaded)} : std::nullopt;
}

std::string UpSite::conninfo(const std::string& role) const {
    return catalogue::embedded_conninfo(data(), role);
}

std::vector<pid_t> pids_of(const std::string& log, const std::string& service) {
    std::vector<pid_t> result;
    const std::regex started{R"("service_started","service":")" + service + R"(","pid":(\d+))"};
    for (auto at = std::sregex_iterator{log.begin(), log.end(), started}; at != std::sregex_iterator{}; ++at)
        result.push_back(std::stoi((*at)[1]));
    return result;
}

}  // namespace sluice::test
