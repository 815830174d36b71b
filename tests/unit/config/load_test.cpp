#include "config/load.hpp"

#include "config/base/bytes.hpp"
#include "config/base/files.hpp"
#include "tests/support/temp_folder.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <catch2/catch.hpp>

namespace {

using namespace sluice;
using namespace sluice::config;

constexpr std::string_view kSmallest = R"(
data = "/tmp/data"
[storage]
volumes = ["/tmp/volume"]
[[recorders]]
slug = "lobby"
  [[recorders.cameras]]
  slug = "lobby-1"
  name = "大廳"
  url = "rtsp://192.0.2.20:554/stream1"
)";

Loaded load_words(std::string_view text) {
    return load_text(text, "/etc/sluice/sluice.toml", Secrets::all);
}

std::vector<std::string> describe(const Loaded& loaded) {
    std::vector<std::string> lines;
    for (const Problem& problem : loaded.problems)
        lines.push_back(problem.describe());
    return lines;
}

bool has_line(const Loaded& loaded, std::string_view start, std::string_view part) {
    const auto lines = describe(loaded);
    return std::ranges::any_of(lines, [&](const std::string& line) {
        return line.starts_with(start) && line.find(part) != std::string::npos;
    });
}

std::string text_of(const char* file) {
    auto text = read_text_file(std::string{SLUICE_SOURCE_DIR "/config/"} + file, 1U << 20U);
    REQUIRE(text);
    return *text;
}

struct Folder : test::TempFolder {
    void write(const std::string& name, std::string_view text) const {
        std::filesystem::create_directories((path() / name).parent_path());
        std::ofstream{path() / name} << text;
    }
};

}  // namespace

TEST_CASE("the smallest configuration is usable and keeps the defaults", "[config]") {
    const Loaded loaded = load_words(kSmallest);
    CHECK(describe(loaded).empty());
    REQUIRE(loaded.is_usable());
    CHECK(loaded.config.api == Api{});
    CHECK(loaded.config.storage.segment == std::chrono::seconds{60});
    REQUIRE(loaded.config.recorders.size() == 1);
    const Camera& camera = loaded.config.recorders[0].cameras.at(0);
    CHECK(camera.name == "大廳");
    CHECK(camera.streams == std::vector{StreamKind::main});
    CHECK(rtsp_url(loaded.config.recorders[0], camera, StreamKind::main) == "rtsp://192.0.2.20:554/stream1");
}

TEST_CASE("an unknown key is refused at its place with the nearest known name", "[config]") {
    const Loaded loaded = load_words("data = \"/d\"\n[storage]\nvolumes = [\"/v\"]\n  segmet = \"60s\"\n");
    CHECK_FALSE(loaded.is_usable());
    CHECK(has_line(loaded, "/etc/sluice/sluice.toml:4:3: storage.segmet", "did you mean 'segment'?"));
}

TEST_CASE("all errors are told at once, each with file, line, column, field and cure", "[config]") {
    const Loaded loaded = load_words(R"(data = "relative/is/fine"
[api]
listen = "nonsense"
threads = 0
[storage]
volumes = []
segment = "1 minute"
durability_window = 5
[[recorders]]
slug = "Bad Slug"
vendor = "dahua"
  [[recorders.cameras]]
  slug = "a"
  name = "甲"
  channel = 0
  [[recorders.cameras]]
  slug = "a"
  streams = ["main", "third"]
  channel = 2
)");
    const std::string file = "/etc/sluice/sluice.toml:";
    CHECK(has_line(loaded, file + "3:10: api.listen", "ADDRESS:PORT"));
    CHECK(has_line(loaded, file + "4:11: api.threads", "from 1 to 64"));
    CHECK(has_line(loaded, file + "6:11: storage.volumes", "at least one folder"));
    CHECK(has_line(loaded, file + "7:11: storage.segment", "\"60s\""));
    CHECK(has_line(loaded, file + "8:21: storage.durability_window", "duration"));
    CHECK(has_line(loaded, file + "10:8: recorders[0].slug", "a–z"));
    CHECK(has_line(loaded, file + "9:1: recorders[0].host", "is missing"));
    CHECK(has_line(loaded, file + "15:13: recorders[0].cameras[0].channel", "from 1"));
    CHECK(has_line(
        loaded, file + "17:10: recorders[0].cameras[1].slug", "already used by recorders[0].cameras[0].slug"
    ));
    CHECK(has_line(loaded, file + "18:13: recorders[0].cameras[1].streams", "'third' is no stream"));
    CHECK(has_line(loaded, file + "16:3: recorders[0].cameras[1].name", "official name"));
}

TEST_CASE("a TOML syntax error names its line and does not hide the other files", "[config]") {
    const Folder folder;
    folder.write("sluice.toml", kSmallest);
    folder.write("conf.d/10-broken.toml", "[[recorders]]\nslug = \n");
    folder.write("conf.d/20-typo.toml", "[apii]\n");
    const Loaded loaded = load(folder.path() / "sluice.toml", Secrets::all);
    CHECK(has_line(loaded, (folder.path() / "conf.d/10-broken.toml:2:").string(), "TOML"));
    CHECK(has_line(loaded, (folder.path() / "conf.d/20-typo.toml:1:").string(), "did you mean 'api'?"));
}

TEST_CASE("conf.d adds recorders, and a field set in two files is refused", "[config]") {
    const Folder folder;
    folder.write("sluice.toml", kSmallest);
    folder.write(
        "conf.d/huimin.toml",
        "data = \"/other\"\n[[recorders]]\nslug = \"huimin\"\n[[recorders.cameras]]\nslug = \"h-1\"\nname = "
        "\"惠民\"\n"
        "url = \"rtsp://192.0.2.31/1\"\n"
    );
    const Loaded loaded = load(folder.path() / "sluice.toml", Secrets::all);
    REQUIRE(loaded.config.recorders.size() == 2);
    CHECK(loaded.config.recorders[1].cameras[0].name == "惠民");
    CHECK(has_line(loaded, (folder.path() / "conf.d/huimin.toml:1:").string(), "is set twice"));
}

TEST_CASE("what was loaded is known by one hash over the file and conf.d", "[config]") {
    const Folder folder;
    const auto hash = [&] { return hash_files(folder.path() / "sluice.toml"); };
    CHECK(hash().empty());
    folder.write("sluice.toml", "a\n");
    CHECK(hash() == to_hex(sha256(as_bytes(std::string{"a\n"}))));
    folder.write("conf.d/20.toml", "c\n");
    folder.write("conf.d/10.toml", "b\n");
    folder.write("conf.d/20.toml.bak", "no part\n");
    CHECK(hash() == to_hex(sha256(as_bytes(std::string{"a\nb\nc\n"}))));
}

TEST_CASE("a camera listed twice is refused by slug and by address", "[config]") {
    std::string text{kSmallest};
    text +=
        "  [[recorders.cameras]]\n  slug = \"lobby-2\"\n  name = \"又\"\n  url = "
        "\"rtsp://192.0.2.20:554/stream1\"\n";
    CHECK(has_line(
        load_words(text), "/etc/sluice/sluice.toml:14:9: recorders[0].cameras[1].url", "already used by"
    ));
}

TEST_CASE(
    "an address that is not RTSP or carries credentials is refused without repeating them",
    "[config]"
) {
    const auto with_url = [](std::string_view url) {
        std::string text{kSmallest};
        const std::string_view old = "rtsp://192.0.2.20:554/stream1";
        return load_words(text.replace(text.find(old), old.size(), url));
    };
    CHECK(has_line(with_url("http://192.0.2.20/"), "/etc", "must be an RTSP address"));
    const Loaded secret = with_url("rtsp://admin:hunter2@192.0.2.20/");
    CHECK(has_line(secret, "/etc", "holds credentials"));
    for (const std::string& line : describe(secret))
        CHECK(line.find("hunter2") == std::string::npos);
}

TEST_CASE(
    "secrets come from a file or the environment, and only for the programs that may have them",
    "[config]"
) {
    const Folder folder;
    folder.write("pass", "geheim\n");
    std::filesystem::permissions(folder.path() / "pass", std::filesystem::perms::owner_read);
    const std::string with_file =
        std::string{kSmallest} + "[[recorders]]\nslug=\"x\"\nusername=\"u\"\npassword_file=\"pass\"\n";
    folder.write("sluice.toml", with_file);
    const Loaded loaded = load(folder.path() / "sluice.toml", Secrets::all);
    CHECK(loaded.config.recorders.at(1).password.reveal() == "geheim");
    CHECK(
        load(folder.path() / "sluice.toml", Secrets::database_only).config.recorders.at(1).password.is_empty()
    );

    folder.write(
        "sluice.toml",
        std::string{kSmallest} +
            "[[recorders]]\nslug=\"x\"\nusername=\"u\"\npassword_env=\"SLUICE_TEST_SECRET\"\n"
    );
    CHECK(has_line(
        load(folder.path() / "sluice.toml", Secrets::all), folder.path().string(), "not in the environment"
    ));
    ::setenv("SLUICE_TEST_SECRET", "geheim2", 1);
    CHECK(
        load(folder.path() / "sluice.toml", Secrets::all).config.recorders.at(1).password.reveal() ==
        "geheim2"
    );
    ::unsetenv("SLUICE_TEST_SECRET");
}

TEST_CASE("a missing password file is an error that names the field and the path", "[config]") {
    const std::string text =
        std::string{kSmallest} + "[[recorders]]\nslug=\"x\"\nusername=\"u\"\npassword_file=\"/nowhere/p\"\n";
    CHECK(has_line(load_words(text), "/etc/sluice/sluice.toml:14:", "/nowhere/p"));
}

TEST_CASE(
    "a witness is named by a verifier key for co-signatures, and nothing else is taken for one",
    "[config]"
) {
    const std::string good = "python.example/witness+842534a8+BP2GpXz2mX7dPQ42BWJnoZLPLUyPR++aINifGm3dpyQq";
    const auto is_refused = [](const std::string& key) {
        const std::string words = std::string{kSmallest} + "[ledger]\nwitnesses=[\"" + key + "\"]\n";
        return has_line(load_words(words), "/etc", "ledger.witnesses[0] is no verifier key");
    };
    CHECK_FALSE(is_refused(good));
    for (const std::string& bad :
         std::vector<std::string>{"somebody", "x" + good, good + "A", "a+00000000+AQ==", good.substr(1)}) {
        CAPTURE(bad);
        CHECK(is_refused(bad));
    }
}

TEST_CASE("a configuration that does not exist is an error, not an empty configuration", "[config]") {
    const auto config = load_or_explain("/nowhere/sluice.toml", Secrets::all);
    REQUIRE_FALSE(config);
    CHECK(config.error().message().find("/nowhere/sluice.toml: cannot open") == 0);
}

TEST_CASE("the example names every field that the program knows, with its default", "[config]") {
    const std::string example = text_of("sluice.example.toml");
    const Loaded loaded = load_text(example, "/etc/sluice/sluice.toml", Secrets::database_only);
    CHECK(describe(loaded).empty());
    CHECK(loaded.config.data == Config{}.data);
    CHECK(loaded.config.api == Api{});
    Storage storage = loaded.config.storage;
    storage.volumes.clear();
    CHECK(storage == Storage{});
    CHECK(loaded.config.ledger == Ledger{});
    CHECK(loaded.config.notify == Notify{});
    CHECK(loaded.config.print == Print{});
    // The program lists the keys it knows when it meets one that is far from all of them.
    const Loaded probe = load_words(
        "zzzzzzzzzzzzzzzz=1\n[api]\nzzzzzzzzzzzzzzzz=1\n[storage]\nzzzzzzzzzzzzzzzz=1\n[database]"
        "\nzzzzzzzzzzzzzzzz=1\n[ledger]\nzzzzzzzzzzzzzzzz=1\n[notify.mail]\nzzzzzzzzzzzzzzzz=1\n[print]"
        "\nzzzzzzzzzzzzzzzz=1\n"
        "[contacts]\nzzzzzzzzzzzzzzzz=1\n[contacts.primary]\nzzzzzzzzzzzzzzzz=1\n"
        "[[notify.mail.recipients]]\nzzzzzzzzzzzzzzzz=1\n[[notify.webhooks]]\nzzzzzzzzzzzzzzzz=1\n"
        "[[recorders]]\nzzzzzzzzzzzzzzzz=1\n[[recorders.cameras]]\nzzzzzzzzzzzzzzzz=1\n"
        "[[ups]]\nzzzzzzzzzzzzzzzz=1\n[[flag_rules]]\nzzzzzzzzzzzzzzzz=1\n"
    );
    std::size_t keys = 0;
    for (const Problem& problem : probe.problems) {
        const std::size_t start = problem.message.find("(known: ");
        if (start == std::string::npos) continue;
        std::string list = problem.message.substr(start + 8);
        list.pop_back();
        for (std::size_t comma = 0; !list.empty();
             list.erase(0, comma == std::string::npos ? comma : comma + 2)) {
            comma = list.find(", ");
            INFO("key " << list.substr(0, comma));
            CHECK(example.find(list.substr(0, comma)) != std::string::npos);
            ++keys;
        }
    }
    CHECK(keys > 40);
}

TEST_CASE("the first site is whole: 16 channels, and the contractor announces its own", "[config]") {
    const Loaded loaded =
        load_text(text_of("site-anping.toml"), "/etc/sluice/sluice.toml", Secrets::database_only);
    for (const Problem& problem : loaded.problems)
        CHECK(problem.is_warning);
    REQUIRE(loaded.config.recorders.size() == 1);
    const Recorder& xvr = loaded.config.recorders[0];
    CHECK(xvr.cameras.size() == 16);
    CHECK(xvr.cameras[15].name == "往地下停車場-樓梯間出入口");
    CHECK(
        rtsp_url(xvr, xvr.cameras[15], StreamKind::sub) ==
        "rtsp://192.0.2.10:554/cam/realmonitor?channel=16&subtype=1"
    );
    CHECK(loaded.config.huimin.allow_hosts == std::vector<std::string>{"192.0.2.32/29"});
}

TEST_CASE("whom to call is asked for by config check alone, each of the two by name", "[config][contacts]") {
    const auto missing = [](std::string_view contacts) {
        const Loaded loaded = load_words(std::string{kSmallest} + std::string{contacts});
        CHECK(describe(loaded).empty());  // nothing of the kind keeps a program from starting
        std::vector<std::string> fields;
        for (const Problem& problem : missing_contacts(loaded.config, "/etc/sluice/sluice.toml")) {
            CHECK(problem.is_warning);
            fields.push_back(problem.field);
        }
        return fields;
    };
    using Fields = std::vector<std::string>;
    CHECK(missing("") == Fields{"contacts.primary", "contacts.deputy"});
    const std::string primary = "[contacts.primary]\nname = \"王\"\nphone = \"06-1\"\n";
    CHECK(missing(primary) == Fields{"contacts.deputy"});
    CHECK(missing(primary + "[contacts.deputy]\nname = \"李\"\n") == Fields{"contacts.deputy"});  // by what?
    CHECK(missing(primary + "[contacts.deputy]\nname = \"李\"\nmail = \"li@example.org\"\n").empty());
    CHECK_FALSE(load_words(std::string{kSmallest} + "[contacts.deputy]\nmail = \"li\"\n").is_usable());
}

TEST_CASE("a reload is a difference of cameras, and says when more than cameras changed", "[config]") {
    const Config before = load_words(kSmallest).config;
    Config after = before;
    CHECK(difference(before, after).changed.empty());
    after.recorders[0].cameras[0].name = "新";
    Recorder second;
    second.slug = "new";
    second.cameras.emplace_back().slug = "new-1";
    after.recorders.push_back(second);
    CameraDifference changes = difference(before, after);
    CHECK(changes.changed == std::vector<std::string>{"lobby-1"});
    CHECK(changes.added == std::vector<std::string>{"new-1"});
    CHECK_FALSE(changes.needs_restart);
    after.recorders.erase(after.recorders.begin());
    after.storage.ring_bytes *= 2;
    changes = difference(before, after);
    CHECK(changes.removed == std::vector<std::string>{"lobby-1"});
    CHECK(changes.needs_restart);
}

TEST_CASE("any text gives problems or a configuration, never a crash", "[config]") {
    for (const std::string_view text :
         {"",
          "=",
          "[[recorders]]\nrecorders = 3",
          "recorders = 3",
          "recorders = [1, {slug = 2}]",
          "api = []",
          "[storage]\nvolumes = [1]",
          "[[recorders]]\ncameras = \"x\"",
          "data = 1979-05-27",
          "[storage]\nreserve = -1",
          "[storage]\nreserve = \"99999999999TB\""}) {
        CHECK_FALSE(load_words(text).is_usable());
    }
}

TEST_CASE("the API listens on an address, not on a name that somebody else resolves", "[config]") {
    const auto with_listen = [](std::string_view value) {
        return load_words(
            "[api]\nlisten = \"" + std::string{value} + "\"\n" + std::string{kSmallest.substr(1)}
        );
    };
    for (const char* wrong :
         {"localhost:8080",
          ":8080",
          "127.0.0.1",
          "127.0.0.1:70000",
          "::1:8080",
          "[::1:8080",
          "[127.0.0.1]:80",
          "256.0.0.1:80"}) {
        INFO(wrong);
        CHECK(has_line(with_listen(wrong), "/etc/sluice/sluice.toml:2:", "ADDRESS:PORT"));
    }
    for (const char* right : {"127.0.0.1:0", "0.0.0.0:443", "[::1]:8080", "[::]:8080"}) {
        INFO(right);
        CHECK_FALSE(has_line(with_listen(right), "/etc/sluice/sluice.toml:2:", "ADDRESS:PORT"));
    }
}

TEST_CASE("where notices go is checked: no way that can be read on, no header to break out of", "[config]") {
    const std::string mail = "[notify.mail]\nserver = \"smtps://m.example\"\nfrom = \"a@b.example\"\n";
    const std::string hook =
        "[[notify.webhooks]]\nname = \"x\"\nurl = \"https://h.example/in\"\nsecret_file = \"/s\"\n";
    const auto fault = [](std::string_view text) {
        const auto lines = describe(load_words(std::string{kSmallest} + std::string{text}));
        return lines.empty() ? std::string{} : lines.front();
    };
    const auto changed = [](std::string text, std::string_view from, std::string_view to) {
        return text.replace(text.find(from), from.size(), to);
    };
    CHECK(fault(mail + hook).empty());
    CHECK(fault(changed(mail, "smtps:", "imap:")).find("must begin with smtp://") != std::string::npos);
    CHECK(fault(mail + "needs_tls = false\n").empty());  // smtps is TLS
    CHECK(
        fault(changed(mail, "smtps:", "smtp:") + "needs_tls = false\n")
            .find("only for a server on this machine") != std::string::npos
    );
    CHECK(
        fault(changed(mail, "a@b.example", "a@b.example>\\r\\nBcc: c@d")).find("notify.mail.from") !=
        std::string::npos
    );
    CHECK(fault(mail + "username = \"u\"\n").find("belong together") != std::string::npos);
    CHECK(
        fault("[notify.mail]\n[[notify.mail.recipients]]\naddress = \"a@b\"\n").find("is missing") !=
        std::string::npos
    );
    CHECK(
        fault(mail + "[[notify.mail.recipients]]\naddress = \"a b@c\"\n").find("must be an address") !=
        std::string::npos
    );
    CHECK(
        fault(mail + "[[notify.mail.recipients]]\naddress = \"a@b\"\naudiences = [\"king\"]\n")
            .find("'king' is no role") != std::string::npos
    );
    for (const char* url :
         {"http://h.example/in",
          "http://localhost.h.example/",
          "http://127.0.0.1@h.example/",
          "ftp://h.example",
          "https://"}) {
        CAPTURE(url);
        CHECK(
            fault(changed(hook, "https://h.example/in", url)).find("notify.webhooks[0].url") !=
            std::string::npos
        );
    }
    CHECK(fault(changed(hook, "https://h.example/in", "http://127.0.0.1:9/in")).empty());
    CHECK(fault(changed(hook, "secret_file = \"/s\"\n", "")).find("secret_file") != std::string::npos);
    CHECK(fault(hook + hook).find("webhook's name") != std::string::npos);
}

TEST_CASE("a UPS is named by address and unit, and feeds what the program knows", "[config]") {
    const std::string ups = "[[ups]]\nslug = \"ups-1\"\nunit = \"ups1\"\n";
    const auto with = [&](const std::string& more) {
        return load_words(std::string{kSmallest} + ups + more);
    };
    const Loaded plain = with("");
    CHECK(describe(plain).empty());
    REQUIRE(plain.config.ups.size() == 1);
    CHECK(plain.config.ups[0].server == "127.0.0.1:3493");
    CHECK(plain.config.ups[0].feeds_recorder);
    CHECK_FALSE(plain.config.ups[0].feeds_locks);
    const Loaded locks = with("feeds = [\"locks\"]\n");
    CHECK_FALSE(locks.config.ups.at(0).feeds_recorder);
    CHECK(locks.config.ups.at(0).feeds_locks);
    const std::string file = "/etc/sluice/sluice.toml:";
    CHECK(has_line(with("feeds = [\"lift\"]\n"), file, "'lift' is nothing known"));
    CHECK(has_line(with("server = \"nut.example:3493\"\n"), file, "a name is not looked up"));
    CHECK(has_line(with("username = \"sluice\"\n"), file, "belong together"));
    CHECK(has_line(with("poll = \"100ms\"\n"), file, "ups[0].poll"));
    CHECK(has_line(with(ups), file, "is a UPS's slug already used by ups[0].slug"));
    CHECK(has_line(load_words(std::string{kSmallest} + "[[ups]]\nslug = \"a\"\n"), file, "upsc -l"));
}

TEST_CASE(
    "a recorder's events need a vendor, a user and a password, also where nobody reads it",
    "[config]"
) {
    const std::string recorder =
        "data = \"/d\"\n[storage]\nvolumes = [\"/v\"]\n[[recorders]]\nslug = \"xvr\"\nevents = true\n"
        "host = \"192.0.2.10\"\n";
    const std::string camera = "[[recorders.cameras]]\nslug = \"c\"\nname = \"c\"\nchannel = 1\n";
    const auto loaded = [&](const std::string& more, const std::string& rules = "") {
        return load_text(recorder + more + camera + rules, "/etc/sluice/sluice.toml", Secrets::database_only);
    };
    const std::string access = "vendor = \"dahua\"\nusername = \"u\"\npassword_file = \"/p\"\n";
    const Loaded whole = loaded(access);
    CHECK(describe(whole).empty());
    CHECK(whole.config.recorders.at(0).password.is_empty());
    CHECK(whole.config.recorders.at(0).password_place.file == "/p");
    CHECK(has_line(loaded("vendor = \"dahua\"\n"), "", "needs username and password_file"));
    CHECK(has_line(loaded(""), "", "no other tells of itself yet"));

    const std::string rule = "[[flag_rules]]\nname = \"r\"\ncameras = [\"c\"]\ncode = \"camera.blind\"\n";
    const Loaded flagged = loaded(access, rule + "from = \"18:00\"\nto = \"08:30\"\ndays = \"off\"\n");
    CHECK(describe(flagged).empty());
    REQUIRE(flagged.config.flag_rules.size() == 1);
    CHECK(flagged.config.flag_rules[0].from == std::chrono::hours{18});
    CHECK(flagged.config.flag_rules[0].to == std::chrono::minutes{510});
    CHECK(flagged.config.flag_rules[0].days == FlagDays::off);
    CHECK(has_line(loaded(access, rule + "from = \"24:00\"\n"), "", "flag_rules[0].from"));
    CHECK(has_line(loaded(access, rule + "from = \"8:00\"\n"), "", "flag_rules[0].from"));
    CHECK(has_line(loaded(access, rule + "hold_days = 361\n"), "", "from 1 to 360"));
    CHECK(has_line(loaded(access, rule + rule), "", "is a rule's name already used"));
    CHECK(has_line(
        loaded(access, "[[flag_rules]]\nname = \"r\"\ncameras = [\"x\"]\ncode = \"door.opened\"\n"),
        "",
        "must be an event of a camera"
    ));
    CHECK(has_line(
        loaded(access, "[[flag_rules]]\nname = \"r\"\ncameras = [\"x\"]\ncode = \"camera.blind\"\n"),
        "",
        "'x' is no camera of a recorder with events"
    ));
    CHECK(has_line(
        loaded(access, "[[flag_rules]]\nname = \"r\"\ncode = \"camera.blind\"\n"),
        "",
        "name at least one camera"
    ));
}

TEST_CASE("door controllers are allowed one by one, by number and address", "[config]") {
    const std::string listen = "[access]\nzkteco_listen = \"192.0.2.5:8081\"\n";
    const std::string board =
        "[[access.controllers]]\nsource = \"/c/1\"\nprotocol = \"uhppote\"\nserial = \"405419896\"\n"
        "address = \"192.0.2.30\"\n";
    const std::string device =
        "[[access.controllers]]\nsource = \"/c/2\"\nprotocol = \"zkteco_push\"\nserial = "
        "\"CJZ7204560001\"\naddress = \"2001:db8::31\"\n";
    const auto with = [](const std::string& text) { return load_words(std::string{kSmallest} + text); };
    const Loaded none = with("");
    CHECK(none.config.access == Access{});
    const Loaded whole = with(listen + board + "poll = \"2s\"\n" + device);
    CHECK(describe(whole).empty());
    REQUIRE(whole.config.access.controllers.size() == 2);
    const DoorController& first = whole.config.access.controllers[0];
    CHECK(first.protocol == DoorProtocol::uhppote);
    CHECK(first.port == 60000);
    CHECK(first.poll == std::chrono::seconds{2});

    const std::string file = "/etc/sluice/sluice.toml:";
    const std::string field = "access.controllers[0].";
    const auto board_with = [&](const std::string& line) {
        const std::string name = line.substr(0, line.find(' '));
        std::string text = board;
        const auto at = text.find(name + " = ");
        if (at != std::string::npos) text.erase(at, text.find('\n', at) + 1 - at);
        return with(text + line + "\n");
    };
    CHECK(has_line(board_with("source = \"\""), file, field + "source must be the source"));
    CHECK(has_line(board_with("protocol = \"wiegand\""), file, field + "protocol must be one of"));
    CHECK(has_line(with("[[access.controllers]]\n"), file, field + "protocol is missing"));
    for (const char* serial : {"", "0", "0405", "4294967296", "12x", "-1"})
        CHECK(has_line(
            board_with("serial = \"" + std::string{serial} + "\""),
            file,
            field + "serial must be the number on the board"
        ));
    for (const char* address :
         {"", "board.example", "0.0.0.0", "255.255.255.255", "192.0.2.0/24", "2001:db8::1"})
        CHECK(has_line(
            board_with("address = \"" + std::string{address} + "\""),
            file,
            field + "address must be the board's"
        ));
    CHECK(has_line(board_with("poll = \"100ms\""), file, field + "poll"));
    CHECK(has_line(
        with(board + board), file, "access.controllers[1].source '/c/1' is a source of events already"
    ));
    CHECK(has_line(with(board + board), file, "access.controllers[1].serial"));
    CHECK(has_line(
        with(board + "[[access.sources]]\nsource = \"/c/1\"\nsecret_file = \"/s\"\n"),
        file,
        "already used by access.sources[0]"
    ));
    CHECK(has_line(with(device), file, "access.zkteco_listen is missing"));
    CHECK(has_line(with(listen + board), file, "access.zkteco_listen is for nobody"));
    CHECK(has_line(
        with("[access]\nzkteco_listen = \"0.0.0.0:8081\"\n" + device), file, "listen on every network"
    ));
    CHECK(
        has_line(with("[access]\nzkteco_listen = \"[::]:8081\"\n" + device), file, "listen on every network")
    );
    CHECK(has_line(with("[access]\nzkteco_listen = \"8081\"\n" + device), file, "must be ADDRESS:PORT"));
    CHECK(has_line(
        with("[access]\nuhppote_listen = \"[2001:db8::5]:60001\"\n" + board), file, "must be an IPv4 address"
    ));
    CHECK(has_line(with("[access]\nuhppote_listen = \"192.0.2.5:60001\"\n"), file, "is for nobody"));
}
