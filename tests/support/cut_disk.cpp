#include "tests/support/cut_disk.hpp"

#include "config/base/unique_fd.hpp"

#include <csignal>
#include <stdexcept>

#include <fcntl.h>
#include <sys/mount.h>

namespace sluice::test {
using namespace std::chrono_literals;

CutDisk::CutDisk(FileSystem kind, std::uint64_t size_bytes, unsigned sector_bytes)
    : sector_bytes_(sector_bytes) {
    std::filesystem::create_directories(image().parent_path());
    make_file_system(kind, folder_.path() / "backing", size_bytes);
    start();
}

CutDisk::~CutDisk() {
    // Whatever is left of a test that failed must not keep the next one from its loop device.
    ::umount2(root().c_str(), MNT_DETACH);
    disk_.kill_now();
    ::umount2(image().parent_path().c_str(), MNT_DETACH);
}

void CutDisk::start() {
    ProcessOptions options;
    options.log = folder_.path() / "disk.log";
    auto started = Process::start(
        {SLUICE_BIN_DIR "/powercut-disk",
         (folder_.path() / "backing").string(),
         image().parent_path().string(),
         std::to_string(sector_bytes_)},
        options
    );
    if (!started) throw std::runtime_error(started.error().describe());
    disk_ = std::move(*started);
    if (const auto ready = disk_.wait_for_line("ready", 20s); !ready)
        throw std::runtime_error(ready.error().message());
    // The line comes before libfuse serves the first call; the kernel queues what is asked meanwhile.
    mount_image(image(), root());
    is_mounted_ = true;
}

void CutDisk::stop() {
    if (std::exchange(is_mounted_, false)) unmount(root());
    unmount(image().parent_path());
    if (const auto ended = disk_.wait_for_exit(20s); !ended)
        throw std::runtime_error("powercut-disk does not end");
}

void CutDisk::write_back(const std::filesystem::path& file) {
    const UniqueFd fd{::open(file.c_str(), O_RDONLY | O_CLOEXEC)};
    constexpr unsigned both = SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;
    if (fd.is_open()) ::sync_file_range(fd.get(), 0, 0, both);
}

std::string CutDisk::cut(unsigned seed) {
    sigval value{};
    value.sival_int = static_cast<int>(seed);
    ::sigqueue(disk_.pid(), SIGUSR1, value);
    const auto line = disk_.wait_for_line("cut seed", 20s);
    if (!line) throw std::runtime_error(line.error().message());
    return *line;
}

void CutDisk::come_back() {
    stop();
    start();
}

}  // namespace sluice::test
