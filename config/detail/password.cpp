#include "config/detail/password.hpp"

#include "config/base/files.hpp"
#include "config/load.hpp"

#include <cstdlib>

#include <sys/stat.h>

namespace sluice::config {
namespace {

constexpr std::size_t kPasswordLimitBytes = 4096;

bool is_readable_by_all(const std::filesystem::path& path) {
    struct stat status{};
    return ::stat(path.c_str(), &status) == 0 && (status.st_mode & S_IROTH) != 0;
}

}  // namespace

PasswordPlace detail::read_password(Section& section, Secret& target, bool is_wanted, Findings& findings) {
    PasswordPlace place;
    section.path("password_file", place.file);
    section.text("password_env", place.variable);
    if (!place.file.empty() && !place.variable.empty()) {
        findings.error_at(section.field("password_env"), "and password_file exclude each other; keep one");
        return place;
    }
    if (!is_wanted || (place.file.empty() && place.variable.empty())) return place;
    auto password = load_password(place);
    if (!password) {
        findings.error_at(
            section.field(place.file.empty() ? "password_env" : "password_file"), password.error().describe()
        );
        return place;
    }
    if (!place.file.empty() && is_readable_by_all(place.file)) {
        findings.warning_at(
            section.field("password_file"), place.file.string() + " can be read by everybody; chmod o-r it"
        );
    }
    target = std::move(*password);
    return place;
}

Result<Secret> load_password(const PasswordPlace& place) {
    if (!place.variable.empty()) {
        // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody sets the environment once threads run
        const char* value = std::getenv(place.variable.c_str());
        if (value == nullptr)
            return failure(
                Remedy::operator_acts, "names '" + place.variable + "', which is not in the environment"
            );
        return Secret{value};
    }
    auto content = read_text_file(place.file, kPasswordLimitBytes);
    if (!content)
        return failure(Remedy::operator_acts, content.error().describe() + "; give this user read access");
    while (!content->empty() && (content->back() == '\n' || content->back() == '\r'))
        content->pop_back();
    if (content->empty()) return failure(Remedy::operator_acts, place.file.string() + " is empty");
    return Secret{std::move(*content)};
}

}  // namespace sluice::config
