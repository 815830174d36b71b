#include "daemon/last_life.hpp"

#include "storage/volume/volume.hpp"
#include "tests/support/temp_folder.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::daemon;
using namespace std::chrono_literals;

namespace {

const UtcTime kNow{std::chrono::sys_days{std::chrono::year{2026} / 11 / 23} + 10h};
const Uuid kInstallation{{5}};
const Uuid kRemoved{{1}};
const Uuid kLiving{{2}};
const Uuid kRun{{3}};
const Uuid kGap{{4}};

/// Volumes of one installation, each with a journal.
class Volumes {
public:
    explicit Volumes(std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) {
            const auto root = folder.path() / std::to_string(i);
            std::filesystem::create_directory(root);
            (void)volume::create_identity(files, root, kInstallation, kNow).value();
            roots.push_back(root);
        }
    }
    void write(std::size_t volume, UtcTime written, volume::JournalFact fact) {
        volume::Journal journal{files, roots.at(volume)};
        const volume::JournalLine line{written, std::move(fact)};
        REQUIRE(journal.append({&line, 1}));
    }
    [[nodiscard]] LastLifeRecord load() const {
        volume::Installation installation;
        installation.installation_id = kInstallation;
        return load_last_life(roots, installation, folder.path(), kNow);
    }

    test::TempFolder folder;
    volume::RealFiles files;
    std::vector<std::filesystem::path> roots;
};

}  // namespace

TEST_CASE(
    "a camera that was removed days ago comes back with the gap its removal opened",
    "[daemon][comeback][disk]"
) {
    Volumes volumes{2};
    const volume::RunStarted run{kRun, kRemoved, kNow - 300h, true};
    volumes.write(0, kNow - 300h, run);
    volumes.write(
        1, kNow - 240h, volume::RunEnded{kRun, kNow - 240h, GapCause::disabled_by_operator, 25, 1, run}
    );
    volumes.write(
        1, kNow - 240h, volume::GapOpened{kGap, kRemoved, kNow - 240h, GapCause::disabled_by_operator, {}}
    );
    for (int day = 9; day >= 0; --day)
        volumes.write(0, kNow - day * 24h, volume::RunStarted{Uuid{{7}}, kLiving, kNow - 240h, true});
    CHECK_FALSE(volumes.load().histories.contains(kRemoved));
    const StreamHistory history = load_old_history(volumes.roots, kInstallation, kRemoved);
    CHECK_FALSE(history.open_run);
    REQUIRE(history.open_gap);
    const Comeback comeback =
        come_back(kRemoved, history, {kNow - 240h, kNow - 1s, false, kNow}, make_uuid_v7(kNow));
    REQUIRE(comeback.gap);
    CHECK(comeback.gap->gap_id == kGap);
    CHECK(comeback.facts.empty());
}

TEST_CASE(
    "lines of a clock that ran ahead do not push out those of the last days",
    "[daemon][comeback][disk]"
) {
    Volumes volumes{1};
    volumes.write(0, kNow - 2h, volume::RunStarted{kRun, kLiving, kNow - 2h, true});
    volumes.write(0, kNow + 5000h, volume::Refused{"configuration", "the clock was wrong"});
    volumes.write(0, kNow - 1h, volume::GapOpened{kGap, kLiving, kNow - 1h, GapCause::stream_stalled, {}});
    const LastLifeRecord record = volumes.load();
    REQUIRE(record.histories.contains(kLiving));
    CHECK(record.histories.at(kLiving).open_run);
    CHECK(record.histories.at(kLiving).open_gap);
}

TEST_CASE("what an absent volume said long ago is not closed now", "[daemon][comeback][disk]") {
    Volumes volumes{2};
    volumes.write(0, kNow - 400h, volume::GapOpened{kGap, kLiving, kNow - 400h, GapCause::disk_full, {}});
    volumes.write(1, kNow - 1h, volume::RunStarted{kRun, kLiving, kNow - 1h, true});
    CHECK_FALSE(volumes.load().histories.at(kLiving).open_gap);
}
