#pragma once

#include "config/base/error.hpp"
#include "config/base/words.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

/// What the operator can say. Plain values with their defaults: this is the only place where a default
/// stands.
namespace sluice::config {

/// A secret is never printed: it has no operator<<, and only `reveal` gives it out.
class Secret {
public:
    Secret() = default;
    explicit Secret(std::string value) : value_(std::move(value)) {}
    [[nodiscard]] const std::string& reveal() const noexcept { return value_; }
    [[nodiscard]] bool is_empty() const noexcept { return value_.empty(); }
    friend bool operator==(const Secret&, const Secret&) = default;

private:
    std::string value_;
};

struct Api {
    std::string listen = "127.0.0.1:8080";  ///< address:port, [v6]:port; port 0 takes any free one
    std::filesystem::path tls_certificate;  ///< PEM chain; empty: plain HTTP
    std::filesystem::path tls_key;
    std::chrono::seconds max_clip{24 * 3600};  ///< longest interval of one clip
    unsigned threads = 2;                      ///< threads that answer requests
    unsigned workers = 4;                      ///< threads for blocking work: database, files, decoding
    friend bool operator==(const Api&, const Api&) = default;
};

struct Storage {
    std::vector<std::filesystem::path> volumes;
    std::chrono::seconds segment{60};
    std::chrono::milliseconds durability_window{5000};
    std::chrono::milliseconds durability_window_on_battery{1000};  ///< a shorter durability_window stays
    std::uint64_t reserve_bytes =
        2ULL << 30U;  ///< writing stops below max(reserve_bytes, reserve_percent of the disk)
    unsigned reserve_percent = 5;
    std::uint64_t ring_bytes = 32ULL << 20U;  ///< memory per stream for frames that wait for the disk
    friend bool operator==(const Storage&, const Storage&) = default;
};

struct Database {
    std::string url;  ///< empty: the embedded cluster in <data>/database
    Secret password;
    friend bool operator==(const Database&, const Database&) = default;
};

/// The audit log.
struct Ledger {
    std::filesystem::path key_file;      ///< of the signing key; empty: <data>/ledger/signing.key
    std::vector<std::string> witnesses;  ///< verifier keys (name+id+base64) whose co-signatures are taken
    friend bool operator==(const Ledger&, const Ledger&) = default;
};

/// Where notices go beside the API. Secrets stand in files that only the worker's user may read, and are read
/// when they are needed.
struct Webhook {
    std::string name;  ///< [a-z0-9-]{1,63}, unique
    std::string url;   ///< https; http only to this machine
    std::filesystem::path secret_file;
    std::filesystem::path authorities;   ///< PEM; empty: the system's
    std::vector<std::string> audiences;  ///< roles; none: all
    friend bool operator==(const Webhook&, const Webhook&) = default;
};
struct Recipient {
    std::string address;
    std::vector<std::string> audiences;  ///< roles; none: all
    friend bool operator==(const Recipient&, const Recipient&) = default;
};
struct Mail {
    std::string server;  ///< smtp://HOST:PORT or smtps://HOST:PORT; empty: no mail
    std::string from;
    std::string username;
    std::filesystem::path password_file;
    std::filesystem::path authorities;  ///< PEM; empty: the system's
    bool needs_tls = true;              ///< false: a relay on this machine that has none
    std::vector<Recipient> recipients;
    friend bool operator==(const Mail&, const Mail&) = default;
};
struct Notify {
    Mail mail;
    std::vector<Webhook> webhooks;
    friend bool operator==(const Notify&, const Notify&) = default;
};

/// The contractor's cameras and clips.
struct Huimin {
    /// Hosts whose cameras may be accepted: names, addresses, or networks as ADDRESS/BITS. None: no camera
    /// with an address is accepted.
    std::vector<std::string> allow_hosts;
    std::uint64_t clip_bytes = 4ULL << 30U;    ///< of one clip at most
    std::uint64_t spool_bytes = 20ULL << 30U;  ///< of clips that are being received or wait for their import
    std::uint64_t quarantine_bytes = 10ULL << 30U;  ///< beyond it the oldest refused clips go
    friend bool operator==(const Huimin&, const Huimin&) = default;
};

/// Whom to call when something goes wrong.
struct Contact {
    std::string name;
    std::string phone;
    std::string mail;
    friend bool operator==(const Contact&, const Contact&) = default;
};
[[nodiscard]] inline bool is_reachable(const Contact& contact) noexcept {
    return !contact.name.empty() && !(contact.phone.empty() && contact.mail.empty());
}
struct Contacts {
    Contact primary;
    Contact deputy;
    friend bool operator==(const Contacts&, const Contacts&) = default;
};
/// Name of whom to call first; empty: nobody can be reached.
[[nodiscard]] inline std::string on_call(const Contacts& contacts) {
    if (is_reachable(contacts.primary)) return contacts.primary.name;
    return is_reachable(contacts.deputy) ? contacts.deputy.name : std::string{};
}

/// Events at the doors.
struct AccessSource {
    std::string source;                 ///< of its CloudEvents
    std::filesystem::path secret_file;  ///< what it signs its bodies with
    friend bool operator==(const AccessSource&, const AccessSource&) = default;
};
enum class DoorProtocol { none, uhppote, zkteco_push };
/// A door controller that is spoken to in its own protocol.
struct DoorController {
    std::string source;  ///< of its events, as the inventory has it
    DoorProtocol protocol = DoorProtocol::none;
    std::string serial;          ///< what the controller calls itself
    std::string address;         ///< uhppote: where it is; zkteco_push: where alone it may come from
    std::uint16_t port = 60000;  ///< uhppote
    std::chrono::milliseconds poll{5000};  ///< uhppote: how often it is asked for news
    friend bool operator==(const DoorController&, const DoorController&) = default;
};
struct Access {
    std::vector<AccessSource> sources;  ///< that sign instead of showing a token
    std::vector<DoorController> controllers;
    std::string uhppote_listen;  ///< ADDRESS:PORT where boards may say that they have news; empty: nowhere
    std::string zkteco_listen;   ///< ADDRESS:PORT that devices push to; empty: nowhere
    friend bool operator==(const Access&, const Access&) = default;
};

/// Printed pages.
struct Print {
    std::filesystem::path
        texts;  ///< such as config/texts/zh-Hant.toml; empty: the drafts that came with the program
    friend bool operator==(const Print&, const Print&) = default;
};

/// An uninterruptible power supply, as a NUT server (upsd) tells of it.
struct Ups {
    std::string slug;  ///< [a-z0-9-]{1,63}, unique
    std::string name;  ///< for people
    std::string server =
        "127.0.0.1:3493";  ///< ADDRESS:PORT or [v6]:PORT; no name, which would need a name server
    std::string unit;      ///< what the server calls it
    std::string username;  ///< empty: no login
    Secret password;
    bool feeds_recorder = true;  ///< this machine: on battery it writes through sooner
    bool feeds_locks = false;    ///< magnetic locks: they open when its battery is empty
    std::chrono::milliseconds poll{5000};
    friend bool operator==(const Ups&, const Ups&) = default;
};

enum class Transport { tcp, udp };
enum class Vendor { generic, dahua };

struct Camera {
    std::string slug;  ///< [a-z0-9-]{1,63}, unique over all recorders
    std::string name;  ///< official name, UTF-8, as it is printed
    int channel = 0;   ///< from 1; 0 when the recorder has no channels
    std::string url;   ///< main stream of a plain RTSP camera, without credentials
    std::string sub_url;
    std::vector<StreamKind> streams{StreamKind::main};  ///< empty records nothing
    std::vector<std::string> tags;
    std::string zone;
    std::string owner;    ///< who is responsible for the camera: "bureau", "huimin"
    bool enabled = true;  ///< false: known, shown, not recorded (gap cause disabled_by_operator)
    /// Its footage comes as clips from outside: known, with a stream, and nothing of it is recorded here.
    bool is_pushed = false;
    Transport transport = Transport::tcp;
    friend bool operator==(const Camera&, const Camera&) = default;
};

/// Where a password is, for those who read it when they need it.
struct PasswordPlace {
    std::filesystem::path file;
    std::string variable;  ///< of the environment
    friend bool operator==(const PasswordPlace&, const PasswordPlace&) = default;
};

/// An XVR or NVR with channels, or a stand-alone camera (one recorder, one camera).
struct Recorder {
    std::string slug;
    std::string name;
    Vendor vendor = Vendor::generic;
    std::string host;
    std::uint16_t port = 554;
    std::string username;
    Secret password;  ///< from password_file or the environment variable named by password_env
    PasswordPlace password_place;
    bool events = false;           ///< the worker follows what the recorder tells of itself
    std::uint16_t http_port = 80;  ///< where it does
    /// Vendor's codes that are counted and not kept: what comes by the thousand and says little.
    std::vector<std::string> ignored_events{"VideoMotion", "VideoMotionInfo", "NewFile"};
    std::vector<Camera> cameras;
    friend bool operator==(const Recorder&, const Recorder&) = default;
};

/// On which days of the office calendar something counts.
enum class FlagDays { all, working, off };

/// A recorder's event that puts a hold of the kind `flag` on the footage around it.
struct FlagRule {
    std::string name;                  ///< [a-z0-9-]{1,63}, unique: the hold's reason names it
    std::vector<std::string> cameras;  ///< slugs
    std::string code;                  ///< "camera.line_crossed"
    FlagDays days = FlagDays::all;
    std::chrono::minutes from{0};  ///< of the day in Asia/Taipei
    std::chrono::minutes to{0};    ///< the same as `from`: the whole day; before it: over midnight
    std::chrono::seconds pre{30};
    std::chrono::seconds post{60};
    unsigned hold_days = 30;
    unsigned most_a_day = 100;  ///< what comes over that is said and places nothing
    friend bool operator==(const FlagRule&, const FlagRule&) = default;
};

struct Config {
    std::filesystem::path data = "/var/lib/sluice";
    Api api;
    Storage storage;
    Database database;
    Ledger ledger;
    Notify notify;
    Contacts contacts;
    Print print;
    Huimin huimin;
    std::vector<Ups> ups;
    Access access;
    std::vector<Recorder> recorders;
    std::vector<FlagRule> flag_rules;
    friend bool operator==(const Config&, const Config&) = default;
};

/// The RTSP URL of a stream, without credentials (they go to the RTSP client apart and never into a log).
/// Pre: the configuration is valid and the camera belongs to the recorder.
[[nodiscard]] std::string rtsp_url(const Recorder& recorder, const Camera& camera, StreamKind stream);

}  // namespace sluice::config
