#pragma once

#include "storage/mp4/types.hpp"
#include "storage/mp4/write.hpp"
#include "storage/volume/durable_files.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

/// One segment file from creation to its durable name. Order of commitment (I2): create .part → sync its
/// folder (and the parent of every folder made) → write; sync_data once a durability window → last write,
/// sync_data → rename → sync folder. Only then may the row say `finished`.
namespace sluice::segment {

/// The top folder of a volume that a segment lies in: each has one writer.
enum class Place {
    live,      ///< the recorder's
    imported,  ///< the worker's: of footage that came as a file
};
[[nodiscard]] std::string_view to_string(Place place) noexcept;
/// Where a file lies, by its path on its volume. Anything but imported/ is the recorder's.
[[nodiscard]] Place place_of(const std::filesystem::path& path);

/// "live/2026-11-23/drive-left/main/20261123T101500Z_0192….mp4" relative to the volume; the .part has ".part"
/// behind it.
[[nodiscard]] std::filesystem::path
relative_path(const mp4::SegmentInfo& info, UtcTime from, Place place = Place::live);

/// A closed fragment on its way to the disk.
struct FragmentData {
    std::uint64_t base_decode_time = 0;  ///< ticks since the run's start
    UtcTime wall;
    std::vector<mp4::SampleData> samples;
};

/// What has been made durable so far.
struct Durable {
    UtcTime to;               ///< wall end of the last fragment written before the last sync began
    std::uint64_t bytes = 0;  ///< its end in the file
};

struct FinishedSegment {
    mp4::SegmentInfo info;
    mp4::VideoFormat format;
    mp4::SegmentIndex index;
    std::filesystem::path path;  ///< relative to the volume
    TimeRange range;
    Sha256Digest sha256{};
};

/// Thread: the volume's I/O thread. The first error is sticky: later calls return it and do nothing.
class Writer {
public:
    /// Creates the .part and its folders and writes the head. Error: abandon_file or stop_volume.
    [[nodiscard]] static Result<Writer> begin(
        volume::DurableFiles& files,
        std::filesystem::path root,
        mp4::SegmentInfo info,
        mp4::VideoFormat format,
        UtcTime from,
        Place place = Place::live
    );

    /// On return the bytes are written (safe from a crash of the process), not durable.
    [[nodiscard]] Status append(const FragmentData& fragment);
    /// fdatasync; on success everything appended before the call is durable (I17).
    [[nodiscard]] Status sync();
    /// Sync, rename, sync of the folder. `to` is the wall end: the next segment's start when there is one;
    /// one that is not after the first fragment's start is replaced by the media's end. Error: abandon_file
    /// (label "empty" without a single fragment): the caller gives up; stop_volume.
    [[nodiscard]] Result<FinishedSegment> finish(UtcTime to);
    /// After a failed write or sync: renames the file to .suspect (to .empty when no fragment was written)
    /// and gives its relative path. After stop_volume it does nothing and returns that error: the .part stays
    /// for adoption.
    [[nodiscard]] Result<std::filesystem::path> give_up();

    [[nodiscard]] const mp4::SegmentInfo& info() const noexcept;
    [[nodiscard]] const mp4::VideoFormat& format() const noexcept;
    [[nodiscard]] const mp4::SegmentIndex& index() const noexcept;
    [[nodiscard]] std::filesystem::path part_path() const;  ///< relative to the volume
    [[nodiscard]] Durable durable() const noexcept;
    [[nodiscard]] UtcTime from() const noexcept;

    Writer(Writer&&) noexcept;
    Writer& operator=(Writer&&) noexcept;
    /// Closes and decides nothing: an unfinished .part stays for adoption, and the log says so.
    ~Writer();

private:
    struct State;
    explicit Writer(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace sluice::segment
