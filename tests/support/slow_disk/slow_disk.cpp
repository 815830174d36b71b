// Preloaded into a recorder it makes one folder's disk hang: as long as the file SLUICE_SLOW_SWITCH exists,
// writes and syncs of files below SLUICE_SLOW_FOLDER do not return.
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <sys/uio.h>
#include <unistd.h>

#include <dlfcn.h>
#include <limits.h>
#include <time.h>

namespace {

/// Without the C++ library and without errno's change: this runs inside of somebody else's system calls.
bool is_below(int fd, const char* folder) {
    char link[64];
    std::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    char path[PATH_MAX];
    const ssize_t size = ::readlink(link, path, sizeof path - 1);
    if (size <= 0) return false;
    path[size] = '\0';
    const std::size_t length = std::strlen(folder);
    return std::strncmp(path, folder, length) == 0 && path[length] == '/';
}

void hang_while_slow(int fd) {
    const char* const folder = std::getenv("SLUICE_SLOW_FOLDER");
    const char* const slow = std::getenv("SLUICE_SLOW_SWITCH");
    if (folder == nullptr || slow == nullptr) return;
    const timespec pause{0, 20'000'000};
    while (::access(slow, F_OK) == 0 && is_below(fd, folder))
        ::nanosleep(&pause, nullptr);
}

template <class Function>
Function next(const char* name) {
    return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {

int fdatasync(int fd) {
    static const auto real = next<int (*)(int)>("fdatasync");
    hang_while_slow(fd);
    return real(fd);
}

int fsync(int fd) {
    static const auto real = next<int (*)(int)>("fsync");
    hang_while_slow(fd);
    return real(fd);
}

ssize_t writev(int fd, const iovec* pieces, int count) {
    static const auto real = next<ssize_t (*)(int, const iovec*, int)>("writev");
    hang_while_slow(fd);
    return real(fd, pieces, count);
}

}  // extern "C"
