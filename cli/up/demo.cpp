#include "cli/up/demo.hpp"

#include "cli/up/probe.hpp"
#include "config/base/bytes.hpp"
#include "config/base/files.hpp"
#include "config/base/uuid.hpp"

#include <array>
#include <cstdint>
#include <cstdlib>

#include <unistd.h>

#include <fmt/core.h>

namespace sluice::up {
namespace {

namespace fs = std::filesystem;

struct DemoCamera {
    int channel;
    const char* slug;
    const char* name;
    const char* tag;
};
// Four of the first site's cameras under their official names.
constexpr std::array<DemoCamera, 4> kCameras{{
    {.channel = 1, .slug = "drive-left", .name = "迎賓車道左側", .tag = "vehicle"},
    {.channel = 3, .slug = "1f-main-inside", .name = "一樓正門內側", .tag = "entrance"},
    {.channel = 14, .slug = "parking-cars", .name = "地下停車場-汽車停放區", .tag = "parking"},
    {.channel = 16, .slug = "parking-stairs", .name = "往地下停車場-樓梯間出入口", .tag = "stairs"},
}};
constexpr std::size_t kPasswordBytes = 18;

fs::path environment_path(const char* name) {
    const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): one thread, at start
    return value == nullptr ? fs::path{} : fs::path{value};
}

Status write_password(const fs::path& file, const Users& users) {
    std::array<std::uint8_t, kPasswordBytes> random{};
    fill_random(random.data(), random.size());
    if (auto written = replace_file(file, to_hex(random) + "\n", 0640); !written) return written;
    if (users.is_separated && ::chown(file.c_str(), 0, users.recorder.gid) != 0)
        return errno_error(Remedy::operator_acts, "cannot give away " + file.string());
    return {};
}

}  // namespace

fs::path demo_data_folder() {
    if (process::is_root()) return "/var/lib/sluice-demo";
    const fs::path state = environment_path("XDG_STATE_HOME");
    return (state.is_absolute() ? state : environment_path("HOME") / ".local" / "state") / "sluice-demo";
}

fs::path demo_password_file(const fs::path& data) {
    return data / "demo.password";
}

std::string demo_configuration(const fs::path& data, DemoPorts ports) {
    std::string text = fmt::format(
        "# The demo site, written by `sluice up` on its first start. Yours to change.\n"
        "data = \"{0}\"\n\n"
        "[api]\nlisten = \"127.0.0.1:{1}\"\n\n"
        "[storage]\nvolumes = [\"{0}/volume1\"]\n\n"
        "[[recorders]]\nslug = \"demo\"\nname = \"Demo\"\nvendor = \"dahua\"\nhost = \"127.0.0.1\"\nport = "
        "{2}\n"
        "username = \"admin\"\npassword_file = \"{3}\"\n",
        data.string(),
        ports.api,
        ports.cameras,
        demo_password_file(data).string()
    );
    for (const DemoCamera& camera : kCameras) {
        text += fmt::format(
            "\n  [[recorders.cameras]]\n  slug = \"{}\"\n  name = \"{}\"\n  channel = {}\n  tags = "
            "[\"{}\"]\n",
            camera.slug,
            camera.name,
            camera.channel,
            camera.tag
        );
    }
    return text;
}

Result<fs::path> ensure_demo(const fs::path& data, const Users& users) {
    std::error_code code;
    const fs::path password = demo_password_file(data);
    if (!fs::exists(password, code))
        if (auto written = write_password(password, users); !written) return std::unexpected(written.error());
    fs::path file = data / "sluice.toml";
    if (fs::exists(file, code)) return file;
    const auto api = find_free_port(8080);
    if (!api) return std::unexpected(api.error());
    const auto cameras = find_free_port(8554);
    if (!cameras) return std::unexpected(cameras.error());
    const std::string text = demo_configuration(data, {.api = *api, .cameras = *cameras});
    if (auto written = replace_file(file, text, 0644); !written) return std::unexpected(written.error());
    return file;
}

}  // namespace sluice::up
