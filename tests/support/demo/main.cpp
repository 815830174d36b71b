// sluice-demo-cameras: four moving pictures with a burnt-in clock, served as a Dahua recorder would serve
// them.
#include "tests/support/demo/camera_paths.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <set>
#include <string>
#include <string_view>

#include <glib-unix.h>
#include <gst/gst.h>

namespace {

constexpr const char* kRole = "viewer";

struct Picture {
    int channel;
    const char* name;  ///< official name, burnt in
    const char* source;
};

// What moves must move in every frame, or the footage shows nothing; what does not move costs the encoder
// nothing.
constexpr std::array kPictures{
    Picture{1, "迎賓車道左側", "pattern=ball motion=wavy background-color=0xff20303c"},
    Picture{3, "一樓正門內側", "pattern=ball motion=sweep background-color=0xff3c2a20"},
    Picture{14, "地下停車場-汽車停放區", "pattern=smpte75 horizontal-speed=4"},
    Picture{16, "往地下停車場-樓梯間出入口", "pattern=ball motion=hsweep background-color=0xff20402c"},
};

struct Options {
    std::string address = "127.0.0.1";
    std::string port = "0";
    std::string user = "admin";
    std::string password_file;
    std::string password;
    std::set<int> channels;  ///< empty: all
};

constexpr const char* kUsage =
    "usage: sluice-demo-cameras [--address ADDRESS] [--port PORT] [--username USER] [--password-file FILE]\n"
    "                           [--channel N]...\n"
    "\n"
    "Serves rtsp://ADDRESS:PORT/cam/realmonitor?channel=N&subtype=S, N = 1 to 4, S = 0 (1280x720) or 1 "
    "(640x360),\n"
    "10 frames a second, over TCP and UDP. Port 0 (the default) takes a free one. With a password, from the "
    "file or\n"
    "from the environment variable SLUICE_DEMO_PASSWORD, it asks for USER (default: admin) by Digest. Prints "
    "one\n"
    "line when it is ready:\n"
    "  ready rtsp://ADDRESS:PORT\n";

/// Returns the exit code, or -1 to go on.
int parse(int count, char** arguments, Options& options) {
    for (int i = 1; i < count; ++i) {
        const std::string_view name = arguments[i];
        if (name == "--help") return std::fputs(kUsage, stdout), 0;
        if (name == "--version") return std::puts("sluice-demo-cameras " SLUICE_VERSION), 0;
        std::string channel;
        std::string* const value = name == "--address"         ? &options.address
                                   : name == "--port"          ? &options.port
                                   : name == "--username"      ? &options.user
                                   : name == "--password-file" ? &options.password_file
                                   : name == "--channel"       ? &channel
                                                               : nullptr;
        if (value == nullptr || i + 1 == count) return std::fputs(kUsage, stderr), 2;
        *value = arguments[++i];
        if (value != &channel) continue;
        const int number = std::atoi(channel.c_str());
        const auto has_number = [number](const Picture& picture) { return picture.channel == number; };
        if (std::ranges::none_of(kPictures, has_number)) return std::fputs(kUsage, stderr), 2;
        options.channels.insert(number);
    }
    return -1;
}

/// From the file (its first line) or the environment. The variable is taken away before any library starts
/// helpers that would inherit it.
bool read_password(Options& options) {
    if (const char* const password = std::getenv("SLUICE_DEMO_PASSWORD")) options.password = password;
    ::unsetenv("SLUICE_DEMO_PASSWORD");
    if (options.password_file.empty()) return true;
    std::ifstream file{options.password_file};
    if (std::getline(file, options.password) && !options.password.empty()) return true;
    std::fprintf(stderr, "sluice-demo-cameras: no password in %s\n", options.password_file.c_str());
    return false;
}

std::string launch_line(const Picture& picture, bool is_sub) {
    const std::string size = is_sub ? "width=640,height=360" : "width=1280,height=720";
    const std::string font = is_sub ? "14" : "22";
    const std::string bitrate = is_sub ? "400" : "1500";
    return "( videotestsrc is-live=true " + std::string{picture.source} + " ! video/x-raw,format=I420," +
           size +
           ",framerate=10/1 ! clockoverlay halignment=left valignment=top shaded-background=true "
           "font-desc=\"Noto "
           "Sans CJK TC, " +
           font + "\" time-format=\"" + picture.name +
           "  %Y-%m-%d %H:%M:%S\" ! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=20 threads=1 "
           "bitrate=" +
           bitrate +
           " ! video/x-h264,profile=constrained-baseline ! rtph264pay name=pay0 pt=96 config-interval=-1 )";
}

void add_pictures(GstRTSPMountPoints* mounts, const Options& options) {
    for (std::size_t i = 0; i < 2 * kPictures.size(); ++i) {
        const bool is_sub = i >= kPictures.size();
        const Picture& picture = kPictures[i % kPictures.size()];
        if (!options.channels.empty() && !options.channels.contains(picture.channel)) continue;
        GstRTSPMediaFactory* const factory = gst_rtsp_media_factory_new();
        gst_rtsp_media_factory_set_launch(factory, launch_line(picture, is_sub).c_str());
        gst_rtsp_media_factory_set_shared(factory, TRUE);
        if (!options.password.empty()) {
            gst_rtsp_media_factory_add_role(
                factory,
                kRole,
                GST_RTSP_PERM_MEDIA_FACTORY_ACCESS,
                G_TYPE_BOOLEAN,
                TRUE,
                GST_RTSP_PERM_MEDIA_FACTORY_CONSTRUCT,
                G_TYPE_BOOLEAN,
                TRUE,
                nullptr
            );
        }
        const std::string path = (is_sub ? "/sub/" : "/main/") + std::to_string(picture.channel);
        gst_rtsp_mount_points_add_factory(mounts, path.c_str(), factory);
    }
}

void ask_for_password(GstRTSPServer* server, const Options& options) {
    GstRTSPAuth* const auth = gst_rtsp_auth_new();
    gst_rtsp_auth_set_supported_methods(auth, GST_RTSP_AUTH_DIGEST);
    GstRTSPToken* const token =
        gst_rtsp_token_new(GST_RTSP_TOKEN_MEDIA_FACTORY_ROLE, G_TYPE_STRING, kRole, nullptr);
    gst_rtsp_auth_add_digest(auth, options.user.c_str(), options.password.c_str(), token);
    gst_rtsp_token_unref(token);
    gst_rtsp_server_set_auth(server, auth);
    g_object_unref(auth);
}

gboolean on_signal(gpointer loop) {
    g_main_loop_quit(static_cast<GMainLoop*>(loop));
    return G_SOURCE_REMOVE;
}

/// Sessions whose client went away without TEARDOWN keep their encoder running until they are swept.
gboolean sweep_sessions(gpointer server) {
    GstRTSPSessionPool* const pool = gst_rtsp_server_get_session_pool(static_cast<GstRTSPServer*>(server));
    gst_rtsp_session_pool_cleanup(pool);
    g_object_unref(pool);
    return G_SOURCE_CONTINUE;
}

int serve(const Options& options) {
    GMainLoop* const loop = g_main_loop_new(nullptr, FALSE);
    GstRTSPServer* const server = gst_rtsp_server_new();
    gst_rtsp_server_set_address(server, options.address.c_str());
    gst_rtsp_server_set_service(server, options.port.c_str());
    GstRTSPMountPoints* const mounts = sluice::demo::make_camera_paths();
    add_pictures(mounts, options);
    gst_rtsp_server_set_mount_points(server, mounts);
    g_object_unref(mounts);
    if (!options.password.empty()) ask_for_password(server, options);
    if (gst_rtsp_server_attach(server, nullptr) == 0) {
        std::fprintf(
            stderr,
            "sluice-demo-cameras: cannot listen on %s:%s; is the port in use?\n",
            options.address.c_str(),
            options.port.c_str()
        );
        return 1;
    }
    g_unix_signal_add(SIGTERM, on_signal, loop);
    g_unix_signal_add(SIGINT, on_signal, loop);
    g_timeout_add_seconds(10, sweep_sessions, server);
    std::printf("ready rtsp://%s:%d\n", options.address.c_str(), gst_rtsp_server_get_bound_port(server));
    std::fflush(stdout);
    g_main_loop_run(loop);
    g_object_unref(server);
    g_main_loop_unref(loop);
    return 0;
}

}  // namespace

int main(int count, char** arguments) {
    Options options;
    const int code = parse(count, arguments, options);
    if (code >= 0) return code;
    if (!read_password(options)) return 1;
    ::setenv("TZ", "Asia/Taipei", 1);
    gst_init(nullptr, nullptr);
    return serve(options);
}
