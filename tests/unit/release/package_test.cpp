// A sealed copy in every way in which somebody might change it: what was done to it is found and named.
#include "storage/release/package.hpp"

#include "storage/release/expiry.hpp"
#include "storage/release/package_writer.hpp"
#include "storage/release/tar.hpp"
#include "storage/release/verify_package.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temp_folder.hpp"
#include "tests/unit/ledger/forest.hpp"

#include <algorithm>
#include <fstream>
#include <functional>
#include <iterator>
#include <set>
#include <string>

#include <catch2/catch.hpp>

namespace sluice::release {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr UtcTime kMade = from_epoch_us(1'795'000'000'000'000);

/// Bytes that stand for a video.
class FakeClip final : public clip::Clip {
public:
    explicit FakeClip(std::size_t size) : bytes_(size) {
        for (std::size_t i = 0; i < size; ++i)
            bytes_[i] = static_cast<std::uint8_t>(i * 7 + size);
    }
    TimeRange range() const override { return {kMade, kMade + 10s}; }
    std::uint64_t size_bytes() const override { return bytes_.size(); }
    std::string etag() const override { return "x"; }
    const std::vector<catalogue::GapRow>& gaps() const override { return gaps_; }
    const std::vector<clip::DamagedPart>& damaged() const override { return damaged_; }
    std::uint64_t frames() const override { return 1; }
    Result<clip::Piece> read(std::uint64_t offset, std::uint64_t limit) override {
        const auto begin = bytes_.begin() + static_cast<std::ptrdiff_t>(offset);
        const auto size = std::min<std::uint64_t>({limit, 777, bytes_.size() - offset});
        return clip::Piece{Bytes{begin, begin + static_cast<std::ptrdiff_t>(size)}};
    }

private:
    Bytes bytes_;
    std::vector<catalogue::GapRow> gaps_;
    std::vector<clip::DamagedPart> damaged_;
};

PackageFacts example() {
    PackageFacts facts;
    facts.copy_id.bytes[15] = 1;
    facts.request_id.bytes[15] = 2;
    facts.dossier = "115/000007";
    facts.recipient = "王<小明>";
    facts.custodian = "陳保管";
    facts.escort = "林陪同";
    facts.decided = kMade - 24h;
    facts.made = kMade;
    facts.due = kMade + 720h;
    PackagedItem item;
    item.camera_slug = "drive-left";
    item.camera_name = "迎賓車道左側";
    item.asked = item.granted = {kMade - 240h, kMade - 239h};
    for (std::size_t i = 1; i <= 2; ++i) {
        PackagedVideo video;
        video.piece.range = {item.asked.from + i * 60s, item.asked.from + i * 60s + 30s};
        video.piece.frames = 750;
        video.name = video_name(i, item.camera_slug, item.stream, video.piece.range.from);
        item.videos.push_back(video);
    }
    facts.items.push_back(item);
    return facts;
}

/// A small audit log that holds the record of the copy.
LedgerProof prove(const PackageFacts& facts, const ledger::SigningKey& log_key) {
    test::Forest forest;
    const auto other = ledger::make_record(
        {.action = "clip.opened", .actor = ledger::system_actor("x"), .subject = {.kind = "clip", .id = "1"}},
        kMade
    );
    const auto record = ledger::make_record(
        {.action = "copy.exported",
         .actor = ledger::system_actor("sluice-worker"),
         .subject = {.kind = "copy", .id = to_string(facts.copy_id)},
         .facts = record_facts(facts)},
        kMade
    );
    if (!record) FAIL(record.error().describe());
    for (int i = 0; i < 5; ++i)
        forest.add(ledger::leaf_data(other->salt, other->text));
    forest.add(ledger::leaf_data(record->salt, record->text));
    forest.add(ledger::leaf_data(other->salt, other->text));
    ledger::Tree tree{forest, forest.size()};
    return {
        .record = record->text,
        .salt = record->salt,
        .index = 5,
        .size = forest.size(),
        .path = tree.inclusion_proof(5, forest.size()).value(),
        .checkpoint = ledger::sign_checkpoint(forest.size(), forest.frontier.root(), log_key),
        .log_key = to_string(log_key.verifier()),
    };
}

struct Keys {
    ledger::SigningKey signing = ledger::SigningKey::make("office/copies", ledger::KeyKind::log);
    ledger::SigningKey log = ledger::SigningKey::make("office/log", ledger::KeyKind::log);
    [[nodiscard]] PackageKeys expected() const { return {{signing.verifier()}, log.verifier()}; }
};

SealedFile seal(const fs::path& file, const Keys& keys, const std::function<void(LedgerProof&)>& spoil = {}) {
    static volume::RealFiles files;
    PackageFacts facts = example();
    auto writer = PackageWriter::begin(files, file, kMade);
    REQUIRE(writer);
    std::size_t size = 5000;
    for (PackagedVideo& video : facts.items.front().videos) {
        FakeClip clip{size += 3333};
        const auto sum = writer->add_clip(video.name, clip, [](std::uint64_t) { return true; });
        REQUIRE(sum);
        video.sha256 = sum->sha256;
        video.bytes = clip.size_bytes();
    }
    LedgerProof proof = prove(facts, keys.log);
    if (spoil) spoil(proof);
    REQUIRE(writer->add_text(kManifestName, to_manifest(facts, keys.signing.verifier())));
    REQUIRE(writer->add_text(kLedgerName, to_json(proof)));
    REQUIRE(writer->add_text(kKeyName, to_pem(keys.signing.verifier())));
    REQUIRE(writer->add_text(kReadmeName, to_readme(facts, keys.signing.verifier())));
    REQUIRE(writer->add_text(kReceiptName, to_receipt(facts, keys.signing.verifier())));
    auto sealed = writer->seal(keys.signing);
    REQUIRE(sealed);
    return std::move(*sealed);
}

std::string read(const fs::path& file) {
    std::ifstream in{file, std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
}
void write(const fs::path& file, const std::string& text) {
    std::ofstream out{file, std::ios::binary | std::ios::trunc};
    out << text;
}

test::Finished shell(const std::string& command) {
    auto done = test::run_to_end({"/bin/sh", "-c", command}, 60s);
    if (!done) FAIL(done.error().describe());
    return std::move(*done);
}

using Found = std::set<std::pair<std::string, std::string>>;
Found faults(const fs::path& package, const PackageKeys& keys) {
    const auto report = verify_package(package, keys);
    if (!report) FAIL(report.error().describe());
    Found found;
    for (const PackageFinding& finding : report->findings)
        found.emplace(to_string(finding.fault), finding.file);
    return found;
}

/// The archive unpacked by the tar of the system.
fs::path unpack(const fs::path& archive, const fs::path& folder) {
    fs::create_directories(folder);
    const auto done = shell("tar -xf '" + archive.string() + "' -C '" + folder.string() + "'");
    if (done.status.code != 0) FAIL(done.output);
    return folder;
}

TEST_CASE("a sealed copy is found sound, as archive and unpacked", "[release][package]") {
    const test::TempFolder folder;
    const Keys keys;
    const SealedFile sealed = seal(folder.path() / "copy.tar", keys);
    CHECK(sealed.bytes == fs::file_size(sealed.path));
    CHECK(sealed.sha256 == sha256(as_bytes(read(sealed.path))));
    CHECK_FALSE(fs::exists(folder.path() / "copy.tar.part"));
    const auto report = verify_package(sealed.path, keys.expected());
    REQUIRE(report);
    for (const PackageFinding& finding : report->findings)
        UNSCOPED_INFO(finding.file << ": " << finding.what);
    CHECK(report->is_sound());
    CHECK(report->files == 9);
    CHECK(report->dossier == "115/000007");
    CHECK(report->fingerprint == fingerprint(keys.signing.verifier().key));
    CHECK(faults(unpack(sealed.path, folder.path() / "out"), keys.expected()).empty());
    CHECK(faults(sealed.path, {}).empty());
    // Of several keys of the office one has signed it; of none of them, it is another's.
    const auto later = ledger::SigningKey::make("office/copies2", ledger::KeyKind::log).verifier();
    PackageKeys several = keys.expected();
    several.signing.insert(several.signing.begin(), later);
    CHECK(faults(sealed.path, several).empty());
    several.signing = {later};
    CHECK(faults(sealed.path, several).contains({"key", std::string{kKeyName}}));
}

TEST_CASE("sha256sum and openssl find the same, by the commands of the README", "[release][package]") {
    const test::TempFolder folder;
    const Keys keys;
    const fs::path out = unpack(seal(folder.path() / "copy.tar", keys).path, folder.path() / "out");
    const std::string readme = read(out / kReadmeName);
    const std::string sums = "sha256sum -c SHA256SUMS";
    const std::string check =
        "openssl pkeyutl -verify -pubin -inkey signing-key.pem -rawin -in SHA256SUMS -sigfile SHA256SUMS.sig";
    const std::string print = "openssl pkey -pubin -in signing-key.pem -outform DER | sha256sum";
    for (const std::string& command : {sums, check, print}) {
        INFO(command);
        REQUIRE(readme.find("\n       " + command + "\n") != std::string::npos);
        const auto done = shell("cd '" + out.string() + "' && " + command);
        CHECK(done.status.code == 0);
        if (command == print) CHECK(done.output.starts_with(fingerprint(keys.signing.verifier().key)));
    }
    write(out / kSumsName, read(out / kSumsName) + "\n");
    CHECK(shell("cd '" + out.string() + "' && " + check).status.code != 0);
}

TEST_CASE("whatever is done to a copy is found and named", "[release][package]") {
    const test::TempFolder folder;
    const Keys keys;
    const fs::path out = unpack(seal(folder.path() / "copy.tar", keys).path, folder.path() / "out");
    const std::string video = example().items.front().videos.front().name;
    struct Row {
        const char* name;
        std::function<void()> spoil;
        Found found;
    };
    const std::string list{kSumsName};
    const std::vector<Row> rows{
        {"a byte of a video",
         [&] {
             std::string bytes = read(out / video);
             bytes[4000] ^= 1;
             write(out / video, bytes);
         },
         {{"changed", video}}},
        {"a video is away", [&] { fs::remove(out / video); }, {{"missing", video}}},
        {"a file too many", [&] { write(out / "note.txt", "hello"); }, {{"extra", "note.txt"}}},
        {"the manifest",
         [&] { write(out / kManifestName, read(out / kManifestName) + " "); },
         {{"changed", "manifest.json"}}},
        {"a video and its line of the list",
         [&] {
             const std::string before = to_hex(sha256(as_bytes(read(out / video))));
             write(out / video, "another video");
             std::string text = read(out / list);
             text.replace(text.find(before), 64, to_hex(sha256(as_bytes("another video"))));
             write(out / list, text);
         },
         {{"signature", list}, {"proof", "ledger.json"}}},
        {"the signature",
         [&] {
             std::string bytes = read(out / kSignatureName);
             bytes[0] ^= 1;
             write(out / kSignatureName, bytes);
         },
         {{"signature", list}}},
        {"no signature", [&] { fs::remove(out / kSignatureName); }, {{"missing", "SHA256SUMS.sig"}}},
        {"a line of the list is no line",
         [&] { write(out / list, "x\n" + read(out / list)); },
         {{"malformed", list}, {"signature", list}, {"proof", "ledger.json"}}},
        {"a link in place of a file",
         [&] {
             fs::rename(out / video, out.parent_path() / "elsewhere");
             fs::create_symlink(out.parent_path() / "elsewhere", out / video);
         },
         {{"extra", video}, {"missing", video}}},
    };
    for (const Row& row : rows) {
        INFO(row.name);
        const fs::path kept = folder.path() / "kept";
        fs::copy(out, kept, fs::copy_options::recursive);
        row.spoil();
        CHECK(faults(out, keys.expected()) == row.found);
        fs::remove_all(out);
        fs::rename(kept, out);
    }
    CHECK(faults(out, keys.expected()).empty());
}

TEST_CASE("whoever signs a copy with another key is told from the office", "[release][package]") {
    const test::TempFolder folder;
    const Keys office;
    const Keys forger;
    const fs::path forged = seal(folder.path() / "copy.tar", forger).path;
    CHECK(faults(forged, {}).empty());  // sound in itself
    CHECK(
        faults(forged, office.expected()) ==
        Found{
            {"key", "signing-key.pem"},
            {"signature", "SHA256SUMS"},
            {"key", "ledger.json"},
            {"proof", "ledger.json"}
        }
    );
}

TEST_CASE("a proof that does not hold is found", "[release][package]") {
    const test::TempFolder folder;
    const Keys keys;
    const std::vector<std::function<void(LedgerProof&)>> spoilers{
        [](LedgerProof& proof) { proof.path.at(0)[0] ^= 1; },
        [](LedgerProof& proof) { proof.index = 4; },
        [](LedgerProof& proof) { proof.salt[0] ^= 1; },
        [](LedgerProof& proof) { proof.size = 6; },
        [](LedgerProof& proof) { proof.checkpoint[proof.checkpoint.size() - 9] ^= 1; },
        [](LedgerProof& proof) { proof.checkpoint = "x"; },
        [](LedgerProof& proof) { proof.path.clear(); },
        [](LedgerProof& proof) { proof.record.replace(proof.record.find("115/000007"), 10, "115/000008"); },
    };
    for (std::size_t i = 0; i < spoilers.size(); ++i) {
        INFO("spoiler " << i);
        const fs::path file = folder.path() / (std::to_string(i) + ".tar");
        CHECK(faults(seal(file, keys, spoilers[i]).path, keys.expected()) == Found{{"proof", "ledger.json"}});
    }
}

TEST_CASE("an archive that is cut, doubled or continued is no sealed copy any more", "[release][package]") {
    const test::TempFolder folder;
    const Keys keys;
    const std::string whole = read(seal(folder.path() / "copy.tar", keys).path);
    const fs::path file = folder.path() / "changed.tar";
    write(file, whole.substr(0, 6000));
    CHECK(faults(file, keys.expected()).contains({"malformed", example().items.front().videos.front().name}));
    write(file, whole + "more");
    CHECK(faults(file, keys.expected()) == Found{{"extra", ""}});
    const Bytes header = tar_header("manifest.json", 0, kMade);
    write(
        file, whole.substr(0, whole.size() - 1024) + std::string{as_text(header)} + std::string(1024, '\0')
    );
    CHECK(faults(file, keys.expected()).contains({"malformed", "manifest.json"}));
    write(file, "no archive at all");
    CHECK(verify_package(file, {}).error().remedy() == Remedy::refuse);
    CHECK_FALSE(verify_package(folder.path() / "nothing.tar", {}));
}

TEST_CASE(
    "a tar header is read back, whatever its size, and names that lead elsewhere are refused",
    "[release][package]"
) {
    for (const std::uint64_t size :
         {std::uint64_t{0},
          std::uint64_t{511},
          std::uint64_t{8'589'934'591},
          std::uint64_t{8'589'934'592},
          std::uint64_t{1} << 50U}) {
        const auto member = tar_member_from(tar_header("a.mp4", size, kMade));
        REQUIRE(member);
        REQUIRE(member->has_value());
        CHECK((*member)->size_bytes == size);
        CHECK((*member)->name == "a.mp4");
    }
    CHECK(
        tar_member_from(tar_end().size() ? ByteView{tar_end()}.first(512) : ByteView{}).value() ==
        std::nullopt
    );
    Bytes spoiled = tar_header("a.mp4", 5, kMade);
    spoiled[0] ^= 1;
    CHECK_FALSE(tar_member_from(spoiled));
    for (const char* name : {"", ".", "..", "../x", "/etc/passwd", "a/b", "a b", ".hidden", "名"})
        CHECK_FALSE(is_member_name(name));
    CHECK(is_member_name(video_name(1, std::string(63, 'a'), StreamKind::main, kMade)));
}

TEST_CASE("the receipt shows what a recipient signs, with names as text", "[release][package]") {
    const Keys keys;
    const std::string page = to_receipt(example(), keys.signing.verifier());
    for (const char* part :
         {"115/000007", "王&lt;小明&gt;", "陳保管", "林陪同", "迎賓車道左側", "2026-12-18"})
        CHECK(page.find(part) != std::string::npos);
    CHECK(page.find("王<小明>") == std::string::npos);
}

TEST_CASE(
    "a copy is collected on a day on which the office works, and before its footage is a year old (article "
    "7(5))",
    "[release][article7]"
) {
    const auto at = [](const char* text) { return from_rfc3339(text).value(); };
    const auto holiday = calendar::date_from("2019-10-11").value();
    const calendar::Calendar calendar{{}, {{.date = holiday, .is_off = true, .note = {}}}};
    const UtcTime sealed = at("2019-09-26T23:59:59+08:00");
    const UtcTime ceiling = at("2020-10-01T00:00:00+08:00");
    // The fifteenth day is a holiday, and the next ones a week's end.
    CHECK(expiry_of(sealed, 15, ceiling, calendar) == at("2019-10-15T00:00:00+08:00"));
    CHECK(expiry_of(sealed, 14, ceiling, calendar) == at("2019-10-11T00:00:00+08:00"));
    CHECK(expiry_of(sealed, 400, ceiling, calendar) == ceiling);
}

}  // namespace
}  // namespace sluice::release
