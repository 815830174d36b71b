#pragma once

#include "storage/clip/clip.hpp"
#include "storage/ledger/note.hpp"
#include "storage/release/package.hpp"
#include "storage/volume/durable_files.hpp"

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::release {

struct SealedFile {
    std::filesystem::path path;  ///< absolute
    std::uint64_t bytes = 0;
    Sha256Digest sha256{};
};

/// Writes a package as a tar file, front to back: nothing of it can be changed any more once it has its name.
/// A .part that a crash left is begun anew. Thread: one. Error of all: abandon_file, stop_volume, or the
/// clip's; the file is then of no use and its .part stays for the next attempt.
class PackageWriter {
public:
    /// `files` outlives it. The folder is there.
    [[nodiscard]] static Result<PackageWriter>
    begin(volume::DurableFiles& files, const std::filesystem::path& file, UtcTime made);

    [[nodiscard]] Status add_text(std::string_view name, std::string_view text);
    /// `go_on` is told how many bytes were written; its false ends it with `cancelled`.
    using GoOn = std::function<bool(std::uint64_t bytes)>;
    [[nodiscard]] Result<Sum> add_clip(const std::string& name, clip::Clip& clip, const GoOn& go_on);
    /// List of files, its signature, the end; durable under its name on success.
    [[nodiscard]] Result<SealedFile> seal(const ledger::SigningKey& key);

private:
    PackageWriter(volume::DurableFiles& files, std::filesystem::path file, UtcTime made, UniqueFd fd)
        : files_(files),
          file_(std::move(file)),
          made_(made),
          fd_(std::move(fd)) {}
    [[nodiscard]] Status write(ByteView bytes);

    volume::DurableFiles& files_;
    std::filesystem::path file_;
    UtcTime made_;
    UniqueFd fd_;
    Sha256 hash_;  ///< of the whole archive
    std::uint64_t bytes_ = 0;
    std::vector<Sum> sums_;
};

}  // namespace sluice::release
