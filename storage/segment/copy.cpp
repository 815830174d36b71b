#include "storage/segment/copy.hpp"

#include "storage/mp4/read.hpp"
#include "storage/segment/detail/read_bytes.hpp"
#include "storage/segment/detail/tail_check.hpp"
#include "storage/segment/detail/wall_end.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fcntl.h>

namespace sluice::segment {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSuspectSuffix = ".suspect";
constexpr std::uint64_t kPiece = 1U << 20U;

Result<UniqueFd> open_for_reading(const fs::path& path) {
    UniqueFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
    if (!fd.is_open()) return errno_error(Remedy::operator_acts, "cannot open " + path.string());
    return fd;
}

/// What is believed of a suspect file: its index up to the first fragment whose samples are not whole.
Result<mp4::SegmentFile> read_sound_part(int fd, const fs::path& name) {
    auto found = mp4::read_segment(fd, UINT64_MAX);
    if (!found) return found;
    const auto sound = detail::find_any_hollow_fragment(fd, found->index);
    if (!sound) return std::unexpected(sound.error());
    detail::keep_fragments(found->index, *sound);
    if (found->index.fragments.empty())
        return failure(Remedy::abandon_file, name.string() + " holds no whole fragment", "empty");
    return found;
}

/// A .part that a crash left is begun anew: it is a copy, nothing of it is the only one.
Result<UniqueFd> begin_part(volume::DurableFiles& files, const fs::path& part) {
    std::error_code ignored;
    if (!fs::exists(part, ignored)) return files.create(part);
    auto fd = files.open_existing(part);
    if (!fd) return fd;
    if (auto cut = files.truncate(fd->get(), 0); !cut) return std::unexpected(cut.error());
    return fd;
}

Result<Sha256Digest> copy_bytes(volume::DurableFiles& files, int from, int to, std::uint64_t size_bytes) {
    Bytes piece(static_cast<std::size_t>(std::min(size_bytes, kPiece)));
    Sha256 hash;
    for (std::uint64_t offset = 0; offset < size_bytes;) {
        const auto wanted =
            static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), size_bytes - offset));
        const auto got = detail::read_at(from, offset, std::span{piece}.first(wanted));
        if (!got) return std::unexpected(got.error());
        if (*got < wanted) return failure(Remedy::operator_acts, volume::path_of(from) + " became shorter");
        const std::array<ByteView, 1> pieces{ByteView{piece}.first(wanted)};
        if (auto written = files.write(to, pieces); !written) return std::unexpected(written.error());
        hash.update(pieces.front());
        offset += wanted;
    }
    return hash.digest();
}

/// From the disk and not from the pages that were just written.
Result<Sha256Digest> hash_from_disk(const fs::path& path, std::uint64_t size_bytes) {
    const auto fd = open_for_reading(path);
    if (!fd) return std::unexpected(fd.error());
    std::error_code code;
    if (fs::file_size(path, code) != size_bytes) return Sha256Digest{};
    if (const int refused = ::posix_fadvise(fd->get(), 0, 0, POSIX_FADV_DONTNEED); refused != 0)
        return failure(Remedy::operator_acts, "cannot drop the cached pages of " + path.string());
    return detail::hash_file(fd->get(), size_bytes);
}

/// Nothing wrong stays under a name that somebody might believe.
std::unexpected<Error> discard(volume::DurableFiles& files, const fs::path& file, Error why) {
    const auto removed = files.remove(file);
    if (!removed) return std::unexpected(removed.error());
    if (auto synced = files.sync_directory(file.parent_path()); !synced)
        return std::unexpected(synced.error());
    return std::unexpected(std::move(why));
}

/// Writes the .part and verifies it; the source's bytes count as wrong before the copy's do.
Status write_exact_part(volume::DurableFiles& files, const ExactCopy& copy, const fs::path& part) {
    const auto source = open_for_reading(copy.source);
    if (!source) return std::unexpected(source.error());
    const auto fd = begin_part(files, part);
    if (!fd) return std::unexpected(fd.error());
    const auto read = copy_bytes(files, source->get(), fd->get(), copy.bytes);
    if (!read) return discard(files, part, read.error());
    std::error_code code;
    if (*read != copy.sha256 || fs::file_size(copy.source, code) != copy.bytes)
        return discard(
            files,
            part,
            Error{
                Remedy::operator_acts,
                {},
                copy.source.string() + " is not what was recorded",
                "source_differs"
            }
        );
    if (auto synced = files.sync_data(fd->get()); !synced) return synced;
    const auto written = hash_from_disk(part, copy.bytes);
    if (!written) return std::unexpected(written.error());
    if (*written == copy.sha256) return {};
    return discard(
        files,
        part,
        Error{
            Remedy::operator_acts,
            {},
            part.string() + " came back otherwise than it was written",
            "copy_differs"
        }
    );
}

FinishedSegment to_finished(mp4::SegmentFile found, fs::path path, const Sha256Digest& hash) {
    const TimeRange range{.from = found.index.fragments.front().wall, .to = detail::wall_end(found.index)};
    return {
        .info = std::move(found.info),
        .format = std::move(found.format),
        .index = std::move(found.index),
        .path = std::move(path),
        .range = range,
        .sha256 = hash,
    };
}

}  // namespace

fs::path copy_path(const fs::path& suspect) {
    std::string name = suspect.string();
    if (!name.starts_with("live/") || !name.ends_with(kSuspectSuffix)) return {};
    name.resize(name.size() - kSuspectSuffix.size());
    return fs::path{"copies"} / name.substr(5);
}

Result<FinishedSegment> read_whole(const fs::path& root, const fs::path& path) {
    const auto fd = open_for_reading(root / path);
    if (!fd) return std::unexpected(fd.error());
    auto found = mp4::read_segment(fd->get(), UINT64_MAX);
    if (!found) return std::unexpected(found.error());
    if (found->tail_bytes > 0 || found->index.fragments.empty())
        return failure(Remedy::abandon_file, path.string() + " is no whole segment file");
    const auto hash = detail::hash_file(fd->get(), found->index.end_bytes);
    if (!hash) return std::unexpected(hash.error());
    return to_finished(std::move(*found), path, *hash);
}

Result<FinishedSegment>
copy_readable(volume::DurableFiles& files, const fs::path& root, const fs::path& suspect) {
    const fs::path path = copy_path(suspect);
    if (path.empty()) return failure(Remedy::refuse, suspect.string() + " is no suspect file of live/");
    std::error_code ignored;
    if (fs::exists(root / path, ignored)) {
        // Renamed, and killed before the row was there. The folder's sync may be what is missing.
        if (auto synced = files.sync_directory((root / path).parent_path()); !synced)
            return std::unexpected(synced.error());
        return read_whole(root, path);
    }
    const auto original = open_for_reading(root / suspect);
    if (!original) return std::unexpected(original.error());
    auto found = read_sound_part(original->get(), suspect);
    if (!found) return std::unexpected(found.error());
    const fs::path folder = (root / path).parent_path();
    if (auto made = volume::make_directories(files, root, folder); !made)
        return std::unexpected(made.error());
    const fs::path part = root / (path.string() + ".part");
    const auto fd = begin_part(files, part);
    if (!fd) return std::unexpected(fd.error());
    if (auto synced = files.sync_directory(folder); !synced) return std::unexpected(synced.error());
    const auto hash = copy_bytes(files, original->get(), fd->get(), found->index.end_bytes);
    if (!hash) return std::unexpected(hash.error());
    if (auto synced = files.sync_data(fd->get()); !synced) return std::unexpected(synced.error());
    if (auto renamed = files.rename(part, root / path); !renamed) return std::unexpected(renamed.error());
    if (auto synced = files.sync_directory(folder); !synced) return std::unexpected(synced.error());
    found->tail_bytes = 0;
    return to_finished(std::move(*found), path, *hash);
}

Status copy_exactly(volume::DurableFiles& files, const ExactCopy& copy) {
    const fs::path target = copy.root / copy.path;
    const fs::path folder = target.parent_path();
    std::error_code ignored;
    if (fs::exists(target, ignored)) {
        const auto found = hash_from_disk(target, copy.bytes);
        if (!found) return std::unexpected(found.error());
        // Renamed, and killed before anybody noted it. The folder's sync may be what is missing.
        if (*found == copy.sha256) return files.sync_directory(folder);
        if (auto removed = files.remove(target); !removed) return std::unexpected(removed.error());
    }
    if (auto made = volume::make_directories(files, copy.root, folder); !made) return made;
    const fs::path part{target.string() + ".part"};
    if (auto written = write_exact_part(files, copy, part); !written) return written;
    if (auto renamed = files.rename(part, target); !renamed) return renamed;
    return files.sync_directory(folder);
}

}  // namespace sluice::segment
