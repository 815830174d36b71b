#include "storage/volume/volume.hpp"

#include "config/base/files.hpp"
#include "storage/volume/list_folder.hpp"
#include "storage/volume/mount_table.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

namespace sluice::volume {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr int kIdentityFormat = 1;
constexpr std::size_t kIdentityLimitBytes = 4096;
constexpr std::size_t kMountTableLimitBytes = std::size_t{4} << 20U;
constexpr const char* kUnfinishedIdentity = "sluice-volume.json.part";
constexpr std::array<std::string_view, 2> kFolders{"live", "journal"};

std::unexpected<Error> missing(std::string message) {
    return failure(Remedy::operator_acts, std::move(message), "volume_missing");
}

/// `member` of `object` as text; empty when it is not there or no text.
std::string text_of(const json& object, const char* member) {
    const auto found = object.find(member);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

Result<Identity> parse_identity(const std::string& text, const fs::path& file) {
    const auto malformed = [&](const std::string& why) {
        return missing(file.string() + " is no volume identity: " + why);
    };
    const json object = json::parse(text, nullptr, false);
    if (!object.is_object()) return malformed("not a JSON object");
    const auto format = object.find("format");
    if (format == object.end() || *format != kIdentityFormat) return malformed("unknown format");
    const auto volume_id = uuid_from_string(text_of(object, "volume_id"));
    const auto installation_id = uuid_from_string(text_of(object, "installation_id"));
    const auto created = from_rfc3339(text_of(object, "created"));
    if (!volume_id || volume_id->is_nil()) return malformed("volume_id is missing or no UUID");
    if (!installation_id || installation_id->is_nil())
        return malformed("installation_id is missing or no UUID");
    if (!created) return malformed("created is missing or no time");
    return Identity{.volume_id = *volume_id, .installation_id = *installation_id, .created = *created};
}

std::string to_text(const Identity& identity) {
    const json object{
        {"format", kIdentityFormat},
        {"volume_id", to_string(identity.volume_id)},
        {"installation_id", to_string(identity.installation_id)},
        {"created", to_rfc3339(identity.created)},
    };
    return object.dump(2) + "\n";
}

/// What may lie in a folder that becomes a volume: what mkfs makes, and what an attempt cut short has left.
Status check_is_empty(const fs::path& root) {
    const auto entries = list_folder(root);
    if (!entries) return missing(entries.error().describe());
    for (const FolderEntry& entry : *entries) {
        if (entry.name == kIdentityFile)
            return failure(Remedy::operator_acts, root.string() + " is a volume already");
        if (entry.name == "lost+found" || entry.name == kUnfinishedIdentity) continue;
        const bool is_ours = entry.is_folder && std::ranges::find(kFolders, entry.name) != kFolders.end();
        std::error_code failed;
        if (is_ours && fs::is_empty(root / entry.name, failed)) continue;
        return failure(
            Remedy::operator_acts,
            root.string() + " is not empty (" + entry.name + "); a volume begins in an empty folder"
        );
    }
    return {};
}

Result<UniqueFd> open_unfinished(DurableFiles& files, const fs::path& path) {
    std::error_code ignored;
    if (!fs::exists(path, ignored)) return files.create(path);
    auto fd = files.open_existing(path);
    if (!fd) return fd;
    if (auto cut = files.truncate(fd->get(), 0); !cut) return std::unexpected(cut.error());
    return fd;
}

/// The identity appears in one step, after everything it promises is durable.
Status write_identity(DurableFiles& files, const fs::path& root, const Identity& identity) {
    for (const std::string_view folder : kFolders) {
        if (auto made = make_directories(files, root, root / folder); !made) return made;
    }
    const fs::path unfinished = root / kUnfinishedIdentity;
    const auto fd = open_unfinished(files, unfinished);
    if (!fd) return std::unexpected(fd.error());
    const std::string text = to_text(identity);
    const std::array<ByteView, 1> pieces{as_bytes(text)};
    if (auto written = files.write(fd->get(), pieces); !written) return written;
    if (auto synced = files.sync_data(fd->get()); !synced) return synced;
    if (auto renamed = files.rename(unfinished, root / kIdentityFile); !renamed) return renamed;
    return files.sync_directory(root);
}

/// Root passes every access(2), so the flags of mount and inode are asked too.
Status check_writable(const fs::path& folder) {
    struct statvfs mount{};
    if (::statvfs(folder.c_str(), &mount) != 0) return missing("cannot examine " + folder.string());
    if ((mount.f_flag & ST_RDONLY) != 0) return missing(folder.string() + " is mounted read-only");
    if (::faccessat(AT_FDCWD, folder.c_str(), W_OK | X_OK, AT_EACCESS) != 0) {
        const std::error_code code{errno, std::generic_category()};
        return std::unexpected(
            Error{Remedy::operator_acts, code, "cannot write in " + folder.string(), "volume_missing"}
        );
    }
    struct stat facts{};
    const auto table = read_text_file("/proc/self/mountinfo", kMountTableLimitBytes);
    if (table && ::stat(folder.c_str(), &facts) == 0 &&
        has_shut_itself(*table, ::major(facts.st_dev), ::minor(facts.st_dev))) {
        return missing("the file system of " + folder.string() + " has shut itself after an error (fsck)");
    }
    const UniqueFd fd{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    int flags = 0;  // many file systems have none: then there is nothing to say
    if (fd.is_open() && ::ioctl(fd.get(), FS_IOC_GETFLAGS, &flags) == 0 &&
        (flags & (FS_IMMUTABLE_FL | FS_APPEND_FL)) != 0) {
        return missing(folder.string() + " is marked immutable or append-only (chattr)");
    }
    return {};
}

}  // namespace

Result<Identity>
create_identity(DurableFiles& files, const fs::path& root, const Uuid& installation_id, UtcTime now) {
    std::error_code failed;
    if (!fs::is_directory(root, failed)) return missing(root.string() + " is no folder");
    if (auto empty = check_is_empty(root); !empty) return std::unexpected(empty.error());
    const Identity identity{
        .volume_id = make_uuid_v7(now), .installation_id = installation_id, .created = now
    };
    if (auto written = write_identity(files, root, identity); !written) {
        const Error& cause = written.error();
        return std::unexpected(Error{Remedy::operator_acts, cause.code(), cause.message(), cause.label()});
    }
    return identity;
}

Result<std::optional<Identity>> read_identity(const fs::path& root) {
    const fs::path file = root / kIdentityFile;
    const auto text = read_text_file(file, kIdentityLimitBytes);
    if (!text) {
        const std::error_code code = text.error().code();
        if (code == std::errc::no_such_file_or_directory || code == std::errc::not_a_directory)
            return std::nullopt;
        return std::unexpected(Error{Remedy::operator_acts, code, text.error().message(), "volume_missing"});
    }
    auto identity = parse_identity(*text, file);
    if (!identity) return std::unexpected(identity.error());
    return *identity;
}

Result<Identity>
check_volume(const fs::path& root, const Uuid& installation_id, const Uuid& expected_volume) {
    struct stat found{};
    if (::stat(root.c_str(), &found) != 0) {
        const std::error_code code{errno, std::generic_category()};
        return std::unexpected(
            Error{Remedy::operator_acts, code, "cannot find volume " + root.string(), "volume_missing"}
        );
    }
    if (!S_ISDIR(found.st_mode)) return missing(root.string() + " is no folder");
    const auto identity = read_identity(root);
    if (!identity) return std::unexpected(identity.error());
    if (!identity->has_value()) {
        return missing(
            root.string() + " has no " + kIdentityFile + ": not mounted, or not made with `sluice volume add`"
        );
    }
    const Identity& known = **identity;
    if (known.installation_id != installation_id) {
        return missing(
            root.string() + " belongs to another installation, " + to_string(known.installation_id)
        );
    }
    if (!expected_volume.is_nil() && known.volume_id != expected_volume) {
        return missing(
            root.string() + " is volume " + to_string(known.volume_id) + ", expected " +
            to_string(expected_volume)
        );
    }
    for (const std::string_view folder : kFolders) {
        if (auto writable = check_writable(root / folder); !writable)
            return std::unexpected(writable.error());
    }
    return known;
}

Result<Space> read_space(const fs::path& root) {
    struct statvfs found{};
    if (::statvfs(root.c_str(), &found) != 0) {
        return errno_error(Remedy::operator_acts, "cannot read the free space of " + root.string());
    }
    return Space{
        .total_bytes = std::uint64_t{found.f_blocks} * found.f_frsize,
        .free_bytes = std::uint64_t{found.f_bavail} * found.f_frsize,
    };
}

std::uint64_t
reserve_bytes(const Space& space, std::uint64_t reserve_bytes, unsigned reserve_percent) noexcept {
    const std::uint64_t percent = std::min(reserve_percent, 100U);
    // Divided first, so that no disk is too large; the rest of the division is under 100 bytes a percent.
    const std::uint64_t share = space.total_bytes / 100 * percent + space.total_bytes % 100 * percent / 100;
    return std::min(std::max(reserve_bytes, share), space.total_bytes / 2);
}

}  // namespace sluice::volume
