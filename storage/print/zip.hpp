#pragma once

#include "config/base/bytes.hpp"
#include "config/base/time.hpp"

#include <span>
#include <string>

namespace sluice::print {

struct ZipMember {
    std::string name;     ///< UTF-8, relative, without "..": what a reader makes a file of
    std::string content;  ///< bytes
    UtcTime modified;
};

/// A ZIP archive in memory, members as given, names in UTF-8. The same members are the same bytes on one
/// machine. Error: refuse, for a name that leaves the folder or stands twice; operator_acts, of the library.
[[nodiscard]] Result<std::string> make_zip(std::span<const ZipMember> members);

/// A name for a member out of any text: letters that are not for file names become "_", leading points too.
[[nodiscard]] std::string member_name(const std::string& text);

}  // namespace sluice::print
