#include "tests/support/load_catalogue/linker.hpp"

#include <cerrno>

#include <unistd.h>

namespace sluice::load {

namespace fs = std::filesystem;

Status Linker::link(const fs::path& relative) {
    const fs::path name = root_ / relative;
    if (name.parent_path() != folder_) {
        folder_ = name.parent_path();
        std::error_code code;
        fs::create_directories(folder_, code);
        if (code)
            return std::unexpected(Error{Remedy::operator_acts, code, "cannot make " + folder_.string()});
    }
    if (!copy_.empty() && ::link(copy_.c_str(), name.c_str()) == 0) return {};
    if (!copy_.empty() && errno != EMLINK)
        return errno_error(Remedy::operator_acts, "cannot link " + name.string());
    std::error_code code;
    fs::copy_file(source_, name, code);
    if (code) return std::unexpected(Error{Remedy::operator_acts, code, "cannot copy to " + name.string()});
    copy_ = name;
    return {};
}

}  // namespace sluice::load
