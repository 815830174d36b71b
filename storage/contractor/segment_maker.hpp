#pragma once

#include "storage/catalogue/contractor_clip_repository.hpp"
#include "storage/contractor/foreign_file.hpp"
#include "storage/segment/writer.hpp"

#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

namespace sluice::contractor {

/// An id that the same clip gives the same thing each time: an import that is begun again makes the same
/// files, so that none is there twice. Its millisecond is `at`, as in any id of a segment.
[[nodiscard]] Uuid derived_id(const Uuid& clip, std::string_view what, std::uint32_t number, UtcTime at);

/// Pictures of a clip as segment files of ours, without a change of their bytes but for the lengths before
/// NAL units and the parameter sets before each key picture. Begins with the first key picture; a segment
/// ends at a key picture once it is long enough, or where the parameter sets change; another picture size is
/// another run. Nothing is durable before `finish`. Thread: the worker's, the only writer in imported/.
class SegmentMaker {
public:
    struct Settings {
        std::filesystem::path root;
        Uuid clip_id;
        catalogue::ImportTarget target;
        Uuid volume_id;
        TimeRange clip;
        Microseconds segment{60'000'000};
        double fps = 0;
    };
    SegmentMaker(volume::DurableFiles& files, Settings settings, Codec codec);
    ~SegmentMaker();
    SegmentMaker(const SegmentMaker&) = delete;
    SegmentMaker& operator=(const SegmentMaker&) = delete;

    /// `sets`: all that have come so far, with this picture. What an attempt before this one has left under
    /// the same name is taken away first. Error: abandon_file, stop_volume; refuse, for sets without meaning.
    [[nodiscard]] Status take(ForeignUnit unit, const mp4::ParameterSets& sets);
    struct Made {
        std::vector<catalogue::ImportedRun> runs;
        std::vector<catalogue::FinishedRow> segments;
    };
    [[nodiscard]] Result<Made> finish();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace sluice::contractor
