#include "tests/support/mounts.hpp"

#include "tests/support/eventually.hpp"
#include "tests/support/process.hpp"

#include <cerrno>
#include <fstream>
#include <stdexcept>
#include <vector>

#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <fmt/format.h>

namespace sluice::test {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

Finished run(const std::vector<std::string>& command) {
    auto done = run_to_end(command, 60s);
    if (!done) throw std::runtime_error(done.error().describe());
    return std::move(*done);
}

void must_run(const std::vector<std::string>& command) {
    const Finished done = run(command);
    if (done.status != ExitStatus{}) throw std::runtime_error(command.front() + ": " + done.errors);
}

}  // namespace

std::string to_string(FileSystem kind) {
    return kind == FileSystem::ext4 ? "ext4" : "xfs";
}

void make_file_system(FileSystem kind, const fs::path& image, std::uint64_t size_bytes) {
    std::ofstream{image}.flush();
    fs::resize_file(image, size_bytes);
    if (kind == FileSystem::ext4) {
        must_run({"mkfs.ext4", "-q", "-e", "remount-ro", "-E", "lazy_itable_init=0,nodiscard", image.string()}
        );
    } else {
        must_run({"mkfs.xfs", "-q", "-K", image.string()});
    }
}

void mount_image(const fs::path& image, const fs::path& at) {
    fs::create_directories(at);
    must_run({"mount", "-o", "loop", image.string(), at.string()});
}

void bind_mount(const fs::path& from, const fs::path& at) {
    fs::create_directories(at);
    must_run({"mount", "--bind", from.string(), at.string()});
}

void set_read_only(const fs::path& at, bool is_read_only) {
    must_run({"mount", "-o", is_read_only ? "remount,bind,ro" : "remount,bind,rw", at.string()});
}

void unmount(const fs::path& at) {
    if (!eventually(20s, [&] { return ::umount2(at.c_str(), 0) == 0 || errno == EINVAL; }, 20ms))
        throw std::runtime_error(at.string() + " stays busy");
}

void detach(const fs::path& at) {
    if (::umount2(at.c_str(), MNT_DETACH) != 0) throw std::runtime_error("cannot detach " + at.string());
}

LoopDisk::LoopDisk(std::uint64_t size_bytes) {
    make_file_system(FileSystem::ext4, folder_.path() / "image", size_bytes);
    mount_image(folder_.path() / "image", root());
}

LoopDisk::~LoopDisk() {
    ::umount2(root().c_str(), MNT_DETACH);
}

void LoopDisk::break_down() const {
    struct stat facts{};
    if (::stat(root().c_str(), &facts) != 0) throw std::runtime_error("cannot examine " + root().string());
    const auto device =
        fs::read_symlink(fmt::format("/sys/dev/block/{}:{}", ::major(facts.st_dev), ::minor(facts.st_dev)));
    std::ofstream trigger{fs::path{"/sys/fs/ext4"} / device.filename() / "trigger_fs_error"};
    trigger << "by a test\n" << std::flush;
    if (!trigger) throw std::runtime_error("ext4 takes no error on " + device.filename().string());
}

void LoopDisk::repair() const {
    unmount(root());
    const Finished checked = run({"fsck.ext4", "-f", "-y", (folder_.path() / "image").string()});
    if (checked.status.code > 1) throw std::runtime_error("fsck: " + checked.output + checked.errors);
    mount_image(folder_.path() / "image", root());
}

}  // namespace sluice::test
