#include "jobs/xvr/picture.hpp"

#include "config/base/bytes.hpp"
#include "jobs/xvr/jpeg.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace sluice::xvr {
namespace {

using catalogue::PictureSize;
using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t kMostPictureBytes = 8UL << 20U;
constexpr int kMoreRounds = 2;
// Wrong passwords lock some accounts. Two channels may be closed to this user; more are asked in an hour.
constexpr int kMostRefusals = 2;

PictureState state_of(const Error& error) {
    if (const auto named = catalogue::picture_state_from(error.label())) return *named;
    if (error.label() == to_string(End::no_stream)) return PictureState::error;
    return PictureState::no_answer;
}

/// One recorder's round.
class Round {
public:
    Round(const Door& door, const PictureLimits& limits, const std::stop_token& stop)
        : door_(door),
          limits_(limits),
          stop_(stop),
          until_(SteadyClock::now() + limits.round) {}

    void ask(RecorderPictureRow& row) {
        if (refusals_ >= kMostRefusals || SteadyClock::now() >= until_) return;
        const std::string path = "/cgi-bin/snapshot.cgi?channel=" + std::to_string(row.channel);
        const auto bytes = fetch(door_, path, {.bytes = kMostPictureBytes, .time = limits_.answer}, stop_);
        const auto facts = bytes ? read_jpeg(*bytes) : std::unexpected(bytes.error());
        row.bytes = bytes ? bytes->size() : 0;
        if (!facts) {
            row.state = state_of(facts.error());
            row.problem = facts.error().message();
            refusals_ += row.state == PictureState::refused ? 1 : 0;
            return;
        }
        row.size = {facts->width, facts->height};
        row.state = facts->is_flat() ? PictureState::flat : PictureState::ok;
        row.problem = facts->is_flat() ? "nothing can be seen in the recorder's picture" : "";
    }

private:
    const Door& door_;
    const PictureLimits& limits_;
    const std::stop_token& stop_;
    SteadyClock::time_point until_;
    int refusals_ = 0;
};

bool is_worth_another(const RecorderPictureRow& row) {
    return row.is_missing() && row.state != PictureState::refused && row.state != PictureState::flat;
}

bool is_same_class(const PictureSize& one, const PictureSize& other) {
    const std::uint64_t first = std::uint64_t{one.width} * one.height;
    const std::uint64_t second = std::uint64_t{other.width} * other.height;
    return std::max(first, second) < 2 * std::min(first, second);
}

std::string words(const PictureSize& size) {
    return fmt::format("{} × {}", size.width, size.height);
}

}  // namespace

std::vector<RecorderPictureRow> ask_pictures(
    const Door& door,
    const config::Recorder& recorder,
    const PictureLimits& limits,
    const Clock& clock,
    const std::stop_token& stop
) {
    std::vector<RecorderPictureRow> rows;
    for (const config::Camera& camera : recorder.cameras)
        if (camera.channel >= 1 && camera.enabled)
            rows.push_back(
                {.channel = camera.channel,
                 .camera = camera.slug,
                 .problem = "the recorder had refused too often, or was too slow, to be asked for this one"}
            );
    Round round{door, limits, stop};
    for (int again = 0; again <= kMoreRounds; ++again)
        for (RecorderPictureRow& row : rows) {
            if (again == 0 || is_worth_another(row)) round.ask(row);
            if (stop.stop_requested()) return {};
        }
    // One time for all: what was asked last is what is shown.
    const UtcTime asked = clock.now();
    for (RecorderPictureRow& row : rows)
        row.asked = asked;
    return rows;
}

RecorderPictureRow remember(const RecorderPictureRow* before, RecorderPictureRow now) {
    if (before == nullptr || before->camera != now.camera) before = nullptr;
    if (before != nullptr) {
        now.had = before->had;
        now.usual = before->usual;
    }
    if (now.state != PictureState::ok) return now;
    if (now.usual && !is_same_class(*now.usual, now.size)) {
        const bool is_still =
            before->state == PictureState::other_size && is_same_class(before->size, now.size);
        const UtcTime since = is_still ? before->other_since.value_or(now.asked) : now.asked;
        if (now.asked - since < kUsualAfter) {
            now.state = PictureState::other_size;
            now.problem =
                fmt::format("the recorder's picture is {} instead of {}", words(now.size), words(*now.usual));
            now.other_since = since;
            return now;
        }
        now.usual.reset();
    }
    if (!now.usual) now.usual = now.size;
    now.had = now.asked;
    return now;
}

std::vector<RecorderPictureRow> missing(const std::vector<RecorderPictureRow>& pictures, Had had) {
    std::vector<RecorderPictureRow> found;
    std::ranges::copy_if(pictures, std::back_inserter(found), [had](const RecorderPictureRow& picture) {
        return picture.is_missing() && picture.had.has_value() == (had == Had::once);
    });
    return found;
}

std::string missing_key(const std::vector<RecorderPictureRow>& pictures) {
    std::string text;
    for (const RecorderPictureRow& picture : pictures)
        text += std::to_string(picture.channel) + " ";
    return to_hex(sha256(as_bytes(text))).substr(0, 16);
}

}  // namespace sluice::xvr
