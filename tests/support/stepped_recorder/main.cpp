// stepped-recorder: sluice-recorder whose wall clock is the machine's plus what stands in the file that
// SLUICE_TEST_CLOCK names: one int64 of microseconds, shared memory with the test.
#include "config/base/unique_fd.hpp"
#include "daemon/program.hpp"

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include <fcntl.h>
#include <sys/mman.h>

namespace {

class SteppedClock final : public sluice::Clock {
public:
    explicit SteppedClock(const std::atomic<std::int64_t>& offset_us) : offset_us_(offset_us) {}
    [[nodiscard]] sluice::UtcTime now() const override {
        return real_.now() + sluice::Microseconds{offset_us_.load(std::memory_order_relaxed)};
    }
    [[nodiscard]] sluice::BootTime boot_now() const override { return real_.boot_now(); }
    [[nodiscard]] std::optional<bool> is_synchronised() const override { return real_.is_synchronised(); }

private:
    sluice::RealClock real_;
    const std::atomic<std::int64_t>& offset_us_;
};

/// nullptr: it can't be mapped.
const std::atomic<std::int64_t>* map_offset(const char* path) {
    if (path == nullptr) return nullptr;
    const sluice::UniqueFd fd{::open(path, O_RDONLY | O_CLOEXEC)};
    if (!fd.is_open()) return nullptr;
    void* const memory = ::mmap(nullptr, sizeof(std::int64_t), PROT_READ, MAP_SHARED, fd.get(), 0);
    return memory == MAP_FAILED ? nullptr : static_cast<const std::atomic<std::int64_t>*>(memory);
}

}  // namespace

int main(int count, char** words) {
    const auto* const offset_us = map_offset(std::getenv("SLUICE_TEST_CLOCK"));
    if (offset_us == nullptr) {
        std::fputs("stepped-recorder: SLUICE_TEST_CLOCK names no file that can be mapped\n", stderr);
        return 1;
    }
    const SteppedClock clock{*offset_us};
    sluice::volume::RealFiles files;
    return sluice::daemon::run_program(count, words, clock, files);
}
