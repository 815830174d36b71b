// The audit log over HTTP: what openings leave in it, what others can verify, and what happens without it.
#include "cli/witness/witness.hpp"
#include "config/base/files.hpp"
#include "storage/catalogue/ledger_repository.hpp"
#include "storage/catalogue/record_repository.hpp"
#include "storage/ledger/key_file.hpp"
#include "storage/ledger/tile.hpp"
#include "tests/integration/api_stage.hpp"
#include "tests/support/certificate.hpp"
#include "tests/support/eventually.hpp"

#include <nlohmann/json.hpp>

using namespace std::chrono_literals;
using namespace sluice;
using namespace sluice::test;
using nlohmann::json;

namespace {

const Media& plain() {
    static const Media kMedia = make_media({});
    return kMedia;
}

/// Half a minute of footage, and people who look at it.
struct LedgerStage : ApiStage {
    LedgerStage() {
        StageRun run{*this, plain(), 0};
        for (int i = 0; i < 6; ++i)
            run.record(125);
        run.end(GapCause::shutdown);
    }
    /// How many records of this action there are.
    [[nodiscard]] std::string count(const std::string& action) const {
        return database.query("SELECT count(*) FROM ledger_records WHERE action = '" + action + "'");
    }
    [[nodiscard]] bool is_all_signed() const {
        return database.query("SELECT count(*) FROM ledger_records WHERE leaf_index IS NULL") == "0";
    }
    /// As the supervisor of the log.
    [[nodiscard]] std::string auditor() {
        const std::string token = make_token();
        catalogue::Pool owner{database.conninfo("sluice_super"), 1};
        const auto made =
            catalogue::create_person_token(owner, "稽核", {"auditor"}, token_hash(token), kStageStart);
        if (!made) FAIL(made.error().describe());
        return token;
    }
    [[nodiscard]] std::string base() const { return "http://127.0.0.1:" + std::to_string(port()); }
};

std::vector<std::string> reasons_of(const Reply& ready) {
    return json::parse(ready.body)["reasons"].get<std::vector<std::string>>();
}

bool has(const std::vector<std::string>& words, const std::string& word) {
    return std::ranges::find(words, word) != words.end();
}

}  // namespace

TEST_CASE("one opening is one record, whoever its requests are made by", "[api][ledger][integration]") {
    LedgerStage stage;
    stage.start();
    CHECK(stage.get(clip_target(2, 6)).status == 200);
    CHECK(stage.get(clip_target(2, 6), {"Range: bytes=0-99"}).status == 206);
    CHECK(stage.get(clip_target(2, 6), {"Range: bytes=100-"}).status == 206);
    CHECK(stage.count("clip.opened") == "1");
    CHECK(stage.get(clip_target(2, 8)).status == 200);
    CHECK(stage.count("clip.opened") == "2");
    // Somebody else's download of the same clip is another opening.
    CHECK(fetch(stage.port(), "GET", clip_target(2, 6), {stage.authorization("operator")}).status == 200);
    CHECK(stage.count("clip.opened") == "3");

    for (int i = 0; i < 3; ++i)
        CHECK(stage.get("/v1/cameras/drive-left/snapshot.jpg?at=" + to_rfc3339(at_second(i))).status == 200);
    CHECK(stage.count("snapshot.opened") == "1");
    const std::string playlist = "/v1/cameras/drive-left/hls/index.m3u8" + interval(1, 20);
    CHECK(stage.get(playlist).status == 200);
    CHECK(stage.get(playlist).status == 200);
    CHECK(stage.count("hls.opened") == "1");
    CHECK(
        stage.database.query(
            "SELECT record::jsonb #>> '{principal,name}' || ' ' || (record::jsonb #>> '{facts,camera}') FROM "
            "ledger_records WHERE action = 'hls.opened'"
        ) == "test viewer drive-left"
    );
    // A refusal is no opening.
    CHECK(stage.get(clip_target(2, 90'000)).status != 200);
    CHECK(stage.count("clip.opened") == "3");

    const Reply session = stage.ask("POST", "/v1/sessions");
    CHECK(session.status == 201);
    CHECK(stage.count("session.opened") == "1");
    CHECK(stage.count("token.created") == "2");
    const Reply job = fetch(stage.port(), "POST", "/v1/jobs?kind=check", {stage.authorization("operator")});
    CHECK(job.status == 201);
    CHECK(stage.count("job.filed") == "1");
}

TEST_CASE("what the API shows of the log can be verified by anybody", "[api][ledger][integration]") {
    LedgerStage stage;
    stage.start();
    for (int i = 0; i < 5; ++i)
        CHECK(stage.get(clip_target(i, i + 3)).status == 200);
    catalogue::Pool api{stage.database.conninfo("sluice_api"), 1};
    for (int i = 0; i < 300; ++i)
        REQUIRE(catalogue::append_record(
            api,
            {.action = "test.done",
             .actor = ledger::system_actor("test"),
             .subject = {.kind = "test", .id = std::to_string(i)}},
            kStageStart
        ));
    REQUIRE(eventually(30s, [&] { return stage.is_all_signed(); }));

    const std::string key_text = stage.get("/v1/ledger/key").body;
    const auto key = ledger::verifier_key_from(std::string_view{key_text}.substr(0, key_text.size() - 1));
    REQUIRE(key);
    const Reply checkpoint = stage.get("/v1/ledger/checkpoint");
    CHECK(checkpoint.header("content-type") == "text/plain; charset=utf-8");
    const auto note = ledger::parse_note(checkpoint.body);
    REQUIRE(note);
    const auto head = ledger::open_checkpoint(*note, *key);
    REQUIRE(head);
    CHECK(head->size > 305);

    // Entries, leaf hashes and the hashes above them, against the signed root.
    ledger::Frontier frontier;
    std::vector<ledger::Node> made;
    for (const ledger::TilePath& tile : ledger::tiles_between(0, head->size)) {
        const Reply reply = stage.get("/v1/ledger/" + to_path(tile));
        CAPTURE(to_path(tile));
        REQUIRE(reply.status == 200);
        CHECK(reply.header("content-type") == "application/octet-stream");
        if (tile.level) {
            CHECK(ledger::tile_from(reply.body, tile.width));
            continue;
        }
        const auto leaves = ledger::bundle_from(reply.body, tile.width);
        REQUIRE(leaves);
        for (const auto& leaf : *leaves)
            frontier.add(ledger::leaf_hash(leaf), made);
    }
    CHECK(frontier.root() == head->root);
    for (const char* path : {"0/001", "0/000.p/0", "3/000", "entries/007", "0/x", "9/000", "0/000/1"})
        CHECK(stage.get(std::string{"/v1/ledger/tile/"} + path).status == 404);

    // Records are for the auditor, page by page, and each proves itself.
    CHECK(stage.get("/v1/ledger/records").status == 403);
    const std::string bearer = "Authorization: Bearer " + stage.auditor();
    std::size_t count = 0;
    for (std::string target = "/v1/ledger/records?limit=100"; !target.empty();) {
        const Reply reply = fetch(stage.port(), "GET", target, {bearer});
        REQUIRE(reply.status == 200);
        const json page = json::parse(reply.body);
        for (const json& item : page["items"]) {
            CHECK(item["index"].get<std::size_t>() == count++);
            ledger::Salt salt{};
            std::ranges::copy(*from_hex(item["salt"].get<std::string>()), salt.begin());
            CHECK(
                to_hex(ledger::leaf_data(salt, item["record"].get<std::string>())) ==
                item["leaf"].get<std::string>()
            );
        }
        target = page["next"].is_null()
                     ? ""
                     : "/v1/ledger/records?limit=100&cursor=" + page["next"].get<std::string>();
    }
    CHECK(count >= head->size);
    CHECK(fetch(stage.port(), "GET", "/v1/ledger/records?cursor=x", {bearer}).status == 400);
}

TEST_CASE(
    "without a log that keeps up nothing is opened, and what is open goes on",
    "[api][ledger][integration]"
) {
    LedgerStage stage;
    stage.start();
    CHECK(stage.get(clip_target(2, 6)).status == 200);
    REQUIRE(eventually(30s, [&] { return stage.is_all_signed(); }));
    REQUIRE(stage.sequencer.stop(20s));
    CHECK(stage.get(clip_target(2, 7)).status == 200);  // recorded, though not signed yet
    CHECK_FALSE(has(reasons_of(fetch(stage.port(), "GET", "/readyz", {})), "ledger_behind"));
    stage.database.execute(
        "UPDATE ledger_records SET filed_at = filed_at - interval '61 seconds' WHERE leaf_index IS NULL"
    );
    REQUIRE(eventually(20s, [&] {
        return has(reasons_of(fetch(stage.port(), "GET", "/readyz", {})), "ledger_behind");
    }));
    const Reply refused = stage.get(clip_target(2, 8));
    CHECK(refused.status == 503);
    CHECK(json::parse(refused.body)["code"].get<std::string>() == "LEDGER_UNAVAILABLE");
    CHECK_FALSE(refused.header("retry-after").empty());
    CHECK(stage.get("/v1/cameras/drive-left/hls/index.m3u8" + interval(1, 20)).status == 503);
    CHECK(stage.get("/v1/cameras/drive-left/snapshot.jpg?at=" + to_rfc3339(at_second(3))).status == 503);
    CHECK(stage.count("clip.opened") == "2");
    CHECK(stage.get(clip_target(2, 7), {"Range: bytes=0-9"}).status == 206);
    CHECK(stage.get("/v1/cameras").status == 200);

    // A record that can't be written is as bad.
    stage.database.execute("UPDATE ledger_records SET filed_at = clock_timestamp() WHERE leaf_index IS NULL");
    REQUIRE(eventually(20s, [&] {
        return !has(reasons_of(fetch(stage.port(), "GET", "/readyz", {})), "ledger_behind");
    }));
    stage.database.execute("REVOKE INSERT ON ledger_records FROM sluice_api");
    stage.database.execute("REVOKE INSERT (id, at, action, record, salt) ON ledger_records FROM sluice_api");
    CHECK(stage.get(clip_target(2, 9)).status == 503);
    stage.database.execute("GRANT INSERT (id, at, action, record, salt) ON ledger_records TO sluice_api");
    CHECK(stage.get(clip_target(2, 9)).status == 200);
}

TEST_CASE("who needs a checkpoint waits for it, and not for ever", "[api][ledger][integration]") {
    LedgerStage stage;
    stage.start();
    catalogue::Pool api{stage.database.conninfo("sluice_api"), 1};
    const auto file = [&] {
        return catalogue::append_record(
                   api,
                   {.action = "test.done",
                    .actor = ledger::system_actor("test"),
                    .subject = {.kind = "test", .id = "1"}},
                   kStageStart
        )
            .value();
    };
    CHECK(catalogue::wait_until_sequenced(api, file(), std::chrono::steady_clock::now() + 30s));
    REQUIRE(stage.sequencer.stop(20s));
    const auto late = catalogue::wait_until_sequenced(api, file(), std::chrono::steady_clock::now() + 200ms);
    REQUIRE_FALSE(late);
    CHECK(late.error().label() == "LEDGER_UNAVAILABLE");
    CHECK(late.error().remedy() == Remedy::retry);
}

TEST_CASE("a witness co-signs what continues what it saw, and nothing else", "[api][ledger][integration]") {
    LedgerStage stage;
    const auto witness = ledger::SigningKey::make("test/witness", ledger::KeyKind::witness);
    stage.config.ledger.witnesses = {to_string(witness.verifier())};
    stage.start();
    CHECK(stage.get(clip_target(2, 6)).status == 200);
    REQUIRE(eventually(30s, [&] { return stage.is_all_signed(); }));
    const std::string key_text = stage.get("/v1/ledger/key").body;
    const witness::Round round{
        .state_file = stage.data.path() / "seen",
        .log_key =
            ledger::verifier_key_from(std::string_view{key_text}.substr(0, key_text.size() - 1)).value()
    };
    witness::HttpClient client{stage.base() + "/", stage.auditor(), {}};
    CHECK(stage.get("/v1/ledger/checkpoint?witnessed=true").status == 404);
    const UtcTime now = kStageStart + 1h;
    const auto first = witness::witness_once(client, round, witness, now);
    if (!first) FAIL(first.error().describe());
    const auto witnessed = ledger::parse_note(stage.get("/v1/ledger/checkpoint?witnessed=true").body);
    REQUIRE(witnessed);
    CHECK(ledger::open_checkpoint(*witnessed, round.log_key).value() == *first);
    CHECK(ledger::cosigned_at(*witnessed, witness.verifier()) == to_epoch_us(now) / 1'000'000);

    // The same words again are taken and change nothing.
    const std::string said = to_string(*witnessed);
    const Reply known = fetch(
        stage.port(),
        "POST",
        "/v1/ledger/cosignatures",
        {stage.authorization("operator"), "Content-Type: text/plain"},
        said
    );
    CHECK(known.status == 200);
    CHECK(json::parse(known.body)["taken"].get<int>() == 0);

    // The log has grown, and is witnessed again.
    for (int i = 0; i < 4; ++i)
        CHECK(stage.get(clip_target(i, i + 3)).status == 200);
    REQUIRE(eventually(30s, [&] { return stage.is_all_signed(); }));
    const auto second = witness::witness_once(client, round, witness, now);
    if (!second) FAIL(second.error().describe());
    CHECK(second->size > first->size);

    // Who may not, and what is none of a witness's.
    witness::HttpClient stranger{stage.base(), {}, {}};
    CHECK_FALSE(witness::witness_once(stranger, round, witness, now));
    const auto other = ledger::SigningKey::make("test/other", ledger::KeyKind::witness);
    const auto unknown = witness::witness_once(client, round, other, now);
    REQUIRE_FALSE(unknown);
    CHECK(unknown.error().message().contains("COSIGNATURE_UNKNOWN"));
    CHECK(client.post_text("/v1/ledger/cosignatures", "nonsense")->status == 400);
    CHECK(
        client
            .post_text(
                "/v1/ledger/cosignatures",
                ledger::sign_checkpoint(1, {}, ledger::SigningKey::make("x", ledger::KeyKind::log))
            )
            ->status == 422
    );

    // History was rewritten, and signed again by whoever has the key.
    const std::string seen = read_text_file(round.state_file, 1U << 16U).value();
    stage.database.execute("UPDATE ledger_records SET leaf_data = sha256('x') WHERE leaf_index = 1");
    const auto rewritten = witness::witness_once(client, round, witness, now);
    REQUIRE_FALSE(rewritten);
    CHECK(rewritten.error().label() == "inconsistent");
    CHECK(read_text_file(round.state_file, 1U << 16U).value() == seen);
}

TEST_CASE(
    "the command of a witness works over TLS, by the authority that it was given",
    "[api][ledger][tls]"
) {
    LedgerStage stage;
    const auto path = [&](const char* name) { return (stage.data.path() / name).string(); };
    const auto witness = ledger::SigningKey::make("test/witness", ledger::KeyKind::witness);
    REQUIRE(ledger::save_new_key(path("witness.key"), witness));
    REQUIRE(replace_file(path("token"), stage.auditor() + "\n", 0600));
    make_certificate(path("certificate.pem"), path("key.pem"), "sluice");
    make_certificate(path("other.pem"), path("other-key.pem"), "other");
    stage.config.ledger.witnesses = {to_string(witness.verifier())};
    stage.config.api.tls_certificate = path("certificate.pem");
    stage.config.api.tls_key = path("key.pem");
    stage.start();
    REQUIRE(eventually(30s, [&] {
        return stage.database.query("SELECT count(*) FROM ledger_tree WHERE checkpoint IS NOT NULL") == "1";
    }));
    const auto round = [&](const std::string& authority) {
        const auto done = run_to_end(
            {SLUICE_BIN_DIR "/sluice",
             "ledger",
             "witness",
             "https://127.0.0.1:" + std::to_string(stage.port()),
             "--state",
             path("seen"),
             "--key",
             path("witness.key"),
             "--token-file",
             path("token"),
             "--log-key",
             stage.database.query("SELECT key FROM ledger_tree"),
             "--ca",
             authority},
            60s
        );
        REQUIRE(done);
        return *done;
    };
    const Finished distrusted = round(path("other.pem"));
    CHECK(distrusted.status.code == 1);
    CHECK(distrusted.errors.contains("certificate"));
    CHECK_FALSE(std::filesystem::exists(path("seen")));
    const Finished seen = round(path("certificate.pem"));
    INFO(seen.errors);
    CHECK(seen.status.code == 0);
    CHECK(seen.output.contains("co-signed"));
    CHECK(stage.database.query("SELECT count(*) FROM ledger_cosignatures") == "1");
}
