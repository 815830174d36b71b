#include "storage/release/package_writer.hpp"

#include "storage/release/tar.hpp"
#include "storage/volume/read_at.hpp"

#include <array>
#include <span>
#include <utility>

namespace sluice::release {
namespace fs = std::filesystem;
namespace {

constexpr std::uint64_t kPiece = 1U << 20U;

fs::path part_of(const fs::path& file) {
    fs::path part = file;
    part += ".part";
    return part;
}

Result<Bytes> take_bytes(clip::Piece piece) {
    if (auto* bytes = std::get_if<Bytes>(&piece)) return std::move(*bytes);
    const auto& range = std::get<clip::FileRange>(piece);
    Bytes bytes(static_cast<std::size_t>(range.length));
    const auto got = volume::read_at(range.file->get(), range.offset, bytes);
    if (!got) return std::unexpected(got.error());
    if (*got < bytes.size())
        return failure(Remedy::abandon_file, "a segment became shorter while it was copied");
    return bytes;
}

}  // namespace

Result<PackageWriter> PackageWriter::begin(volume::DurableFiles& files, const fs::path& file, UtcTime made) {
    const fs::path part = part_of(file);
    std::error_code code;
    const bool was_begun = fs::exists(part, code);
    auto fd = was_begun ? files.open_existing(part) : files.create(part);
    if (!fd) return std::unexpected(fd.error());
    if (was_begun)
        if (auto cut = files.truncate(fd->get(), 0); !cut) return std::unexpected(cut.error());
    return PackageWriter{files, file, made, std::move(*fd)};
}

Status PackageWriter::write(ByteView bytes) {
    const std::array<ByteView, 1> pieces{bytes};
    if (auto written = files_.write(fd_.get(), pieces); !written) return written;
    hash_.update(bytes);
    bytes_ += bytes.size();
    return {};
}

Status PackageWriter::add_text(std::string_view name, std::string_view text) {
    if (auto written = write(tar_header(name, text.size(), made_)); !written) return written;
    if (auto written = write(as_bytes(text)); !written) return written;
    sums_.push_back({std::string{name}, sha256(as_bytes(text))});
    return write(Bytes(static_cast<std::size_t>(tar_padding(text.size()))));
}

Result<Sum> PackageWriter::add_clip(const std::string& name, clip::Clip& clip, const GoOn& go_on) {
    const std::uint64_t size = clip.size_bytes();
    if (auto written = write(tar_header(name, size, made_)); !written)
        return std::unexpected(written.error());
    Sha256 hash;
    for (std::uint64_t offset = 0; offset < size;) {
        auto piece = clip.read(offset, kPiece);
        if (!piece) return std::unexpected(piece.error());
        const auto bytes = take_bytes(std::move(*piece));
        if (!bytes) return std::unexpected(bytes.error());
        if (auto written = write(*bytes); !written) return std::unexpected(written.error());
        hash.update(*bytes);
        offset += bytes->size();
        if (!go_on(bytes->size())) return failure(Remedy::cancelled, "the export was stopped", "stopped");
    }
    sums_.push_back({name, hash.digest()});
    if (auto written = write(Bytes(static_cast<std::size_t>(tar_padding(size)))); !written)
        return std::unexpected(written.error());
    return sums_.back();
}

Result<SealedFile> PackageWriter::seal(const ledger::SigningKey& key) {
    const std::string list = to_sums(sums_);
    if (auto added = add_text(kSumsName, list); !added) return std::unexpected(added.error());
    const Bytes signature = key.sign(list).signature;
    if (auto added = add_text(kSignatureName, as_text(signature)); !added)
        return std::unexpected(added.error());
    if (auto written = write(tar_end()); !written) return std::unexpected(written.error());
    if (auto synced = files_.sync_data(fd_.get()); !synced) return std::unexpected(synced.error());
    if (auto renamed = files_.rename(part_of(file_), file_); !renamed)
        return std::unexpected(renamed.error());
    if (auto synced = files_.sync_directory(file_.parent_path()); !synced)
        return std::unexpected(synced.error());
    return SealedFile{.path = file_, .bytes = bytes_, .sha256 = hash_.digest()};
}

}  // namespace sluice::release
