#pragma once

#include "config/base/error.hpp"
#include "config/base/time.hpp"
#include "storage/catalogue/pool.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Whether a recorder with channels has a picture of each: as last asked.
namespace sluice::catalogue {

enum class PictureState {
    ok,
    refused,     ///< user or password is wrong, or not allowed
    error,       ///< the recorder answers with an error
    no_answer,   ///< none, or too late
    no_picture,  ///< the answer is none
    cut_off,     ///< only the beginning of one
    too_large,
    flat,        ///< nothing can be seen in it
    other_size,  ///< of another class than usual
    not_asked,   ///< the recorder had refused or hung too often by then
};
[[nodiscard]] std::string_view to_string(PictureState state) noexcept;
[[nodiscard]] std::optional<PictureState> picture_state_from(std::string_view text) noexcept;

struct PictureSize {
    std::uint32_t width = 0;
    std::uint32_t height = 0;
    friend bool operator==(const PictureSize&, const PictureSize&) = default;
};

/// Whether the recorder has a picture of a channel. The picture itself is nowhere.
struct RecorderPictureRow {
    int channel = 0;  ///< from 1
    std::string camera;
    PictureState state = PictureState::not_asked;
    std::string problem;      ///< in plain words; empty: ok
    PictureSize size{};       ///< 0: there is none
    std::uint64_t bytes = 0;  ///< of the answer
    UtcTime asked{};
    std::optional<UtcTime> had{};          ///< when it was ok last
    std::optional<PictureSize> usual{};    ///< what it has when it is ok
    std::optional<UtcTime> other_since{};  ///< since when it has this other size

    [[nodiscard]] bool is_missing() const noexcept {
        return state != PictureState::ok && state != PictureState::not_asked;
    }
    friend bool operator==(const RecorderPictureRow&, const RecorderPictureRow&) = default;
};
/// The channels that were asked in the last round.
[[nodiscard]] Result<std::vector<RecorderPictureRow>>
load_recorder_pictures(Pool& pool, const std::string& recorder);
/// Of one round, `asked` at one time, with one record in the audit log. Channels that are not among them are
/// not configured any more.
[[nodiscard]] Status save_recorder_pictures(
    Pool& pool,
    const std::string& recorder,
    const std::vector<RecorderPictureRow>& pictures
);

}  // namespace sluice::catalogue
