#include "storage/segment/writer.hpp"

#include "storage/mp4/read.hpp"
#include "tests/support/faulty_files.hpp"
#include "tests/support/temp_folder.hpp"
#include "tests/unit/segment/footage.hpp"

#include <fcntl.h>

using namespace sluice;
using namespace sluice::test;
using namespace sluice::test::footage;
using namespace std::chrono_literals;
using segment::Writer;

namespace {

constexpr const char* kPath =
    "live/2026-11-23/drive-left/main/20261123T100000Z_00000000-0000-7000-0000-000000000001.mp4";

Writer begin(FaultyFiles& files, const TempFolder& folder) {
    auto writer = Writer::begin(files, folder.path(), make_info(), make_format(), kRunStart);
    REQUIRE(writer);
    return std::move(*writer);
}

mp4::SegmentFile read_back(const std::filesystem::path& path) {
    const UniqueFd fd{::open(path.c_str(), O_RDONLY)};
    auto found = mp4::read_segment(fd.get(), UINT64_MAX);
    REQUIRE(found);
    return std::move(*found);
}

}  // namespace

TEST_CASE("a segment's path names day, camera, stream, time and id", "[segment]") {
    CHECK(segment::relative_path(make_info(), kRunStart) == kPath);
    mp4::SegmentInfo sub = make_info();
    sub.stream = StreamKind::sub;
    CHECK(segment::relative_path(sub, kRunStart + 14h)
              .string()
              .starts_with("live/2026-11-24/drive-left/sub/20261124T0000"));
}

TEST_CASE(
    "a finished file reads back as the index says, and its hash is the file's (I6, I9)",
    "[segment][disk]"
) {
    const TempFolder folder;
    FaultyFiles files{folder.path()};
    Writer writer = begin(files, folder);
    CHECK(writer.part_path() == std::string{kPath} + ".part");
    for (unsigned i = 0; i < 5; ++i)
        REQUIRE(writer.append(make_fragment(i)));
    const auto finished = writer.finish(kRunStart + 5100ms);
    REQUIRE(finished);
    CHECK(finished->path == kPath);
    CHECK(finished->range == TimeRange{kRunStart, kRunStart + 5100ms});
    const std::string content = file_content(folder.path() / kPath);
    CHECK(finished->sha256 == sha256(as_bytes(content)));
    CHECK(finished->index.end_bytes == content.size());
    CHECK(holds_first_fragments(content, finished->index));
    const mp4::SegmentFile found = read_back(folder.path() / kPath);
    CHECK(found.index == finished->index);
    CHECK(found.info == make_info());
    CHECK(found.format == make_format());
    CHECK(found.tail_bytes == 0);
    CHECK(files_below(folder.path()).size() == 1);
}

TEST_CASE("an end that is not after the start becomes the end of the media", "[segment][disk]") {
    const TempFolder folder;
    FaultyFiles files{folder.path()};
    Writer writer = begin(files, folder);
    REQUIRE(writer.append(make_fragment(0)));
    const auto finished = writer.finish(kRunStart);
    REQUIRE(finished);
    CHECK(finished->range.to == kRunStart + 1s);
}

TEST_CASE("what is written can be read before the file is finished", "[segment][disk]") {
    const TempFolder folder;
    FaultyFiles files{folder.path()};
    Writer writer = begin(files, folder);
    for (unsigned i = 0; i < 3; ++i) {
        REQUIRE(writer.append(make_fragment(i)));
        CHECK(read_back(folder.path() / writer.part_path()).index == writer.index());
    }
    REQUIRE(writer.finish(kRunStart + 3s));
}

TEST_CASE("a fragment is one write, however many samples it has", "[segment][disk]") {
    const TempFolder folder;
    FaultyFiles files{folder.path()};
    Writer writer = begin(files, folder);
    const std::size_t before = files.count(Call::write);
    REQUIRE(writer.append(make_fragment(0)));
    CHECK(files.count(Call::write) == before + 1);
    REQUIRE(writer.append(segment::FragmentData{.base_decode_time = 0, .wall = kRunStart, .samples = {}}));
    CHECK(files.count(Call::write) == before + 1);
    CHECK(writer.index().fragments.size() == 1);
    REQUIRE(writer.finish(kRunStart + 1s));
}

TEST_CASE(
    "durable is the end of the last fragment written before the sync, not one further (I17)",
    "[segment][disk]"
) {
    const TempFolder folder;
    FaultyFiles files{folder.path()};
    Writer writer = begin(files, folder);
    REQUIRE(writer.sync());
    CHECK(writer.durable().bytes == 0);  // a head alone is no footage
    REQUIRE(writer.append(make_fragment(0)));
    CHECK(writer.durable().bytes == 0);
    const std::uint64_t first_end = writer.index().end_bytes;
    REQUIRE(writer.sync());
    CHECK(writer.durable().bytes == first_end);
    CHECK(writer.durable().to == kRunStart + 1s);
    REQUIRE(writer.append(make_fragment(1)));
    CHECK(writer.durable().bytes == first_end);
    files.fail_nth(Call::sync_data, 1);
    REQUIRE_FALSE(writer.sync());
    CHECK(writer.durable().bytes == first_end);
    CHECK(writer.durable().to == kRunStart + 1s);
    REQUIRE(writer.give_up());
}

TEST_CASE("a sync without anything new asks nothing of the disk", "[segment][disk]") {
    const TempFolder folder;
    FaultyFiles files{folder.path()};
    Writer writer = begin(files, folder);
    REQUIRE(writer.append(make_fragment(0)));
    REQUIRE(writer.sync());
    const std::size_t calls = files.calls().size();
    REQUIRE(writer.sync());
    CHECK(files.calls().size() == calls);
    REQUIRE(writer.finish(kRunStart + 1s));
}

TEST_CASE("the first error is sticky: later calls return it and touch nothing (I4)", "[segment][fault]") {
    const TempFolder folder;
    FaultyFiles files{folder.path()};
    Writer writer = begin(files, folder);
    REQUIRE(writer.append(make_fragment(0)));
    files.fail_nth(Call::sync_data, 1);
    const Status failed = writer.sync();
    REQUIRE_FALSE(failed);
    CHECK(failed.error().remedy() == Remedy::abandon_file);
    const std::size_t calls = files.calls().size();
    CHECK(writer.append(make_fragment(1)).error().message() == failed.error().message());
    CHECK(writer.sync().error().message() == failed.error().message());
    CHECK(writer.finish(kRunStart + 2s).error().message() == failed.error().message());
    CHECK(files.calls().size() == calls);
    CHECK(writer.index().fragments.size() == 1);
    const auto suspect = writer.give_up();
    REQUIRE(suspect);
    CHECK(*suspect == std::string{kPath} + ".suspect");
    CHECK(files_below(folder.path()) == std::vector<std::string>{suspect->string()});
}

TEST_CASE(
    "a full disk is told by its name, and whole fragments before it stay readable (I11)",
    "[segment][fault]"
) {
    const TempFolder folder;
    FaultyFiles files{folder.path()};
    Writer writer = begin(files, folder);
    REQUIRE(writer.append(make_fragment(0)));
    files.fill_disk_after(5000);
    const Status full = writer.append(make_fragment(1));
    REQUIRE_FALSE(full);
    CHECK(full.error().label() == "disk_full");
    CHECK(full.error().code() == std::errc::no_space_on_device);
    const auto suspect = writer.give_up();
    REQUIRE(suspect);
    const mp4::SegmentFile found = read_back(folder.path() / *suspect);
    CHECK(found.index == writer.index());
    CHECK(found.tail_bytes == 5000);
}

TEST_CASE("a segment without a fragment is not finished but set aside as empty", "[segment][disk]") {
    const TempFolder folder;
    FaultyFiles files{folder.path()};
    Writer writer = begin(files, folder);
    const auto finished = writer.finish(kRunStart + 1s);
    REQUIRE_FALSE(finished);
    CHECK(finished.error().label() == "empty");
    const auto aside = writer.give_up();
    REQUIRE(aside);
    CHECK(*aside == std::string{kPath} + ".empty");
}

TEST_CASE("a closed writer takes nothing more", "[segment][disk]") {
    const TempFolder folder;
    FaultyFiles files{folder.path()};
    Writer writer = begin(files, folder);
    REQUIRE(writer.append(make_fragment(0)));
    REQUIRE(writer.finish(kRunStart + 1s));
    CHECK_FALSE(writer.append(make_fragment(1)));
    CHECK_FALSE(writer.sync());
    CHECK_FALSE(writer.finish(kRunStart + 2s));
    CHECK_FALSE(writer.give_up());
}

TEST_CASE("a writer that is dropped leaves its .part for adoption", "[segment][disk]") {
    const TempFolder folder;
    FaultyFiles files{folder.path()};
    {
        Writer writer = begin(files, folder);
        REQUIRE(writer.append(make_fragment(0)));
    }
    CHECK(files_below(folder.path()) == std::vector<std::string>{std::string{kPath} + ".part"});
}

TEST_CASE("two segments of one name never overwrite each other (I3)", "[segment][disk]") {
    const TempFolder folder;
    FaultyFiles files{folder.path()};
    Writer first = begin(files, folder);
    REQUIRE(first.append(make_fragment(0)));
    const auto finished = first.finish(kRunStart + 1s);
    REQUIRE(finished);
    Writer second = begin(files, folder);
    REQUIRE(second.append(make_fragment(1)));
    const auto refused = second.finish(kRunStart + 2s);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code() == std::errc::file_exists);
    CHECK(finished->sha256 == sha256(as_bytes(file_content(folder.path() / kPath))));
}
