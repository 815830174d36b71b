#include "storage/contractor/foreign_file.hpp"

#include "config/base/files.hpp"
#include "storage/contractor/survey.hpp"
#include "tests/support/contractor_files.hpp"
#include "tests/support/temp_folder.hpp"

#include <cstdlib>
#include <fstream>
#include <random>

#include <catch2/catch.hpp>

namespace sluice::contractor {
namespace {

namespace fs = std::filesystem;

bool always() {
    return true;
}

std::string content_of(const fs::path& file) {
    return read_text_file(file, 64U << 20U).value();
}

fs::path write(const test::TempFolder& folder, const std::string& name, const std::string& content) {
    const fs::path file = folder.path() / name;
    std::ofstream{file, std::ios::binary} << content;
    return file;
}

/// Reads all of a file, whatever it says; the codes of what went wrong.
std::string read_all(const fs::path& file) {
    const auto found = survey(file, always);
    return found ? "" : found.error().label();
}

}  // namespace

TEST_CASE("pictures come out of every usual container, with their times", "[contractor][foreign]") {
    for (const char* kind : {"mp4", "mkv", "ts", "avi", "flv", "hevc.mp4"}) {
        INFO(kind);
        const auto found = survey(test::foreign_clip(kind), always);
        REQUIRE(found);
        CHECK(found->is_playable());
        CHECK(found->pictures == test::kForeignPictures);
        CHECK(std::abs(found->length.count() - test::kForeignSeconds * 1'000'000) <= 120'000);
    }
}

TEST_CASE("a codec that is not played here is told, and its times are still read", "[contractor][foreign]") {
    const auto found = survey(test::foreign_clip("mjpeg.avi"), always);
    REQUIRE(found);
    CHECK(found->unplayable_code == "CODEC");
    CHECK(found->unplayable.find("mjpeg") != std::string::npos);
    CHECK(found->pictures == test::kForeignPictures);
}

TEST_CASE("what is no video is refused, and nothing else is ever opened", "[contractor][foreign]") {
    const test::TempFolder folder;
    CHECK(read_all(write(folder, "empty", "")) == "NOT_MEDIA");
    CHECK(read_all(write(folder, "text", std::string(100'000, 'x'))) == "NOT_MEDIA");
    // Playlists that name the machine's own files: libavformat must not come to read them.
    const std::string clip = test::foreign_clip("ts").string();
    CHECK(
        read_all(write(
            folder,
            "list.m3u8",
            "#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\n" + clip + "\n#EXT-X-ENDLIST\n"
        )) == "NOT_MEDIA"
    );
    CHECK(
        read_all(write(folder, "list.ffconcat", "ffconcat version 1.0\nfile '" + clip + "'\n")) == "NOT_MEDIA"
    );
    CHECK(
        read_all(write(folder, "s.sdp", "v=0\r\nm=video 9 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n")) ==
        "NOT_MEDIA"
    );
    // Neither a link nor a folder is a received file.
    fs::create_symlink(clip, folder.path() / "link");
    const auto linked = ForeignFile::open(folder.path() / "link", always);
    REQUIRE_FALSE(linked);
    CHECK(linked.error().remedy() == Remedy::operator_acts);
}

TEST_CASE("hostile files end in an error or a shorter clip, never in a crash", "[contractor][foreign]") {
    const test::TempFolder folder;
    std::mt19937 random{20261126};  // the same files each time
    std::size_t refused = 0;
    for (const char* kind : {"mp4", "mkv", "ts", "avi", "flv"}) {
        const std::string whole = content_of(test::foreign_clip(kind));
        for (int round = 0; round < 24; ++round) {
            std::string bad = whole;
            std::uniform_int_distribution<std::size_t> place{0, bad.size() - 1};
            std::uniform_int_distribution<int> byte{0, 255};
            // A cut tail, bytes of the head turned over, bytes anywhere, or a length field of all ones.
            if (round % 4 == 0) bad.resize(place(random));
            if (round % 4 == 1)
                for (int i = 0; i < 40; ++i)
                    bad[place(random) % std::min<std::size_t>(bad.size(), 4096)] =
                        static_cast<char>(byte(random));
            if (round % 4 == 2)
                for (int i = 0; i < 400; ++i)
                    bad[place(random)] = static_cast<char>(byte(random));
            if (round % 4 == 3)
                for (std::size_t i = place(random), end = std::min(i + 8, bad.size()); i < end; ++i)
                    bad[i] = '\xFF';
            INFO(kind << " round " << round);
            const auto found = survey(write(folder, "bad", bad), always);
            if (found) {
                CHECK(found->pictures <= 2 * test::kForeignPictures);
                continue;
            }
            ++refused;
            CHECK(found.error().remedy() == Remedy::abandon_file);
            CHECK((found.error().label() == "NOT_MEDIA" || found.error().label() == "MEDIA_BROKEN"));
        }
    }
    CHECK(refused > 0);
}

TEST_CASE("reading stops when it is told to", "[contractor][foreign]") {
    int asked = 0;
    const auto found = survey(test::foreign_clip("mp4"), [&asked] { return ++asked < 20; });
    REQUIRE_FALSE(found);
    CHECK(found.error().remedy() == Remedy::cancelled);
    CHECK(asked <= 22);
}

}  // namespace sluice::contractor
