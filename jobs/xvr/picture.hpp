#pragma once

#include "config/config.hpp"
#include "jobs/xvr/client.hpp"
#include "storage/catalogue/recorder_picture_repository.hpp"

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

/// Whether a recorder has a picture of each channel. It is asked for one, and only that it is one, how large,
/// or what stands against it is kept: the picture itself is footage, which nobody has asked to see.
namespace sluice::xvr {

using catalogue::PictureState;
using catalogue::RecorderPictureRow;

struct PictureLimits {
    std::chrono::milliseconds answer{15'000};  ///< for one picture
    std::chrono::milliseconds round{180'000};  ///< for all of a recorder; then the rest is not asked
};

/// Each configured channel, one after the other: some recorders drop connections when they are asked at once.
/// What could not be had is asked for twice more, because some fail now and then; but not what was refused,
/// which may lock the account. Empty when stopped.
[[nodiscard]] std::vector<RecorderPictureRow> ask_pictures(
    const Door& door,
    const config::Recorder& recorder,
    const PictureLimits& limits,
    const Clock& clock,
    const std::stop_token& stop
);

// ---- rules. Pure.

/// How long a channel has to show another size until that is its usual one.
inline constexpr std::chrono::days kUsualAfter{7};

/// `now` with what is known of the channel from before: what it usually has, and since when it has something
/// else. `before`: of the same channel, when it was asked last; nullptr: it never was.
[[nodiscard]] RecorderPictureRow remember(const RecorderPictureRow* before, RecorderPictureRow now);

/// The channels that are a finding, in order: those that had a picture, or those that never had any.
enum class Had { once, never };
[[nodiscard]] std::vector<RecorderPictureRow>
missing(const std::vector<RecorderPictureRow>& pictures, Had had);
/// Names these channels and no others. Pre: there is one.
[[nodiscard]] std::string missing_key(const std::vector<RecorderPictureRow>& pictures);

}  // namespace sluice::xvr
