#include "storage/clip/hls_live.hpp"

#include "tests/unit/clip/shooting.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <unistd.h>

namespace sluice::clip {
namespace {

using test::Shooting;
namespace footage = test::footage;
using namespace std::chrono_literals;

/// "1000 0-2 whole" for each segment of the view, with the last byte of its file's id.
std::vector<std::string> entries(const LiveView& view) {
    std::vector<std::string> out;
    std::uint64_t number = view.playlist.first_number;
    for (const HlsSegment& segment : view.playlist.segments)
        out.push_back(
            std::to_string(number++) + " " + std::to_string(segment.file_id.bytes[15]) + "/" +
            media_name(segment.first, segment.end) + (segment.is_discontinuous ? " !" : "") +
            (segment.is_whole ? "" : " grows")
        );
    return out;
}

TEST_CASE("live follows the .part fragment by fragment, and over its rename", "[clip][hls][disk]") {
    Shooting shooting;
    LiveFollower follower{shooting.source()};
    CHECK_FALSE(follower.look(shooting.now()));
    CHECK(follower.view() == nullptr);
    shooting.begin();
    CHECK_FALSE((follower.look(shooting.now()) && follower.view() != nullptr));
    shooting.shoot(3);
    REQUIRE(follower.look(shooting.now()));
    const std::uint64_t first = follower.view()->playlist.first_number;
    const std::string n = std::to_string(first);
    const std::string m = std::to_string(first + 1);
    CHECK(entries(*follower.view()) == std::vector<std::string>{n + " 1/0-2.m4s", m + " 1/2-3.m4s grows"});
    CHECK_FALSE(follower.look(shooting.now()));
    shooting.shoot(1);
    REQUIRE(follower.look(shooting.now()));
    CHECK(entries(*follower.view()).back() == m + " 1/2-4.m4s grows");
    shooting.shoot(1);
    shooting.finish();
    REQUIRE(follower.look(shooting.now()));
    CHECK(entries(*follower.view()).back() == std::to_string(first + 2) + " 1/4-5.m4s");
    shooting.record(2);
    REQUIRE(follower.look(shooting.now()));
    CHECK(entries(*follower.view()).back() == std::to_string(first + 3) + " 2/0-2.m4s");
    CHECK(follower.view()->wall == TimeRange{footage::kRunStart, footage::kRunStart + 7s});
}

TEST_CASE("a .part that was left behind has ended when the next file has footage", "[clip][hls][disk]") {
    Shooting shooting;
    shooting.begin();
    shooting.shoot(3);
    LiveFollower follower{shooting.source()};
    REQUIRE(follower.look(shooting.now()));
    CHECK_FALSE(follower.view()->playlist.segments.back().is_whole);
    shooting.begin();  // as after a crash: nobody finishes the first file
    static_cast<void>(follower.look(shooting.now()));
    CHECK_FALSE(follower.view()->playlist.segments.back().is_whole);
    shooting.shoot(1);
    REQUIRE(follower.look(shooting.now()));
    const auto& segments = follower.view()->playlist.segments;
    REQUIRE(segments.size() == 3);
    CHECK(segments[1].is_whole);
    CHECK_FALSE(segments[2].is_whole);
    shooting.finish();
}

TEST_CASE("a fragment that is half written is not shown", "[clip][hls][disk]") {
    Shooting shooting;
    shooting.begin();
    shooting.shoot(2);
    LiveFollower follower{shooting.source()};
    REQUIRE(follower.look(shooting.now()));
    const auto file = footage::files_below(shooting.folder()).front();
    const auto path = shooting.folder() / file;
    const auto whole = std::filesystem::file_size(path);
    shooting.shoot(1);
    const std::string content = footage::file_content(path);
    REQUIRE(::truncate(path.c_str(), static_cast<off_t>(whole + 150)) == 0);
    CHECK_FALSE(follower.look(shooting.now()));
    std::ofstream{path, std::ios::binary} << content;
    CHECK(follower.look(shooting.now()));
    CHECK(follower.view()->playlist.segments.back().end == 3);
}

TEST_CASE("gaps and new runs are discontinuities, a new file is none", "[clip][hls][disk]") {
    Shooting shooting;
    shooting.record(4);
    shooting.record(4);
    shooting.pass(5);  // the same run, and its clock went on
    shooting.record(2);
    shooting.change_run();
    shooting.record(2);
    LiveFollower follower{shooting.source()};
    REQUIRE(follower.look(shooting.now()));
    std::vector<bool> marks;
    for (const HlsSegment& segment : follower.view()->playlist.segments)
        marks.push_back(segment.is_discontinuous);
    CHECK(marks == std::vector<bool>{false, false, false, false, true, true});
}

TEST_CASE(
    "I21: numbers stay with their footage while the window moves and in another life",
    "[clip][hls][disk][I21]"
) {
    Shooting shooting;
    LiveFollower first{shooting.source()};
    std::map<std::string, std::string> number_of;
    std::optional<LiveMark> kept;
    std::unique_ptr<LiveFollower> second;
    std::uint64_t most_discontinuities = 0;
    const auto check_numbers = [&](LiveFollower& follower) {
        if (!follower.look(shooting.now())) return;
        for (const std::string& entry : entries(*follower.view())) {
            if (entry.ends_with("grows")) continue;
            const std::size_t space = entry.find(' ');
            const auto [known, is_new] = number_of.emplace(
                entry.substr(space + 1, entry.find(".m4s") - space), entry.substr(0, space)
            );
            CHECK(known->second == entry.substr(0, space));
        }
        most_discontinuities = std::max(most_discontinuities, follower.view()->playlist.discontinuities);
    };
    for (unsigned file = 0; file < 40; ++file) {
        shooting.begin();
        for (unsigned i = 0; i < 3 + file % 7; ++i) {
            shooting.shoot(1);
            check_numbers(first);
            if (second) check_numbers(*second);
        }
        shooting.finish();
        check_numbers(first);
        if (file % 6 == 2) shooting.change_run();
        // Another process begins with what the first one has kept, some files later.
        if (file % 9 == 3) kept = first.view()->mark;
        if (file % 9 == 5) second = std::make_unique<LiveFollower>(shooting.source(), kept);
        if (second) check_numbers(*second);
        if (second) CHECK(second->view()->playlist.discontinuities == first.view()->playlist.discontinuities);
        if (second) CHECK(second->view()->mark == first.view()->mark);
    }
    CHECK(number_of.size() > 100);
    CHECK(most_discontinuities >= 3);
    // The window is bounded, and so is what is held for it.
    const auto view = first.view();
    CHECK(view->wall.length() >= 120s);
    CHECK(view->wall.length() <= 140s);
    CHECK(view->files.size() < 25);
    CHECK(view->find_file(footage::make_id(1)) == nullptr);
    CHECK(view->find_file(footage::make_id(40)) != nullptr);
}

TEST_CASE("without a mark numbers are those of the clock, so they only grow", "[clip][hls][disk]") {
    Shooting shooting;
    shooting.record(10);
    LiveFollower follower{shooting.source(), LiveMark{footage::make_id(77), 5, 1}};
    REQUIRE(follower.look(shooting.now()));
    CHECK(
        follower.view()->playlist.first_number ==
        static_cast<std::uint64_t>(footage::kRunStart.time_since_epoch() / 1s)
    );
}

TEST_CASE("a file that can't be read hides no other one", "[clip][hls][disk]") {
    Shooting shooting;
    shooting.record(4);
    const auto folder = (shooting.folder() / footage::files_below(shooting.folder()).front()).parent_path();
    std::ofstream{folder / ("20261123T100004Z_" + to_string(footage::make_id(9)) + ".mp4.part")} << "rubbish";
    LiveFollower follower{shooting.source()};
    REQUIRE(follower.look(shooting.now()));
    CHECK(follower.view()->playlist.segments.size() == 2);
    shooting.record(2);
    REQUIRE(follower.look(shooting.now()));
    CHECK(follower.view()->playlist.segments.size() == 3);
}

TEST_CASE("HLS media is the file's samples behind heads whose time counts from 1970", "[clip][hls][disk]") {
    Shooting shooting;
    shooting.record(5);
    LiveFollower follower{shooting.source()};
    REQUIRE(follower.look(shooting.now()));
    const auto file = follower.view()->files.front();
    auto media = HlsMedia::open(file, {.first = 1, .end = 4});
    REQUIRE(media);
    Bytes bytes;
    while (bytes.size() < media->size_bytes()) {
        auto piece = media->read(bytes.size(), 70);
        REQUIRE(piece);
        if (const auto* made = std::get_if<Bytes>(&*piece)) {
            bytes.insert(bytes.end(), made->begin(), made->end());
            continue;
        }
        const auto& range = std::get<FileRange>(*piece);
        REQUIRE(range.length <= 70);
        Bytes read(range.length);
        REQUIRE(::pread(range.file->get(), read.data(), read.size(), static_cast<off_t>(range.offset)) > 0);
        bytes.insert(bytes.end(), read.begin(), read.end());
    }
    Bytes expected;
    const std::uint64_t origin =
        static_cast<std::uint64_t>(footage::kRunStart.time_since_epoch() / 1s) * mp4::kTimescale;
    for (unsigned number = 1; number < 4; ++number) {
        const segment::FragmentData fragment = footage::make_fragment(number, 40);
        std::vector<mp4::Sample> samples;
        for (const auto& sample : fragment.samples)
            samples.push_back(sample.sample);
        const Bytes head =
            mp4::make_fragment_head(number + 1, origin + fragment.base_decode_time, fragment.wall, samples);
        expected.insert(expected.end(), head.begin(), head.end());
        for (const auto& sample : fragment.samples)
            expected.insert(expected.end(), sample.bytes.begin(), sample.bytes.end());
    }
    CHECK(bytes == expected);
    CHECK_FALSE(media->read(media->size_bytes(), 10));

    // What begins a file begins with its init segment, and a piece inside has none.
    auto first = HlsMedia::open(file, {.first = 0, .end = 1});
    auto later = HlsMedia::open(file, {.first = 1, .end = 2});
    REQUIRE(first);
    REQUIRE(later);
    const Bytes init = mp4::make_init_segment(footage::make_format());
    CHECK(first->size_bytes() == later->size_bytes() + init.size());
    const auto begin = first->read(3, 100'000);
    REQUIRE(begin);
    CHECK(std::get<Bytes>(*begin) == Bytes(init.begin() + 3, init.end()));
    CHECK(std::get<Bytes>(*first->read(init.size(), 100'000)).size() == 128 + 16 * 10);

    // Nothing false is sent when the file is another one than the index says.
    std::filesystem::resize_file(file->path, file->index.fragments[2].data_offset + 5);
    auto cut = HlsMedia::open(file, {.first = 2, .end = 3});
    REQUIRE(cut);
    CHECK(cut->read(0, 4).has_value());
    const auto broken = cut->read(128 + 16 * 10, 10);
    REQUIRE_FALSE(broken);
    CHECK(broken.error().remedy() == Remedy::abandon_file);
}

}  // namespace
}  // namespace sluice::clip
