#include "config/config.hpp"

#include <fmt/format.h>

namespace sluice::config {

std::string rtsp_url(const Recorder& recorder, const Camera& camera, StreamKind stream) {
    switch (recorder.vendor) {
        case Vendor::generic:
            return stream == StreamKind::main ? camera.url : camera.sub_url;
        case Vendor::dahua:
            return fmt::format(
                "rtsp://{}:{}/cam/realmonitor?channel={}&subtype={}",
                recorder.host.find(':') == std::string::npos ? recorder.host : "[" + recorder.host + "]",
                recorder.port,
                camera.channel,
                stream == StreamKind::main ? 0 : 1
            );
    }
    std::unreachable();
}

}  // namespace sluice::config
