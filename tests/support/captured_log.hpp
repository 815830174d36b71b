#pragma once

#include "config/base/unique_fd.hpp"
#include "tests/support/temp_folder.hpp"

#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

#include <fcntl.h>
#include <unistd.h>

namespace sluice::test {

/// What this process logs while the object lives: its stderr goes to a file meanwhile.
class CapturedLog {
public:
    CapturedLog() : terminal_(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)) {
        const UniqueFd file{::open(path().c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)};
        ::dup2(file.get(), STDERR_FILENO);
    }
    ~CapturedLog() { ::dup2(terminal_.get(), STDERR_FILENO); }
    CapturedLog(const CapturedLog&) = delete;
    CapturedLog& operator=(const CapturedLog&) = delete;

    [[nodiscard]] std::string text() const {
        std::ifstream file{path()};
        return {std::istreambuf_iterator<char>{file}, std::istreambuf_iterator<char>{}};
    }
    /// Lines with this event.
    [[nodiscard]] std::size_t count(const std::string& event) const {
        const std::string all = text();
        const std::string wanted = "\"event\":\"" + event + "\"";
        std::size_t found = 0;
        for (std::size_t at = all.find(wanted); at != std::string::npos; at = all.find(wanted, at + 1))
            ++found;
        return found;
    }

private:
    [[nodiscard]] std::filesystem::path path() const { return folder_.path() / "log"; }

    TempFolder folder_;
    UniqueFd terminal_;
};

}  // namespace sluice::test
