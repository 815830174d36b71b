#pragma once

#include "config/base/unique_fd.hpp"
#include "storage/clip/hls_media.hpp"
#include "storage/clip/hls_playlist.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

/// The newest footage of a stream, followed in the files themselves up to the last whole fragment, synced or
/// not. Nothing is asked of the recorder, and nothing of the catalogue.
namespace sluice::clip {

/// Whose files, and where the recorder puts them.
struct LiveSource {
    Uuid stream_id;
    std::string camera_slug;
    StreamKind stream = StreamKind::main;
    VolumePaths volumes;
};

/// Where counting stands: what the first HLS segment of a file is called. Kept in the catalogue, so that the
/// numbers go on in another process and after a restart.
struct LiveMark {
    Uuid file_id;
    std::uint64_t number = 0;           ///< media sequence number
    std::uint64_t discontinuities = 0;  ///< discontinuity sequence number, its own tag counted
    friend bool operator==(const LiveMark&, const LiveMark&) = default;
};

/// What viewers see at one moment. Immutable.
struct LiveView {
    LivePlaylist playlist;
    TimeRange wall;  ///< first to last fragment
    std::string full_text;
    std::string delta_text;                             ///< for _HLS_skip
    std::vector<std::shared_ptr<const HlsFile>> files;  ///< that the playlist names
    LiveMark mark;                                      ///< of the newest file

    [[nodiscard]] std::shared_ptr<const HlsFile> find_file(const Uuid& id) const;
};

/// Addresses in a live playlist are relative to /v1/cameras/{slug}/live.m3u8.
inline constexpr std::string_view kLiveMediaPrefix = "hls/";
inline constexpr std::uint32_t kLiveWindowSeconds = 120;

/// Thread: one at a time; blocking on files.
class LiveFollower {
public:
    explicit LiveFollower(LiveSource source, std::optional<LiveMark> mark = std::nullopt);

    /// Looks for new files and fragments. True when there is a new view.
    bool look(UtcTime now);
    /// Null as long as no fragment was found.
    [[nodiscard]] std::shared_ptr<const LiveView> view() const noexcept { return view_; }

private:
    struct Listed {
        std::filesystem::path path;  ///< absolute, final name
        bool is_part = false;
    };
    struct Tracked {
        std::string name;  ///< final file name: sorts by time
        std::filesystem::path path;
        UniqueFd fd;
        std::shared_ptr<const HlsFile> file;  // replaced when it grows; shared with the views
        off_t seen_bytes = -1;
        bool is_part = true;
        bool is_ended = false;
    };
    /// What the first tracked file goes on from.
    struct Base {
        std::uint64_t number = 0;
        std::uint64_t discontinuities = 0;
        std::optional<Uuid> run_id;
        std::uint64_t end_tick = 0;
    };

    struct Number {
        std::uint64_t number = 0;
        std::uint64_t discontinuities = 0;  ///< before the segment's own tag
    };
    struct Assembled {
        std::vector<HlsSegment> segments;
        std::vector<Number> numbers;  ///< of each segment
        std::vector<std::shared_ptr<const HlsFile>> files;
        std::vector<LiveMark> marks;  ///< of each file
        std::map<Uuid, Base> bases;   ///< of each file: what it goes on from
    };

    void list(UtcTime now);
    [[nodiscard]] std::string first_name() const;
    bool take_new_files();
    bool grow(Tracked& tracked);
    bool settle();
    [[nodiscard]] Assembled assemble(Base base) const;
    [[nodiscard]] Base find_base() const;
    void rebuild();

    LiveSource source_;
    std::optional<LiveMark> mark_;
    std::map<std::filesystem::path, std::int64_t> folders_;  ///< changed at, in nanoseconds
    std::map<std::string, Listed> listed_;                   ///< by file name
    unsigned list_again_ = 0;                                ///< looks for which folders are listed anyway
    std::vector<Tracked> tracked_;
    std::optional<Base> base_;  ///< of the first tracked file
    std::shared_ptr<const LiveView> view_;
};

}  // namespace sluice::clip
