#include "storage/mp4/read.hpp"
#include "storage/segment/adopt.hpp"
#include "storage/segment/writer.hpp"
#include "storage/volume/volume.hpp"
#include "tests/support/faulty_files.hpp"
#include "tests/support/temp_folder.hpp"
#include "tests/unit/segment/footage.hpp"

#include <optional>

#include <fcntl.h>

using namespace sluice;
using namespace sluice::test;
using namespace sluice::test::footage;
using namespace std::chrono_literals;
using segment::Writer;

namespace {

namespace fs = std::filesystem;

constexpr std::array<Unsynced, 4> kContents{
    Unsynced::gone,
    Unsynced::half,
    Unsynced::zeros,
    Unsynced::hollow
};
constexpr std::array<UnsyncedEntries, 2> kEntries{UnsyncedEntries::gone, UnsyncedEntries::kept};

/// What the recorder was told while it wrote one segment.
struct Told {
    std::size_t written = 0;  ///< fragments whose append succeeded
    std::size_t durable = 0;  ///< fragments that a successful sync covered
    bool is_finished = false;
    std::optional<Error> error;
    std::optional<Result<fs::path>> given_up;
};

/// Two fragments, sync, one, sync, one, finish; the first failure ends it by giving up.
Told record_segment(FaultyFiles& files, const fs::path& root) {
    Told told;
    auto writer = Writer::begin(files, root, make_info(), make_format(), kRunStart);
    if (!writer) {
        told.error = writer.error();
        return told;
    }
    const auto append = [&](unsigned number) {
        const Status status = writer->append(make_fragment(number));
        if (status) ++told.written;
        return status;
    };
    const auto sync = [&] {
        const Status status = writer->sync();
        if (status) told.durable = told.written;
        return status;
    };
    const auto finish = [&]() -> Status {
        const auto finished = writer->finish(kRunStart + 4s);
        if (!finished) return std::unexpected(finished.error());
        told.durable = told.written;
        told.is_finished = true;
        return {};
    };
    const std::array<std::function<Status()>, 7> steps{
        [&] { return append(0); },
        [&] { return append(1); },
        sync,
        [&] { return append(2); },
        sync,
        [&] { return append(3); },
        finish,
    };
    for (const auto& step : steps) {
        const Status status = step();
        if (status) continue;
        told.error = status.error();
        told.given_up = writer->give_up();
        break;
    }
    return told;
}

/// A volume as `sluice volume add` leaves it, and everything on it durable.
void make_volume(const fs::path& root) {
    volume::RealFiles files;
    REQUIRE(volume::create_identity(files, root, make_id(101), kRunStart));
}

struct Adopted {
    std::size_t segments = 0;
    std::size_t fragments = 0;
    std::size_t empty = 0;
};

/// Adopts all there is; every adopted byte has to be one that was written.
Adopted adopt_all(volume::DurableFiles& files, const fs::path& root) {
    const auto found = segment::find_files(root, "2026-11-23");
    REQUIRE(found);
    Adopted adopted;
    for (const segment::Orphan& orphan : *found) {
        const auto segment = segment::adopt(files, root, orphan);
        if (!segment) {
            CHECK(segment.error().remedy() == Remedy::abandon_file);
            ++adopted.empty;
            continue;
        }
        const std::string content = file_content(root / segment->path);
        CHECK(content.size() == segment->index.end_bytes);
        CHECK(holds_first_fragments(content, segment->index));
        CHECK(segment->sha256 == sha256(as_bytes(content)));
        CHECK(segment->info == make_info());
        ++adopted.segments;
        adopted.fragments += segment->index.fragments.size();
    }
    return adopted;
}

std::size_t fragments_in(const fs::path& path) {
    const UniqueFd fd{::open(path.c_str(), O_RDONLY)};
    const auto found = mp4::read_segment(fd.get(), UINT64_MAX);
    return found ? found->index.fragments.size() : 0;
}

}  // namespace

TEST_CASE(
    "I2: part, folders synced, written, synced, renamed, folder synced: in this order",
    "[segment][fault]"
) {
    const TempFolder folder;
    make_volume(folder.path());
    FaultyFiles files{folder.path()};
    REQUIRE(record_segment(files, folder.path()).is_finished);
    const std::string day = "live/2026-11-23";
    const std::string stream = day + "/drive-left/main";
    std::vector<std::string> log;
    for (const CallRecord& record : files.records()) {
        const std::string suffix = record.path.extension().string();
        log.push_back(
            std::string{to_string(record.call)} + " " + (suffix.empty() ? record.path.string() : suffix)
        );
    }
    // The empty live/ may be a killed process's, so its parent is synced as if it were new.
    CHECK(
        log ==
        std::vector<std::string>{
            "make_directory live",
            "sync_directory .",
            "make_directory " + day,
            "sync_directory live",
            "make_directory " + day + "/drive-left",
            "sync_directory " + day,
            "make_directory " + stream,
            "sync_directory " + day + "/drive-left",
            "create .part",
            "sync_directory " + stream,
            "write .part",
            "write .part",
            "write .part",
            "sync_data .part",
            "write .part",
            "sync_data .part",
            "write .part",
            "sync_data .part",
            "rename .mp4",
            "sync_directory " + stream
        }
    );
}

TEST_CASE(
    "I3 I4 I5: a failure at any step gives up the file or stops the volume, never more",
    "[segment][fault]"
) {
    bool passed = false;
    for (std::size_t nth = 1; !passed; ++nth) {
        REQUIRE(nth < 100);
        CAPTURE(nth);
        const TempFolder folder;
        make_volume(folder.path());
        FaultyFiles files{folder.path()};
        files.fail_nth_call(nth);
        const Told told = record_segment(files, folder.path());
        passed = told.is_finished;
        if (passed) {
            CHECK(files.records().size() == nth - 1);
            break;
        }
        REQUIRE(told.error);
        const Call failed = files.records().at(nth - 1).call;
        const bool stops = failed == Call::sync_directory || failed == Call::make_directory;
        CHECK(told.error->remedy() == (stops ? Remedy::stop_volume : Remedy::abandon_file));
        if (stops) {
            CHECK(files.records().size() == nth);  // I5: nothing is touched after it
        } else if (told.given_up) {
            REQUIRE(*told.given_up);
            const fs::path aside = **told.given_up;
            CHECK(aside.extension() == (told.written == 0 ? ".empty" : ".suspect"));
            CHECK(fragments_in(folder.path() / aside) >= told.written);
            const auto names = files_below(folder.path() / "live");
            CHECK(names.size() == 1);  // no final name beside it: I3
        }
        files.power_cut();
        for (const std::string& name : files_below(folder.path() / "live")) {
            if (name.ends_with(".suspect"))
                CHECK(fragments_in(folder.path() / "live" / name) >= told.durable);
        }
        const Adopted adopted = adopt_all(files, folder.path());
        if (stops) CHECK(adopted.fragments >= told.durable);
    }
}

TEST_CASE("I4: after a failed sync the file is never synced again", "[segment][fault]") {
    for (std::size_t nth = 1; nth <= 3; ++nth) {
        const TempFolder folder;
        make_volume(folder.path());
        FaultyFiles files{folder.path()};
        files.fail_nth(Call::sync_data, nth);
        const Told told = record_segment(files, folder.path());
        REQUIRE(told.error);
        CHECK(files.count(Call::sync_data) == nth);
        CHECK(files.calls().back() == std::string{"sync_directory"});  // of the rename to .suspect
    }
}

TEST_CASE(
    "I2 I12 I17: a power cut before any step leaves all that was synced and no garbage",
    "[segment][fault]"
) {
    for (const Unsynced unsynced : kContents) {
        for (const UnsyncedEntries entries : kEntries) {
            bool passed = false;
            for (std::size_t nth = 1; !passed; ++nth) {
                REQUIRE(nth < 100);
                CAPTURE(nth, static_cast<int>(unsynced), static_cast<int>(entries));
                const TempFolder folder;
                make_volume(folder.path());
                FaultyFiles files{folder.path()};
                files.die_at_nth_call(nth);
                const Told told = record_segment(files, folder.path());
                passed = told.is_finished;
                files.heal();
                files.power_cut(unsynced, entries);
                const std::size_t before = files_below(folder.path()).size();
                const Adopted adopted = adopt_all(files, folder.path());
                CHECK(adopted.fragments >= told.durable);
                CHECK(adopted.fragments <= 4);
                CHECK(files_below(folder.path()).size() == before);  // I12: nothing is unlinked
                // What was adopted is durable itself, and a second start finds it finished.
                files.power_cut();
                CHECK(adopt_all(files, folder.path()).fragments == adopted.fragments);
            }
        }
    }
}

TEST_CASE("I1: a process killed before any step leaves all that was written", "[segment][fault]") {
    bool passed = false;
    for (std::size_t nth = 1; !passed; ++nth) {
        REQUIRE(nth < 100);
        CAPTURE(nth);
        const TempFolder folder;
        make_volume(folder.path());
        FaultyFiles files{folder.path()};
        files.die_at_nth_call(nth);
        const Told told = record_segment(files, folder.path());
        passed = told.is_finished;
        files.heal();
        CHECK(adopt_all(files, folder.path()).fragments == told.written);
        // And from then on also a power cut takes nothing of it.
        files.power_cut();
        CHECK(adopt_all(files, folder.path()).fragments == told.written);
    }
}

TEST_CASE("I12: an adoption cut short at any step is taken up again without loss", "[segment][fault]") {
    bool passed = false;
    for (std::size_t nth = 1; !passed; ++nth) {
        REQUIRE(nth < 100);
        CAPTURE(nth);
        const TempFolder folder;
        make_volume(folder.path());
        FaultyFiles files{folder.path()};
        files.die_at_nth_call(17);  // before the last fragment: three written, two syncs
        const Told told = record_segment(files, folder.path());
        REQUIRE(told.durable == 3);
        files.heal();
        files.power_cut(Unsynced::half);
        files.die_at_nth_call(nth);
        const auto found = segment::find_files(folder.path(), "2026-11-23");
        REQUIRE(found);
        REQUIRE(found->size() == 1);
        passed = segment::adopt(files, folder.path(), found->front()).has_value();
        files.heal();
        files.power_cut();
        const Adopted adopted = adopt_all(files, folder.path());
        CHECK(adopted.segments == 1);
        CHECK(adopted.fragments == told.durable);
    }
}
