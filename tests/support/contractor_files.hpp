#pragma once

#include <filesystem>
#include <string>

/// Files as a contractor's recorder makes them: three seconds of a moving picture in some container.
namespace sluice::test {

/// "mp4", "mkv", "ts", "avi", "flv" hold the same H.264 (two B-frames between others, a key picture
/// each second); "hevc.mp4" H.265; "mjpeg.avi" what is not played. Made once and shared; throws
/// std::runtime_error when ffmpeg can't.
[[nodiscard]] std::filesystem::path foreign_clip(const std::string& kind);

inline constexpr int kForeignSeconds = 3;
inline constexpr int kForeignPictures = 75;

}  // namespace sluice::test
