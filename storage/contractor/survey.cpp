#include "storage/contractor/survey.hpp"

#include "config/base/time.hpp"

#include <algorithm>
#include <limits>

namespace sluice::contractor {

Result<Survey> survey(const std::filesystem::path& file, const GoOn& go_on) {
    auto opened = ForeignFile::open(file, go_on);
    if (!opened) return std::unexpected(opened.error());
    Survey found{.facts = opened->facts(), .unplayable_code = {}, .unplayable = {}};
    std::int64_t first = std::numeric_limits<std::int64_t>::max();
    std::int64_t last = std::numeric_limits<std::int64_t>::min();
    std::int64_t step = found.facts.fps > 0 ? static_cast<std::int64_t>(90'000 / found.facts.fps) : 0;
    std::int64_t last_dts = 0;
    bool has_start = false;
    for (;;) {
        const auto unit = opened->next();
        if (!unit) return std::unexpected(unit.error());
        if (!*unit) break;
        if (step == 0 && found.pictures > 0) step = (*unit)->dts - last_dts;
        last_dts = (*unit)->dts;
        first = std::min(first, (*unit)->pts);
        last = std::max(last, (*unit)->pts + ((*unit)->duration > 0 ? (*unit)->duration : step));
        ++found.pictures;
        has_start |= (*unit)->is_key && found.facts.codec && !(*unit)->bytes.empty() &&
                     opened->sets().is_complete(*found.facts.codec) &&
                     mp4::make_format(*found.facts.codec, opened->sets()).has_value();
    }
    if (found.pictures == 0) return failure(Remedy::abandon_file, "the video holds no picture", "NOT_MEDIA");
    // A tick is 11 1/9 µs; in two steps, so that a day's worth does not overflow.
    const std::int64_t ticks = last - first;
    found.length = Microseconds{ticks / 90'000 * 1'000'000 + ticks % 90'000 * 100 / 9};
    if (!found.facts.codec) {
        found.unplayable_code = "CODEC";
        found.unplayable = "its codec " + found.facts.codec_name + " is neither H.264 nor H.265";
    } else if (!has_start) {
        found.unplayable_code = "NO_KEY_PICTURE";
        found.unplayable = "no picture in it can be shown without others that are missing";
    }
    return found;
}

}  // namespace sluice::contractor
