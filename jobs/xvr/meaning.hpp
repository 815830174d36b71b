#pragma once

#include "config/config.hpp"
#include "jobs/xvr/event.hpp"
#include "storage/access/event.hpp"

#include <optional>
#include <string>
#include <string_view>

/// What a recorder's events mean here. Pure.
namespace sluice::xvr {

/// The name under which a recorder's events are kept.
[[nodiscard]] std::string source_of(std::string_view recorder_slug);

/// Our word for a vendor's code: "camera.video_loss" for "VideoLoss". "access.unknown" for what nobody knows:
/// such an event is kept as it came.
[[nodiscard]] std::string_view code_of(std::string_view vendor_code) noexcept;

/// The camera that an event is about: by index from 0, which is channel 1. nullptr: it says none, or one that
/// is not configured.
[[nodiscard]] const config::Camera* find_camera(const config::Recorder& recorder, const RawEvent& event);

/// As it is kept. `id` is unique for the recorder; `received` by our clock.
[[nodiscard]] access::Event
to_event(const config::Recorder& recorder, const RawEvent& raw, std::string id, UtcTime received);

/// A log-in, playback or export at the recorder itself.
struct Act {
    std::string code;
    UtcTime at;
    std::string who;  ///< user at the recorder, as it says; may be empty
    std::string address;
    std::optional<int> channel;        ///< from 1
    std::optional<TimeRange> footage;  ///< what was played or exported
};
/// nullopt: the event is none.
[[nodiscard]] std::optional<Act> act_of(const access::Event& event);

/// Whether an event begins something, or is one by itself; its end is no second one.
[[nodiscard]] bool begins(const RawEvent& event) noexcept;

}  // namespace sluice::xvr
