// Preloaded into a recorder it writes a line for each fdatasync into the file SLUICE_SYNC_LOG: the file's
// inode, its length before the call, and the wall times in microseconds at which the call began and came
// back. What the recorder says of itself has no part in that. Other programs that inherit the environment are
// left alone.
#include <cerrno>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <dlfcn.h>
#include <time.h>

namespace {

std::int64_t now_us() {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * 1'000'000 + now.tv_nsec / 1'000;
}

/// -1: this is not the recorder, or nobody wants to know.
int open_log() {
    const char* const path = std::getenv("SLUICE_SYNC_LOG");
    if (path == nullptr || std::strcmp(program_invocation_short_name, "sluice-recorder") != 0) return -1;
    return ::open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
}

}  // namespace

extern "C" int fdatasync(int fd) {
    static const auto real = reinterpret_cast<int (*)(int)>(::dlsym(RTLD_NEXT, "fdatasync"));
    static const int log = open_log();
    if (log < 0) return real(fd);
    struct stat before{};
    ::fstat(fd, &before);
    const std::int64_t begun = now_us();
    const int result = real(fd);
    const int code = errno;
    char line[128];
    const int size = std::snprintf(
        line,
        sizeof line,
        "%" PRIu64 " %" PRId64 " %" PRId64 " %" PRId64 "\n",
        static_cast<std::uint64_t>(before.st_ino),
        static_cast<std::int64_t>(before.st_size),
        begun,
        now_us()
    );
    // A line is one write, so those of two threads do not mix. A failed sync covered nothing.
    if (result == 0 && ::write(log, line, static_cast<std::size_t>(size)) != size) std::abort();
    errno = code;
    return result;
}
