#include "daemon/fragmenter.hpp"

#include <algorithm>
#include <iterator>

namespace sluice::daemon {
namespace {

constexpr std::uint64_t kMediaLimit = mp4::kTimescale;
constexpr Microseconds kTimer{900'000};
constexpr Microseconds kSuccessorWait{2'000'000};

}  // namespace

std::optional<ClosedFragment> Fragmenter::push(PlacedUnit unit) {
    std::optional<ClosedFragment> closed;
    if (!units_.empty()) {
        const std::uint64_t media = unit.dts - units_.front().dts;
        if (unit.is_key || media >= kMediaLimit) closed = cut(units_.size(), unit.dts);
    }
    units_.push_back(std::move(unit));
    return closed;
}

std::optional<ClosedFragment> Fragmenter::poll(BootTime now, std::uint64_t nominal_ticks) {
    if (units_.empty() || now - units_.front().arrival < kTimer) return std::nullopt;
    if (units_.back().next_dts || now - units_.back().arrival >= kSuccessorWait) return close(nominal_ticks);
    if (units_.size() == 1) return std::nullopt;
    return cut(units_.size() - 1, units_.back().dts);
}

std::optional<ClosedFragment> Fragmenter::close(std::uint64_t nominal_ticks) {
    if (units_.empty()) return std::nullopt;
    const PlacedUnit& last = units_.back();
    return cut(units_.size(), last.next_dts.value_or(last.dts + nominal_ticks));
}

std::size_t Fragmenter::discard() {
    std::size_t bytes = 0;
    for (const PlacedUnit& unit : units_)
        bytes += unit.bytes.size();
    units_.clear();
    return bytes;
}

ClosedFragment Fragmenter::cut(std::size_t count, std::uint64_t end) {
    ClosedFragment fragment;
    fragment.base_decode_time = units_.front().dts;
    fragment.arrival = units_.front().arrival;
    fragment.last_arrival = units_[count - 1].arrival;
    fragment.end = end;
    fragment.samples.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
        PlacedUnit& unit = units_[i];
        const std::uint64_t next = i + 1 < count ? units_[i + 1].dts : end;
        mp4::Sample sample;
        sample.size_bytes = static_cast<std::uint32_t>(unit.bytes.size());
        sample.duration = static_cast<std::uint32_t>(std::min<std::uint64_t>(next - unit.dts, UINT32_MAX));
        sample.composition_offset = unit.composition_offset;
        sample.is_key = unit.is_key;
        fragment.bytes += unit.bytes.size();
        fragment.samples.push_back({sample, std::move(unit.bytes)});
    }
    units_.erase(units_.begin(), units_.begin() + static_cast<std::ptrdiff_t>(count));
    return fragment;
}

}  // namespace sluice::daemon
