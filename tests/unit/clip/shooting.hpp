#pragma once

#include "storage/clip/hls_live.hpp"
#include "tests/support/temp_folder.hpp"
#include "tests/unit/segment/footage.hpp"

#include <chrono>
#include <filesystem>
#include <memory>

#include <catch2/catch.hpp>

namespace sluice::test {

/// A stream's files as the recorder makes them: a key frame a second, one fragment a second.
class Shooting {
public:
    void begin() {
        mp4::SegmentInfo info = footage::make_info(++files_);
        info.run_id = footage::make_id(run_);
        info.run_started = footage::kRunStart;
        auto writer = segment::Writer::begin(
            door_,
            folder_.path(),
            info,
            footage::make_format(),
            footage::kRunStart + std::chrono::seconds{second_}
        );
        REQUIRE(writer);
        writer_ = std::make_unique<segment::Writer>(std::move(*writer));
    }
    void shoot(unsigned seconds) {
        for (unsigned i = 0; i < seconds; ++i)
            REQUIRE(writer_->append(footage::make_fragment(second_++, 40)));
    }
    void finish() { REQUIRE(writer_->finish(footage::kRunStart + std::chrono::seconds{second_})); }
    void record(unsigned seconds) {
        begin();
        shoot(seconds);
        finish();
    }
    void pass(unsigned seconds) { second_ += seconds; }
    void change_run() { ++run_; }

    [[nodiscard]] UtcTime now() const { return footage::kRunStart + std::chrono::seconds{second_}; }
    [[nodiscard]] clip::LiveSource source() const {
        return {
            .stream_id = footage::make_id(104),
            .camera_slug = "drive-left",
            .stream = StreamKind::main,
            .volumes = {{footage::make_id(1), folder_.path()}},
        };
    }
    [[nodiscard]] std::filesystem::path folder() const { return folder_.path(); }

private:
    TempFolder folder_;
    volume::RealFiles door_;
    std::unique_ptr<segment::Writer> writer_;
    std::uint8_t files_ = 0;
    std::uint8_t run_ = 105;
    unsigned second_ = 0;
};

}  // namespace sluice::test
