#include "storage/segment/adopt.hpp"

#include "tests/support/faulty_files.hpp"
#include "tests/support/temp_folder.hpp"
#include "tests/unit/segment/footage.hpp"

#include <fstream>

using namespace sluice;
using namespace sluice::test;
using namespace sluice::test::footage;
using namespace std::chrono_literals;
using segment::Orphan;
using segment::Writer;

namespace {

namespace fs = std::filesystem;

/// Writes a segment of `fragments` seconds and leaves it as .part.
fs::path leave_part(
    volume::DurableFiles& files,
    const fs::path& root,
    unsigned fragments,
    const mp4::SegmentInfo& info = make_info()
) {
    auto writer = Writer::begin(files, root, info, make_format(), kRunStart);
    REQUIRE(writer);
    for (unsigned i = 0; i < fragments; ++i)
        REQUIRE(writer->append(make_fragment(i)));
    return writer->part_path();
}

Orphan only_orphan(const fs::path& root) {
    const auto found = segment::find_files(root, "");
    REQUIRE(found);
    REQUIRE(found->size() == 1);
    return found->front();
}

void touch(const fs::path& path) {
    fs::create_directories(path.parent_path());
    std::ofstream{path} << "";
}

std::string name_of(std::uint8_t id, const char* suffix) {
    return "20261123T100000Z_" + to_string(make_id(id)) + suffix;
}

}  // namespace

TEST_CASE("I12: a .part cut in mid-fragment is adopted up to its last whole fragment", "[segment][disk]") {
    const TempFolder folder;
    volume::RealFiles files;
    const fs::path part = leave_part(files, folder.path(), 3);
    const auto size = fs::file_size(folder.path() / part);
    fs::resize_file(folder.path() / part, size - 1);
    const auto adopted = segment::adopt(files, folder.path(), only_orphan(folder.path()));
    REQUIRE(adopted);
    CHECK(adopted->index.fragments.size() == 2);
    CHECK(adopted->range == TimeRange{kRunStart, kRunStart + 2s});
    CHECK(adopted->path.string() + ".part" == part.string());
    const std::string content = file_content(folder.path() / adopted->path);
    CHECK(content.size() == adopted->index.end_bytes);
    CHECK(adopted->sha256 == sha256(as_bytes(content)));
    CHECK_FALSE(fs::exists(folder.path() / part));
}

TEST_CASE("I12: a finished file is adopted as it stands, and its folder is synced", "[segment][disk]") {
    const TempFolder folder;
    FaultyFiles files{folder.path()};
    auto writer = Writer::begin(files, folder.path(), make_info(), make_format(), kRunStart);
    REQUIRE(writer);
    for (unsigned i = 0; i < 2; ++i)
        REQUIRE(writer->append(make_fragment(i)));
    const auto finished = writer->finish(kRunStart + 2s);
    REQUIRE(finished);
    const std::size_t before = files.records().size();
    const Orphan orphan = only_orphan(folder.path());
    CHECK_FALSE(orphan.is_part);
    CHECK(orphan.segment_id == make_id(1));
    const auto adopted = segment::adopt(files, folder.path(), orphan);
    REQUIRE(adopted);
    CHECK(adopted->sha256 == finished->sha256);
    CHECK(adopted->index == finished->index);
    CHECK(adopted->range == finished->range);
    CHECK(files.records().size() == before + 1);
    CHECK(files.calls().back() == std::string{"sync_directory"});
}

TEST_CASE("I12: a .part without a whole fragment is set aside as .empty, never unlinked", "[segment][disk]") {
    const TempFolder folder;
    volume::RealFiles files;
    const fs::path part = folder.path() / leave_part(files, folder.path(), 1);
    const auto cut_to = GENERATE(0U, 1U, 20U, 100U, 900U);
    fs::resize_file(part, cut_to);
    const auto adopted = segment::adopt(files, folder.path(), only_orphan(folder.path()));
    REQUIRE_FALSE(adopted);
    CHECK(adopted.error().label() == "empty");
    CHECK(adopted.error().remedy() == Remedy::abandon_file);
    const auto left = files_below(folder.path());
    REQUIRE(left.size() == 1);
    CHECK(left.front().ends_with(".mp4.empty"));
    CHECK(fs::file_size(folder.path() / left.front()) == cut_to);
    const auto again = segment::find_files(folder.path(), "");
    REQUIRE(again);
    CHECK(again->empty());
}

TEST_CASE("an unreadable head makes the file suspect and keeps every byte", "[segment][disk]") {
    const TempFolder folder;
    volume::RealFiles files;
    const fs::path part = folder.path() / leave_part(files, folder.path(), 2);
    std::string content = file_content(part);
    content.replace(40, 400, 400, '\xff');
    std::ofstream{part, std::ios::binary} << content;
    const auto adopted = segment::adopt(files, folder.path(), only_orphan(folder.path()));
    REQUIRE_FALSE(adopted);
    CHECK(adopted.error().remedy() == Remedy::abandon_file);
    const auto left = files_below(folder.path());
    REQUIRE(left.size() == 1);
    CHECK(left.front().ends_with(".mp4.suspect"));
    CHECK(file_content(folder.path() / left.front()) == content);
}

TEST_CASE("a file under another segment's name is not adopted", "[segment][disk]") {
    const TempFolder folder;
    volume::RealFiles files;
    const fs::path part = folder.path() / leave_part(files, folder.path(), 2);
    fs::rename(part, part.parent_path() / name_of(9, ".mp4.part"));
    const auto adopted = segment::adopt(files, folder.path(), only_orphan(folder.path()));
    REQUIRE_FALSE(adopted);
    CHECK(files_below(folder.path()).front().ends_with(name_of(9, ".mp4.suspect")));
}

TEST_CASE("I12: fragments whose pages are holes are cut, those before them kept", "[segment][disk]") {
    const TempFolder folder;
    volume::RealFiles files;
    const fs::path part = folder.path() / leave_part(files, folder.path(), 4);
    std::string content = file_content(part);
    const std::size_t page = GENERATE(range(10U, 30U));
    const std::size_t hole = page * 4096;
    REQUIRE(hole + 4096 < content.size());
    content.replace(hole, 4096, 4096, '\0');
    std::ofstream{part, std::ios::binary} << content;
    const auto adopted = segment::adopt(files, folder.path(), only_orphan(folder.path()));
    REQUIRE(adopted);
    CHECK(!adopted->index.fragments.empty());
    CHECK(adopted->index.end_bytes <= hole);
    CHECK(adopted->index.end_bytes + 34000 > hole);  // no fragment too many
    CHECK(holds_first_fragments(file_content(folder.path() / adopted->path), adopted->index));
}

TEST_CASE("a failed sync while adopting makes the file suspect (I4)", "[segment][fault]") {
    const TempFolder folder;
    FaultyFiles files{folder.path()};
    leave_part(files, folder.path(), 2);
    files.fail_nth(Call::sync_data, 1);
    const auto adopted = segment::adopt(files, folder.path(), only_orphan(folder.path()));
    REQUIRE_FALSE(adopted);
    CHECK(adopted.error().remedy() == Remedy::abandon_file);
    CHECK(files_below(folder.path()).front().ends_with(".suspect"));
}

TEST_CASE("a failed folder sync while adopting stops the volume (I5)", "[segment][fault]") {
    const TempFolder folder;
    FaultyFiles files{folder.path()};
    leave_part(files, folder.path(), 2);
    files.fail_nth(Call::sync_directory, 1);
    const auto adopted = segment::adopt(files, folder.path(), only_orphan(folder.path()));
    REQUIRE_FALSE(adopted);
    CHECK(adopted.error().remedy() == Remedy::stop_volume);
}

TEST_CASE("find_files looks only at segment files of the asked days", "[segment][disk]") {
    const TempFolder folder;
    const fs::path live = folder.path() / "live";
    touch(live / "2026-11-21/a/main" / name_of(1, ".mp4"));
    touch(live / "2026-11-22/a/main" / name_of(2, ".mp4"));
    touch(live / "2026-11-23/b/sub" / name_of(3, ".mp4.part"));
    touch(live / "2026-11-23/b/sub" / name_of(4, ".mp4.suspect"));
    touch(live / "2026-11-23/b/sub" / name_of(5, ".mp4.empty"));
    touch(live / "2026-11-23/b/sub" / name_of(6, ".txt"));
    touch(live / "2026-11-23/b/sub/20261123T100000Z_no-uuid.mp4");
    touch(live / "2026-11-23/b" / name_of(7, ".mp4"));
    touch(live / "notes/b/sub" / name_of(8, ".mp4"));
    fs::create_directory_symlink(live / "2026-11-21/a", live / "2026-11-23/link");
    const auto found = segment::find_files(folder.path(), "2026-11-22");
    REQUIRE(found);
    REQUIRE(found->size() == 2);
    CHECK(found->at(0).path == fs::path{"live/2026-11-22/a/main"} / name_of(2, ".mp4"));
    CHECK(found->at(0).segment_id == make_id(2));
    CHECK_FALSE(found->at(0).is_part);
    CHECK(found->at(1).path == fs::path{"live/2026-11-23/b/sub"} / name_of(3, ".mp4.part"));
    CHECK(found->at(1).is_part);
}

TEST_CASE("find_files says so when there is no live folder", "[segment][disk]") {
    const TempFolder folder;
    const auto found = segment::find_files(folder.path(), "");
    REQUIRE_FALSE(found);
    CHECK(found.error().remedy() == Remedy::operator_acts);
}

TEST_CASE("the last end of a stream is that of its newest file with footage", "[segment][disk]") {
    const TempFolder folder;
    volume::RealFiles files;
    leave_part(files, folder.path(), 3);
    const auto end = [&](const char* slug, StreamKind stream) {
        const auto found = segment::find_last_end(folder.path(), slug, stream);
        REQUIRE(found);
        return *found;
    };
    CHECK(end("drive-left", StreamKind::main) == kRunStart + 3s);
    CHECK(end("drive-left", StreamKind::sub) == std::nullopt);
    CHECK(end("lobby-1", StreamKind::main) == std::nullopt);
    // Newer files without footage, on the same day and on the next, do not hide it.
    const std::string id = to_string(make_id(2));
    touch(folder.path() / "live/2026-11-23/drive-left/main" / ("20261123T110000Z_" + id + ".mp4.part"));
    touch(folder.path() / "live/2026-11-24/drive-left/main" / ("20261124T110000Z_" + id + ".mp4.part"));
    touch(folder.path() / "live/2026-11-24/lobby-1/main" / ("20261124T110000Z_" + id + ".mp4"));
    CHECK(end("drive-left", StreamKind::main) == kRunStart + 3s);
    CHECK(end("lobby-1", StreamKind::main) == std::nullopt);
}
