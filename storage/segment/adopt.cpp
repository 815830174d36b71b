#include "storage/segment/adopt.hpp"

#include "config/base/log.hpp"
#include "storage/mp4/read.hpp"
#include "storage/segment/detail/read_bytes.hpp"
#include "storage/segment/detail/tail_check.hpp"
#include "storage/segment/detail/wall_end.hpp"

#include <array>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>

namespace sluice::segment {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPartSuffix = ".part";

/// Gives the file another name in its folder, durably.
Status rename_durably(volume::DurableFiles& files, const fs::path& from, const fs::path& to) {
    if (auto renamed = files.rename(from, to); !renamed) return renamed;
    return files.sync_directory(to.parent_path());
}

fs::path final_path(const Orphan& orphan) {
    std::string name = orphan.path.string();
    if (orphan.is_part) name.resize(name.size() - kPartSuffix.size());
    return name;
}

/// Takes the orphan out of the way under another suffix, never off the disk (I12), and returns why; when not
/// even the renaming works, that error with its remedy.
std::unexpected<Error> set_aside(
    volume::DurableFiles& files,
    const fs::path& root,
    const Orphan& orphan,
    const char* suffix,
    const Error& why
) {
    fs::path aside = root / final_path(orphan);
    aside += suffix;
    log::warn("orphan_set_aside", {{"path", aside.string()}, {"why", why.describe()}});
    if (auto moved = rename_durably(files, root / orphan.path, aside); !moved)
        return std::unexpected(moved.error());
    return std::unexpected(Error{Remedy::abandon_file, why.code(), why.message(), why.label()});
}

Error empty_error(const Orphan& orphan) {
    return Error{Remedy::abandon_file, {}, orphan.path.string() + " holds no whole fragment", "empty"};
}

/// Whether the file ends inside its ftyp or moov: its writer was stopped before there was any footage.
bool is_torn_head(int fd, std::uint64_t size) {
    constexpr std::array<std::string_view, 2> boxes{"ftyp", "moov"};
    std::uint64_t offset = 0;
    for (const std::string_view wanted : boxes) {
        std::array<std::uint8_t, 8> header{};
        const auto got = detail::read_at(fd, offset, header);
        if (!got) return false;
        if (*got < header.size()) return true;
        if (as_text(ByteView{header}.subspan(4)) != wanted) return false;
        std::uint64_t length = 0;
        for (const std::uint8_t byte : ByteView{header}.first(4))
            length = length << 8U | byte;
        if (length < header.size()) return false;
        offset += length;
        if (offset > size) return true;
    }
    return false;
}

Result<std::uint64_t> size_of(int fd) {
    struct stat found{};
    if (::fstat(fd, &found) != 0)
        return errno_error(Remedy::abandon_file, "cannot examine " + volume::path_of(fd));
    return static_cast<std::uint64_t>(found.st_size);
}

Result<UniqueFd> open_orphan(volume::DurableFiles& files, const fs::path& path, bool is_part) {
    if (is_part) return files.open_existing(path);
    UniqueFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
    if (!fd.is_open()) return errno_error(Remedy::abandon_file, "cannot open " + path.string());
    return fd;
}

/// A .part loses what follows its last sound fragment and is synced; a finished file is only looked at.
Status repair(volume::DurableFiles& files, int fd, std::uint64_t size, mp4::SegmentIndex& index) {
    const auto sound = detail::find_hollow_fragment(fd, index);
    if (!sound) return std::unexpected(sound.error());
    detail::keep_fragments(index, *sound);
    if (index.fragments.empty()) return {};
    return size > index.end_bytes ? files.truncate(fd, index.end_bytes) : files.sync_data(fd);
}

/// Reading failed, which a person may cure: the file stays as it is and where it is.
std::unexpected<Error> leave(const Error& why) {
    return std::unexpected(Error{Remedy::abandon_file, why.code(), why.message(), why.label()});
}

Status give_final_name(volume::DurableFiles& files, const fs::path& root, const Orphan& orphan) {
    if (orphan.is_part) return rename_durably(files, root / orphan.path, root / final_path(orphan));
    // Its writer may have been killed between the rename and this.
    return files.sync_directory((root / orphan.path).parent_path());
}

}  // namespace

Result<FinishedSegment> adopt(volume::DurableFiles& files, const fs::path& root, const Orphan& orphan) {
    const auto fd = open_orphan(files, root / orphan.path, orphan.is_part);
    if (!fd) return std::unexpected(fd.error());
    const auto size = size_of(fd->get());
    if (!size) return std::unexpected(size.error());
    auto found = mp4::read_segment(fd->get(), UINT64_MAX);
    if (!found && found.error().remedy() != Remedy::abandon_file) return leave(found.error());
    if (!found) {
        const bool is_empty = orphan.is_part && is_torn_head(fd->get(), *size);
        if (is_empty) return set_aside(files, root, orphan, ".empty", empty_error(orphan));
        return set_aside(files, root, orphan, ".suspect", found.error());
    }
    if (found->info.segment_id != orphan.segment_id) {
        Error why{
            Remedy::abandon_file, orphan.path.string() + " is segment " + to_string(found->info.segment_id)
        };
        return set_aside(files, root, orphan, ".suspect", why);
    }
    mp4::SegmentIndex& index = found->index;
    if (orphan.is_part) {
        if (auto repaired = repair(files, fd->get(), *size, index); !repaired) {
            if (repaired.error().remedy() == Remedy::operator_acts) return leave(repaired.error());
            return set_aside(files, root, orphan, ".suspect", repaired.error());
        }
    }
    if (index.fragments.empty()) return set_aside(files, root, orphan, ".empty", empty_error(orphan));
    const auto hash = detail::hash_file(fd->get(), orphan.is_part ? index.end_bytes : *size);
    if (!hash) return leave(hash.error());
    if (auto named = give_final_name(files, root, orphan); !named) return std::unexpected(named.error());
    return FinishedSegment{
        .info = std::move(found->info),
        .format = std::move(found->format),
        .index = index,
        .path = final_path(orphan),
        .range = {.from = index.fragments.front().wall, .to = detail::wall_end(index)},
        .sha256 = *hash,
    };
}

}  // namespace sluice::segment
