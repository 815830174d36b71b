#pragma once

#include <gst/rtsp-server/rtsp-server.h>

namespace sluice::demo {

/// Mount points that understand Dahua's addresses: /cam/realmonitor?channel=N&subtype=S is mount /main/N (S =
/// 0) or /sub/N (S = 1). Any other path stays as it is. The caller owns the reference.
GstRTSPMountPoints* make_camera_paths();

}  // namespace sluice::demo
