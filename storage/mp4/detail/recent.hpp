#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace sluice::mp4::detail {

/// The last seven distinct values, newest first. Durations and composition offsets are a handful of values
/// that come again and again; a place in this list takes three bits.
class Recent {
public:
    static constexpr unsigned kPlaces = 7;

    /// Place of the value, or kPlaces; either way it is the newest afterwards.
    unsigned find_and_touch(std::int64_t value) noexcept {
        const auto* const found = std::find(values_.begin(), values_.end(), value);
        const auto place = static_cast<unsigned>(found - values_.begin());
        touch(std::min(place, kPlaces - 1), value);
        return place;
    }
    /// Pre: place < kPlaces.
    std::int64_t take(unsigned place) noexcept {
        const std::int64_t value = values_[place];
        touch(place, value);
        return value;
    }
    void push(std::int64_t value) noexcept { touch(kPlaces - 1, value); }
    [[nodiscard]] std::int64_t newest() const noexcept { return values_[0]; }

private:
    /// Moves everything before `place` one back and puts the value in front.
    void touch(unsigned place, std::int64_t value) noexcept {
        std::move_backward(values_.begin(), values_.begin() + place, values_.begin() + place + 1);
        values_[0] = value;
    }

    std::array<std::int64_t, kPlaces> values_{};
};

}  // namespace sluice::mp4::detail
