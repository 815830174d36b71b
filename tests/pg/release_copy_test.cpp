#include "storage/release/expiry.hpp"
#include "storage/release/grant.hpp"
#include "storage/release/package.hpp"
#include "storage/release/package_key.hpp"
#include "storage/release/verify_package.hpp"
#include "tests/pg/copy_office.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <utility>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

namespace sluice::release {
namespace {

namespace fs = std::filesystem;
using namespace test;
using namespace std::chrono_literals;
using nlohmann::json;

using Office = CopyOffice;

TEST_CASE("a copy holds exactly the granted frames, sealed, proven and in the register", "[pg][release]") {
    Office office;
    const TimeRange granted{at_second(3), at_second(40)};
    office.grant("copy", {granted});
    office.open_session();
    office.order();
    REQUIRE(office.is_ordered);
    const Sequencing sequencing{office.database, office.data.path()};
    const auto made = office.make();
    if (!made) FAIL(made.error().describe());
    CHECK(made->videos == 2);

    const fs::path package = packages_folder(office.data.path()) / made->name;
    const auto report = verify_package(package, {});
    REQUIRE(report);
    for (const PackageFinding& finding : report->findings)
        UNSCOPED_INFO(finding.file << ": " << finding.what);
    CHECK(report->is_sound());
    CHECK(report->copy == to_string(office.copy_id));

    // Each frame that lies inside, and no other, by another program's count.
    const auto resolved = resolve_inward(office.api, office.camera, StreamKind::main, granted);
    const fs::path out = office.unpack(made->name);
    const json manifest = json::parse(std::ifstream{out / kManifestName});
    const auto& videos = manifest["items"][0]["videos"];
    const auto& pieces = std::get<Resolution>(*resolved).pieces;
    REQUIRE(videos.size() == pieces.size());
    for (std::size_t i = 0; i < pieces.size(); ++i) {
        const Verdict verdict = judge(out / videos[i]["file"].get<std::string>());
        CHECK(verdict.errors.empty());
        CHECK(verdict.frames == pieces[i].frames);
        CHECK(videos[i]["from"] == to_rfc3339(pieces[i].range.from));
        CHECK(videos[i]["to"] == to_rfc3339(pieces[i].range.to));
    }
    CHECK(manifest["items"][0]["gaps"][0]["cause"] == "camera_unreachable");
    CHECK(manifest["items"][0]["videos"][0]["segments"][0]["sha256"] == to_hex(office.first_segment.sha256));

    const catalogue::CopyRow row = office.row();
    REQUIRE(row.package);
    CHECK(row.sealed);
    CHECK(row.package->sha256 == made->sha256);
    CHECK(
        row.package->expires == from_rfc3339("2026-12-29T00:00:00+08:00").value()
    );  // sealed on 28 November
    const json entry =
        json::parse(office.database.query("SELECT facts::text FROM register_entries WHERE kind = 'copy'"));
    CHECK(entry["videos"].size() == 2);
    CHECK(entry["recipient"] == "王小明");
    // Made once: a job that is run again gives the same.
    const auto again = office.make();
    REQUIRE(again);
    CHECK(again->sha256 == made->sha256);
    CHECK(office.database.query("SELECT count(*) FROM register_entries WHERE kind = 'copy'") == "1");
}

TEST_CASE("a further copy needs a new decision", "[pg][release]") {
    Office office;
    office.grant("copy", {{at_second(3), at_second(9)}});
    office.open_session();
    office.order();
    REQUIRE(office.is_ordered);
    office.copy_id = make_uuid_v7(office.now);
    office.order();
    CHECK_FALSE(office.is_ordered);
    CHECK(office.database.query("SELECT count(*) FROM jobs") == "1");
}

TEST_CASE(
    "a segment whose bytes have changed gives no copy, and the decision may be used again",
    "[pg][release]"
) {
    Office office;
    office.grant("copy", {{at_second(3), at_second(9)}});
    office.open_session();
    office.order();
    const fs::path file = office.folder.path() / office.first_segment.path;
    fs::permissions(file, fs::perms::owner_all);
    std::fstream bytes{file, std::ios::in | std::ios::out | std::ios::binary};
    bytes.seekp(static_cast<std::streamoff>(fs::file_size(file) / 2));
    bytes.put('\x55').put('\x66');
    bytes.close();
    const auto made = office.make();
    REQUIRE_FALSE(made);
    CHECK(made.error().label() == "FOOTAGE_DAMAGED");
    CHECK(office.row().failed);
    CHECK_FALSE(fs::exists(packages_folder(office.data.path())));
    office.copy_id = make_uuid_v7(office.now);
    office.order();
    CHECK(office.is_ordered);
}

TEST_CASE("no copy of a masked or revoked decision is made", "[pg][release]") {
    Office office;
    const bool is_masked = GENERATE(true, false);
    office.grant("copy", {{at_second(3), at_second(9)}}, is_masked);
    office.open_session();
    office.order();
    if (!is_masked) office.database.execute("UPDATE grants SET revoked_at = now()");
    CHECK(office.make().error().label() == (is_masked ? "MASK_NOT_RENDERED" : "ART7_NOT_APPROVED"));
}

TEST_CASE("without the audit log nothing is sealed", "[pg][release]") {
    Office office;
    office.grant("copy", {{at_second(3), at_second(9)}});
    office.open_session();
    office.order();
    const auto made = office.make();  // nobody sequences
    REQUIRE_FALSE(made);
    CHECK(made.error().label() == "LEDGER_UNAVAILABLE");
    CHECK(made.error().remedy() == Remedy::retry);
    CHECK_FALSE(office.row().sealed);
    for (const auto& entry : fs::directory_iterator{packages_folder(office.data.path())})
        CHECK(entry.path().extension() == ".part");
}

TEST_CASE(
    "a package goes when its time is over, with a certificate, and a crash in between is gone on from",
    "[pg][release]"
) {
    Office office;
    const Sequencing sequencing{office.database, office.data.path()};
    const MadeCopy made = office.seal();
    REQUIRE(office.declare("received"));
    const fs::path file = packages_folder(office.data.path()) / made.name;
    office.clock.wall = office.row().package.value().expires - 1us;
    CHECK(office.expire() == 0);
    CHECK(fs::exists(file));
    office.clock.wall += 1us;
    if (GENERATE(false, true)) fs::remove(file);  // as after a crash
    CHECK(office.expire() == 1);
    CHECK_FALSE(fs::exists(file));
    const auto package = office.row().package.value();
    CHECK(package.rule == "PACKAGE_KEEP");
    CHECK(json::parse(package.certificate)["sha256"] == to_hex(made.sha256));
    CHECK(
        office.database.query("SELECT count(*) FROM ledger_records WHERE action = 'package.destroyed'") == "1"
    );
    CHECK(office.expire() == 0);
}

/// Nobody keeps it right, and it is a year too far.
class RunawayClock final : public Clock {
public:
    explicit RunawayClock(UtcTime at) : at_(at) {}
    [[nodiscard]] UtcTime now() const override { return at_; }
    [[nodiscard]] BootTime boot_now() const override { return {}; }
    [[nodiscard]] std::optional<bool> is_synchronised() const override { return false; }

private:
    UtcTime at_;
};

TEST_CASE("no package goes past the guards of destruction", "[pg][release]") {
    Office office;
    std::optional<Sequencing> sequencing{std::in_place, office.database, office.data.path()};
    const fs::path file = packages_folder(office.data.path()) / office.seal().name;
    const auto check_refused = [&](const Clock& by, const std::string& code) {
        const ExpiredPackages report = office.expire(by);
        REQUIRE(report.refusals.size() == 1);
        CHECK(report.refusals[0].code == code);
        CHECK(report.destroyed == 0);
        CHECK(fs::exists(file));
        CHECK_FALSE(office.row().package.value().destroyed);
    };
    const auto uncollected = [&] {
        return office.database.query("SELECT count(*) FROM register_entries WHERE kind = 'uncollected'");
    };
    check_refused(RunawayClock{office.clock.wall + 24h * 365}, "CLOCK_UNSYNCHRONISED");
    office.clock.wall = office.row().package.value().expires;
    office.database.execute("UPDATE catalogue_state SET is_confirmed = false, rebuild_began_at = now()");
    check_refused(office.clock, "CATALOGUE_UNCONFIRMED");
    CHECK(uncollected() == "0");
    office.database.execute("SELECT confirm_catalogue(now())");
    sequencing.reset();
    check_refused(office.clock, "LEDGER_UNAVAILABLE");
    CHECK(uncollected() == "1");  // what is said is said; only the file waits
    sequencing.emplace(office.database, office.data.path());
    CHECK(office.expire() == 1);
    CHECK_FALSE(fs::exists(file));
    CHECK(uncollected() == "1");
    // Said before the first byte went, and again when it was gone; the refused attempt had said it too.
    CHECK(
        office.database.query(
            "SELECT string_agg(action, ' ' ORDER BY filed_at) FROM ledger_records WHERE action LIKE "
            "'package.%'"
        ) == "package.ending package.ending package.destroyed"
    );
}

TEST_CASE("a package never outlives the year of its recording (article 7(5))", "[pg][release]") {
    Office office;
    office.grant("copy", {{at_second(3), at_second(9)}});
    office.open_session();
    office.order();
    office.clock.wall = kStageStart + 24h * 360;
    const Sequencing sequencing{office.database, office.data.path()};
    const auto made = office.make();
    if (!made) FAIL(made.error().describe());
    const auto package = office.row().package.value();
    CHECK(
        package.expires == from_rfc3339("2027-11-17T00:00:00+08:00").value()
    );  // recorded 2026-11-18 in Taiwan
    CHECK(expiry_rule(package.recorded_from, package.expires, 1) == "RET_CEILING_1Y");
}

TEST_CASE("what became of a copy is said once, in order", "[pg][release]") {
    Office office;
    office.grant("copy", {{at_second(3), at_second(9)}});
    office.open_session();
    office.order();
    const auto declare = [&](const char* what) { return office.declare(what); };
    CHECK_FALSE(declare("received"));  // not sealed yet
    office.database.execute("UPDATE copies SET sealed_at = ordered_at");
    CHECK_FALSE(declare("destroyed"));
    CHECK(declare("received"));
    CHECK_FALSE(declare("received"));
    const auto overdue = [&](UtcTime at) {
        return catalogue::load_copies(office.api, {.overdue_at = at}, std::nullopt, 10).value().size();
    };
    CHECK(overdue(office.now + 24h * 60 - 1us) == 0);
    CHECK(overdue(office.now + 24h * 60) == 1);
    // The secretariat is told ahead of it, once at each distance, and the nearest alone.
    const auto tell_due = [&](UtcTime at) {
        return catalogue::tell_copies_due(office.worker, {30, 7, 1}, at).value();
    };
    CHECK(tell_due(office.now + 24h * 30 - 1us) == 0);
    CHECK(tell_due(office.now + 24h * 30) == 1);
    CHECK(tell_due(office.now + 24h * 31) == 0);
    CHECK(tell_due(office.now + 24h * 59) == 1);
    CHECK(tell_due(office.now + 24h * 60) == 0);
    CHECK(
        office.database.query(
            "SELECT string_agg(audience || ' ' || days_ahead, ', ' ORDER BY days_ahead DESC) FROM notices "
            "WHERE kind = 'copy_due'"
        ) == "secretariat 30, secretariat 1"
    );
    // And once when it is overdue.
    CHECK(catalogue::tell_overdue_copies(office.worker, office.now + 24h * 60 - 1us).value() == 0);
    CHECK(catalogue::tell_overdue_copies(office.worker, office.now + 24h * 60).value() == 1);
    CHECK(catalogue::tell_overdue_copies(office.worker, office.now + 24h * 61).value() == 0);
    CHECK(
        office.database.query(
            "SELECT concat_ws(' ', audience, subject_id) FROM notices WHERE kind = 'copy_overdue'"
        ) == "secretariat " + to_string(office.copy_id)
    );
    CHECK(declare("destroyed"));
    CHECK_FALSE(declare("returned"));
    CHECK(catalogue::tell_copies_due(office.worker, {30, 7, 2, 1}, office.now + 24h * 58).value() == 0);
    CHECK(overdue(office.now + 24h * 60) == 0);
}

TEST_CASE(
    "the key of copies is replaced on purpose alone, and the earlier one stays known",
    "[pg][release]"
) {
    Office office;
    const auto& data = office.data.path();
    const auto make = [&](bool replaces) {
        return make_package_key(office.worker, data, replaces, ledger::system_actor("test"), office.now);
    };
    const auto first = make(false);
    if (!first) FAIL(first.error().describe());
    CHECK_FALSE(first->former);
    CHECK(load_package_key(office.worker, data, office.now)->verifier() == first->key);
    const auto refused = make(false);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().remedy() == Remedy::refuse);
    CHECK(load_package_key(office.worker, data, office.now)->verifier() == first->key);
    const auto second = make(true);
    if (!second) FAIL(second.error().describe());
    CHECK(second->former == first->key);
    CHECK(load_package_key(office.worker, data, office.now)->verifier() == second->key);
    CHECK(load_package_keys(package_keys_file(data)).value() == std::vector{second->key, first->key});
    CHECK(
        fs::status(package_key_file(data)).permissions() == (fs::perms::owner_read | fs::perms::owner_write)
    );
    CHECK(
        office.database.query(
            "SELECT string_agg((record::jsonb->'facts'->>'key' = '" + to_string(second->key) +
            "')::text, ' ' ORDER BY filed_at) FROM ledger_records WHERE action = 'copies.key_made'"
        ) == "false true"
    );
}

}  // namespace
}  // namespace sluice::release
