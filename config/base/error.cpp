#include "config/base/error.hpp"

#include "config/base/log.hpp"

#include <cerrno>

namespace sluice {

std::string_view to_string(Remedy remedy) noexcept {
    switch (remedy) {
        case Remedy::retry:
            return "retry";
        case Remedy::abandon_file:
            return "abandon_file";
        case Remedy::stop_volume:
            return "stop_volume";
        case Remedy::refuse:
            return "refuse";
        case Remedy::operator_acts:
            return "operator_acts";
        case Remedy::cancelled:
            return "cancelled";
    }
    std::unreachable();
}

std::string Error::describe() const {
    if (!code_) return message_;
    return message_ + ": " + code_.message();
}

std::unexpected<Error> errno_error(Remedy remedy, std::string message) {
    const std::error_code code{errno, std::generic_category()};
    return std::unexpected(Error{remedy, code, std::move(message)});
}

std::unexpected<Error> failure(Remedy remedy, std::string message, std::string label) {
    return std::unexpected(Error{remedy, {}, std::move(message), std::move(label)});
}

void log_and_drop(const Status& status, std::string_view why) {
    if (status) return;
    log::warn("error_dropped", {{"why", why}, {"error", status.error().describe()}});
}

}  // namespace sluice
