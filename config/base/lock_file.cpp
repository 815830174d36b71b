#include "config/base/lock_file.hpp"

#include <array>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <fmt/format.h>

namespace sluice {
namespace {

std::string read_holder(int fd) {
    std::array<char, 32> text{};
    const ssize_t length = ::pread(fd, text.data(), text.size(), 0);
    std::string holder{text.data(), length > 0 ? static_cast<std::size_t>(length) : 0};
    holder.resize(std::min(holder.size(), holder.find_first_not_of("0123456789")));
    return holder.empty() ? "unknown" : holder;
}

}  // namespace

Result<UniqueFd> take_lock(
    const std::filesystem::path& path,
    const std::string& program,
    const std::filesystem::path& data,
    unsigned mode
) {
    std::error_code ignored;  // the open below says what is wrong
    std::filesystem::create_directories(path.parent_path(), ignored);
    UniqueFd lock{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, mode)};
    if (!lock.is_open()) return errno_error(Remedy::operator_acts, "cannot open " + path.string());
    if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
        return failure(
            Remedy::operator_acts,
            fmt::format(
                "another {} (pid {}) runs on {}: it holds {}; stop it first, or give this one another data "
                "folder",
                program,
                read_holder(lock.get()),
                data.string(),
                path.string()
            )
        );
    }
    const std::string pid = std::to_string(::getpid()) + "\n";
    const auto size = static_cast<ssize_t>(pid.size());
    if (::ftruncate(lock.get(), 0) != 0 || ::pwrite(lock.get(), pid.data(), pid.size(), 0) != size)
        return errno_error(Remedy::operator_acts, "cannot write " + path.string());
    return lock;
}

}  // namespace sluice
