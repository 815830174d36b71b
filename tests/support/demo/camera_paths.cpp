#include "tests/support/demo/camera_paths.hpp"

#include <string>
#include <string_view>

namespace {

struct CameraPaths {
    GstRTSPMountPoints parent;
};
struct CameraPathsClass {
    GstRTSPMountPointsClass parent;
};

/// Value of a query's field, up to the next field or the control path that clients append behind the query.
std::string_view query_value(std::string_view query, std::string_view name) {
    const std::size_t at = query.find(name);
    if (at == std::string_view::npos) return {};
    const std::string_view value = query.substr(at + name.size());
    return value.substr(0, value.find_first_of("&/"));
}

/// Clients put the track's name behind the whole address, so it stands behind the query.
std::string_view control_suffix(std::string_view query) {
    const std::size_t at = query.find('/');
    if (at == std::string_view::npos || at + 1 == query.size()) return {};
    return query.substr(at);
}

gchar* make_path(GstRTSPMountPoints* /*mounts*/, const GstRTSPUrl* url) {
    const std::string_view path = url->abspath == nullptr ? "" : url->abspath;
    if (url->query == nullptr) return g_strdup(path.empty() ? "/" : url->abspath);
    const std::string_view query = url->query;
    const std::string kind = query_value(query, "subtype=") == "1" ? "/sub/" : "/main/";
    std::string mount = kind;
    mount += query_value(query, "channel=");
    mount += control_suffix(query);
    return g_strdup(mount.c_str());
}

void camera_paths_class_init(gpointer type_class, gpointer /*data*/) {
    GST_RTSP_MOUNT_POINTS_CLASS(type_class)->make_path = make_path;
}

}  // namespace

GstRTSPMountPoints* sluice::demo::make_camera_paths() {
    static const GType type = g_type_register_static_simple(
        GST_TYPE_RTSP_MOUNT_POINTS,
        "SluiceCameraPaths",
        sizeof(CameraPathsClass),
        camera_paths_class_init,
        sizeof(CameraPaths),
        nullptr,
        static_cast<GTypeFlags>(0)
    );
    return static_cast<GstRTSPMountPoints*>(g_object_new(type, nullptr));
}
