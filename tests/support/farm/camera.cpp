#include "tests/support/farm/camera.hpp"

#include <fmt/format.h>

namespace sluice::farm {

std::int64_t wall_now_us() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

Result<std::unique_ptr<Camera>> Camera::make(
    std::string name,
    unsigned number,
    std::shared_ptr<const Media> media,
    const std::filesystem::path& log_folder
) {
    const std::filesystem::path path = log_folder / (name + ".jsonl");
    std::FILE* const log = std::fopen(path.c_str(), "ae");
    if (log == nullptr) return errno_error(Remedy::operator_acts, "cannot open " + path.string());
    // A reader of the log finds whole lines only, and finds them at once.
    std::setvbuf(log, nullptr, _IOLBF, 4096);
    return std::unique_ptr<Camera>{new Camera{std::move(name), number, std::move(media), log}};
}

Camera::Camera(std::string name, unsigned number, std::shared_ptr<const Media> its_media, std::FILE* log)
    : media(std::move(its_media)),
      name_(std::move(name)),
      number_(number),
      log_(log),
      random_(number) {}

void Camera::log_picture(const PictureRecord& record, std::int64_t sent_us) {
    const std::string bare = record.dropped == 0 && !habits.is_behind_lossy_network
                                 ? std::string{}
                                 : fmt::format("\"bare\":\"{}\",", to_hex(record.bare_hash));
    const std::string line = fmt::format(
        "{{\"picture\":{},\"session\":{},\"key\":{},\"pts\":{},\"sha256\":\"{}\",{}\"bytes\":{},\"packets\":{"
        "},"
        "\"dropped\":{},\"fault\":\"{}\",\"sent_us\":{}}}\n",
        record.number,
        record.session,
        record.is_key,
        record.pts,
        to_hex(record.hash),
        bare,
        record.bytes,
        record.packets,
        record.dropped,
        record.fault,
        sent_us
    );
    std::fwrite(line.data(), 1, line.size(), log_.get());
}

void Camera::log_event(std::string_view event, std::string_view detail) {
    const std::string line =
        fmt::format("{{\"event\":\"{}\",\"at_us\":{}{}}}\n", event, wall_now_us(), detail);
    std::fwrite(line.data(), 1, line.size(), log_.get());
}

}  // namespace sluice::farm
