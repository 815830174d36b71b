#include "storage/volume/mount_table.hpp"

#include <algorithm>
#include <string>

namespace sluice::volume {
namespace {

/// Cuts the first word off, up to one separator.
std::string_view take(std::string_view& text, char separator) {
    const std::size_t end = std::min(text.find(separator), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return word;
}

}  // namespace

bool has_shut_itself(std::string_view table, unsigned major, unsigned minor) {
    const std::string device = std::to_string(major) + ':' + std::to_string(minor);
    while (!table.empty()) {
        std::string_view line = take(table, '\n');
        take(line, ' ');  // the mount's number, then its parent's
        take(line, ' ');
        if (take(line, ' ') != device) continue;
        std::string_view options = line.substr(std::min(line.rfind(' ') + 1, line.size()));
        while (!options.empty()) {
            const std::string_view option = take(options, ',');
            if (option == "emergency_ro" || option == "shutdown") return true;
        }
    }
    return false;
}

}  // namespace sluice::volume
