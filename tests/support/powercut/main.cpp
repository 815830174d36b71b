// powercut-disk: a FUSE file system with one file, `image`, that forgets what was not synced when its power
// goes. SIGUSR1 cuts, with the signal's value as the seed: one line says what became of the unsynced sectors,
// and from then on every call fails with EIO.
#include "config/base/guarded.hpp"
#include "tests/support/powercut/volatile_image.hpp"

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include <fcntl.h>
#include <sys/stat.h>

#define FUSE_USE_VERSION 35
#include <fuse.h>

namespace {

using sluice::Guarded;
using sluice::UniqueFd;
using sluice::powercut::VolatileImage;

constexpr std::string_view kName = "/image";

/// Null after the cut.
using Disk = Guarded<std::unique_ptr<VolatileImage>>;

Disk& disk() {
    return *static_cast<Disk*>(fuse_get_context()->private_data);
}

/// Runs `call` on the image. A negative errno as libfuse wants it; EIO without power.
template <class Call>
int with_image(Call&& call) {
    return disk().with([&](auto& image) { return image ? -call(*image) : -EIO; });
}

int get_attributes(const char* path, struct stat* out, fuse_file_info* /*info*/) {
    *out = {};
    if (std::string_view{path} == "/") {
        out->st_mode = S_IFDIR | 0700;
        out->st_nlink = 2;
        return 0;
    }
    if (path != kName) return -ENOENT;
    out->st_mode = S_IFREG | 0600;
    out->st_nlink = 1;
    return with_image([&](VolatileImage& image) {
        out->st_size = static_cast<off_t>(image.size_bytes());
        return 0;
    });
}

int list(
    const char* /*path*/,
    void* buffer,
    fuse_fill_dir_t fill,
    off_t /*offset*/,
    fuse_file_info* /*info*/,
    fuse_readdir_flags /*flags*/
) {
    for (const char* const name : {".", "..", kName.data() + 1})
        fill(buffer, name, nullptr, 0, fuse_fill_dir_flags{});
    return 0;
}

int open_image(const char* path, fuse_file_info* /*info*/) {
    if (path != kName) return -ENOENT;
    return with_image([](VolatileImage& /*image*/) { return 0; });
}

int read_image(const char* /*path*/, char* into, std::size_t size, off_t offset, fuse_file_info* /*info*/) {
    std::size_t count = 0;
    const int code = with_image([&](VolatileImage& image) {
        const auto from = static_cast<std::uint64_t>(offset);
        if (from >= image.size_bytes()) return 0;
        count = static_cast<std::size_t>(std::min<std::uint64_t>(size, image.size_bytes() - from));
        return image.read(from, {reinterpret_cast<std::uint8_t*>(into), count});
    });
    return code != 0 ? code : static_cast<int>(count);
}

int write_image(
    const char* /*path*/,
    const char* from,
    std::size_t size,
    off_t offset,
    fuse_file_info* /*info*/
) {
    const auto at = static_cast<std::uint64_t>(offset);
    const int code = with_image([&](VolatileImage& image) {
        if (at + size > image.size_bytes()) return ENOSPC;
        return image.write(at, {reinterpret_cast<const std::uint8_t*>(from), size});
    });
    return code != 0 ? code : static_cast<int>(size);
}

/// A loop device's flush comes here.
int sync_image(const char* /*path*/, int /*is_data_only*/, fuse_file_info* /*info*/) {
    return with_image([](VolatileImage& image) { return image.sync(); });
}

void* begin(fuse_conn_info* /*connection*/, fuse_config* config) {
    config->direct_io = 0;
    std::printf("ready\n");
    return fuse_get_context()->private_data;
}

void cut_at_signal(Disk& disk) {
    sigset_t wanted;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGUSR1);
    siginfo_t signal{};
    while (sigwaitinfo(&wanted, &signal) < 0 && errno == EINTR) {
    }
    const auto seed = static_cast<unsigned>(signal.si_value.sival_int);
    std::mt19937_64 random{seed};
    disk.with([&](auto& image) {
        const auto report = image->cut(random);
        image.reset();
        std::printf(
            "cut seed %u: %llu sectors unsynced, %llu of them kept\n",
            seed,
            static_cast<unsigned long long>(report.unsynced_sectors),
            static_cast<unsigned long long>(report.kept_sectors)
        );
    });
}

bool to_number(const char* text, std::uint64_t& number) {
    const char* const end = text + std::strlen(text);
    const auto [last, code] = std::from_chars(text, end, number);
    return code == std::errc{} && last == end;
}

}  // namespace

int main(int count, char** arguments) {
    std::uint64_t sector = 0;
    if (count != 4 || !to_number(arguments[3], sector) || (sector != 512 && sector != 4096)) {
        std::fprintf(stderr, "usage: powercut-disk BACKING_FILE MOUNT_POINT 512|4096\n");
        return 2;
    }
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    UniqueFd backing{::open(arguments[1], O_RDWR | O_CLOEXEC)};
    struct stat facts{};
    if (!backing.is_open() || ::fstat(backing.get(), &facts) != 0) {
        std::fprintf(stderr, "powercut-disk: %s: %s\n", arguments[1], std::strerror(errno));
        return 1;
    }
    Disk disk{std::make_unique<VolatileImage>(
        std::move(backing), static_cast<std::uint64_t>(facts.st_size), static_cast<std::size_t>(sector)
    )};
    // Blocked before any thread starts, so that only the one that waits for it gets it.
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &blocked, nullptr);
    std::thread{[&disk] { cut_at_signal(disk); }}.detach();

    fuse_operations operations{};
    operations.getattr = get_attributes;
    operations.readdir = list;
    operations.open = open_image;
    operations.read = read_image;
    operations.write = write_image;
    operations.fsync = sync_image;
    operations.init = begin;
    char program[] = "powercut-disk";
    char foreground[] = "-f";
    char single_threaded[] = "-s";
    char* fuse_arguments[] = {program, foreground, single_threaded, arguments[2], nullptr};
    const int code = fuse_main(4, fuse_arguments, &operations, &disk);
    std::fflush(stdout);
    std::_Exit(code);  // the waiting thread uses the disk, which lives in this frame
}
