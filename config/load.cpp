#include "config/load.hpp"

#include "config/base/bytes.hpp"
#include "config/base/files.hpp"
#include "config/detail/doors.hpp"
#include "config/detail/machines.hpp"
#include "config/detail/password.hpp"
#include "config/detail/reader.hpp"
#include "config/detail/validate.hpp"

#include <algorithm>
#include <set>

#include <sys/stat.h>

namespace sluice::config {
namespace {

using detail::Findings;
using detail::read_password;
using detail::Section;

constexpr std::size_t kFileLimitBytes = 4U << 20U;

std::optional<Vendor> vendor_from(std::string_view word) {
    if (word == "generic") return Vendor::generic;
    if (word == "dahua") return Vendor::dahua;
    return std::nullopt;
}

std::optional<Transport> transport_from(std::string_view word) {
    if (word == "tcp") return Transport::tcp;
    if (word == "udp") return Transport::udp;
    return std::nullopt;
}

void read_streams(Section& section, std::vector<StreamKind>& target, Findings& findings) {
    std::vector<std::string> words;
    words.reserve(target.size());
    for (const StreamKind kind : target)
        words.emplace_back(to_string(kind));
    section.texts("streams", words);
    target.clear();
    for (const std::string& word : words) {
        const auto kind = stream_kind_from(word);
        if (!kind) {
            findings.error_at(
                section.field("streams"), "'" + word + "' is no stream; use \"main\" and \"sub\""
            );
        } else if (std::ranges::find(target, *kind) != target.end()) {
            findings.error_at(section.field("streams"), "'" + word + "' stands twice");
        } else {
            target.push_back(*kind);
        }
    }
}

void refuse_audio(Section& section, Findings& findings) {
    bool audio = false;
    std::string basis;
    section.flag("audio", audio);
    section.text("audio_basis", basis);
    if (!audio) return;
    findings.error_at(
        section.field("audio"),
        basis.empty() ? "needs audio_basis, the legal ground for recording sound"
                      : "can't be recorded yet by this version; set audio = false"
    );
}

Camera
read_camera(const toml::table& table, const std::string& file, const std::string& path, Findings& findings) {
    Camera camera;
    Section section{table, file, path, findings};
    section.text("slug", camera.slug);
    section.text("name", camera.name);
    section.integer("channel", camera.channel, 1, 1024);
    section.text("url", camera.url);
    section.text("sub_url", camera.sub_url);
    read_streams(section, camera.streams, findings);
    section.texts("tags", camera.tags);
    section.text("zone", camera.zone);
    section.text("owner", camera.owner);
    section.flag("enabled", camera.enabled);
    section.flag("pushed", camera.is_pushed);
    section.word("transport", camera.transport, transport_from, "\"tcp\", \"udp\"");
    refuse_audio(section, findings);
    section.finish();
    return camera;
}

/// Calls `read(table, path)` for each table of the list under `key`. `first` is the index of the list's first
/// element.
template <class Read>
void read_tables(
    Section& section,
    const std::string& file,
    std::string_view key,
    std::size_t first,
    Findings& findings,
    Read read
) {
    const toml::node* node = section.find(key);
    if (node == nullptr) return;
    const toml::array* list = node->as_array();
    if (list == nullptr)
        return section.wrong(key, *node, "must be a list of tables: [[" + std::string{key} + "]]");
    for (const toml::node& item : *list) {
        const toml::table* table = item.as_table();
        if (table == nullptr) {
            section.wrong(key, item, "must be a list of tables: [[" + std::string{key} + "]]");
            continue;
        }
        const std::string path = section.field(key) + "[" + std::to_string(first++) + "]";
        findings.set_place(path, section.place_of(item));
        read(*table, file, path);
    }
}

Recorder read_recorder(
    const toml::table& table,
    const std::string& file,
    const std::string& path,
    Secrets secrets,
    Findings& findings
) {
    Recorder recorder;
    Section section{table, file, path, findings};
    section.text("slug", recorder.slug);
    section.text("name", recorder.name);
    section.word("vendor", recorder.vendor, vendor_from, "\"generic\", \"dahua\"");
    section.text("host", recorder.host);
    section.integer("port", recorder.port, 1, 65535);
    section.text("username", recorder.username);
    recorder.password_place = read_password(section, recorder.password, secrets == Secrets::all, findings);
    section.flag("events", recorder.events);
    section.integer("http_port", recorder.http_port, 1, 65535);
    section.texts("ignored_events", recorder.ignored_events);
    if (secrets == Secrets::all && !recorder.username.empty() && recorder.password.is_empty()) {
        findings.warning_at(section.field("username"), "has no password; set password_file or password_env");
    }
    read_tables(
        section,
        file,
        "cameras",
        0,
        findings,
        [&](const auto& camera, const auto& name, const auto& place) {
            recorder.cameras.push_back(read_camera(camera, name, place, findings));
        }
    );
    section.finish();
    return recorder;
}

/// The table under `key`, or nullptr; something else than a table is an error.
const toml::table* find_table(Section& section, std::string_view key, Findings& findings) {
    const toml::node* node = section.find(key);
    if (node == nullptr) return nullptr;
    const toml::table* table = node->as_table();
    if (table == nullptr)
        findings.error(
            section.place_of(*node), section.field(key), "must be a table: [" + std::string{key} + "]"
        );
    return table;
}

void read_api(const toml::table& table, const std::string& file, Api& api, Findings& findings) {
    using std::chrono::seconds;
    Section section{table, file, "api", findings};
    section.text("listen", api.listen);
    section.path("tls_certificate", api.tls_certificate);
    section.path("tls_key", api.tls_key);
    section.seconds("max_clip", api.max_clip, seconds{60}, seconds{7 * 86400});
    section.integer("threads", api.threads, 1, 64);
    section.integer("workers", api.workers, 1, 256);
    section.finish();
}

void read_volumes(Section& section, const std::string& file, std::vector<std::filesystem::path>& volumes) {
    std::vector<std::string> paths;
    section.texts("volumes", paths);
    for (const std::string& path : paths)
        volumes.push_back(std::filesystem::path{file}.parent_path() / path);
}

void read_storage(const toml::table& table, const std::string& file, Storage& storage, Findings& findings) {
    using std::chrono::milliseconds;
    using std::chrono::seconds;
    Section section{table, file, "storage", findings};
    read_volumes(section, file, storage.volumes);
    section.seconds("segment", storage.segment, seconds{5}, seconds{600});
    section.duration("durability_window", storage.durability_window, milliseconds{200}, milliseconds{60'000});
    section.duration(
        "durability_window_on_battery",
        storage.durability_window_on_battery,
        milliseconds{200},
        milliseconds{60'000}
    );
    section.bytes("reserve", storage.reserve_bytes, 0);
    section.integer("reserve_percent", storage.reserve_percent, 0, 50);
    section.bytes("ring", storage.ring_bytes, 1U << 20U);
    section.finish();
}

void read_ledger(const toml::table& table, const std::string& file, Ledger& ledger, Findings& findings) {
    Section section{table, file, "ledger", findings};
    section.path("key_file", ledger.key_file);
    section.texts("witnesses", ledger.witnesses);
    section.finish();
}

Webhook
read_webhook(const toml::table& table, const std::string& file, const std::string& path, Findings& findings) {
    Webhook hook;
    Section section{table, file, path, findings};
    section.text("name", hook.name);
    section.text("url", hook.url);
    section.path("secret_file", hook.secret_file);
    section.path("authorities", hook.authorities);
    section.texts("audiences", hook.audiences);
    section.finish();
    return hook;
}

Recipient read_recipient(
    const toml::table& table,
    const std::string& file,
    const std::string& path,
    Findings& findings
) {
    Recipient recipient;
    Section section{table, file, path, findings};
    section.text("address", recipient.address);
    section.texts("audiences", recipient.audiences);
    section.finish();
    return recipient;
}

void read_mail(const toml::table& table, const std::string& file, Mail& mail, Findings& findings) {
    Section section{table, file, "notify.mail", findings};
    section.text("server", mail.server);
    section.text("from", mail.from);
    section.text("username", mail.username);
    section.path("password_file", mail.password_file);
    section.path("authorities", mail.authorities);
    section.flag("needs_tls", mail.needs_tls);
    read_tables(
        section,
        file,
        "recipients",
        mail.recipients.size(),
        findings,
        [&](const auto& recipient, const auto& name, const auto& place) {
            mail.recipients.push_back(read_recipient(recipient, name, place, findings));
        }
    );
    section.finish();
}

void read_access(const toml::table& table, const std::string& file, Access& access, Findings& findings) {
    Section section{table, file, "access", findings};
    read_tables(
        section,
        file,
        "sources",
        access.sources.size(),
        findings,
        [&](const auto& one, const auto& name, const auto& place) {
            Section source{one, name, place, findings};
            AccessSource read;
            source.text("source", read.source);
            source.path("secret_file", read.secret_file);
            source.finish();
            access.sources.push_back(std::move(read));
        }
    );
    read_tables(
        section,
        file,
        "controllers",
        access.controllers.size(),
        findings,
        [&](const auto& one, const auto& name, const auto& place) {
            access.controllers.push_back(detail::read_door_controller(one, name, place, findings));
        }
    );
    section.text("uhppote_listen", access.uhppote_listen);
    section.text("zkteco_listen", access.zkteco_listen);
    section.finish();
}

void read_notify(const toml::table& table, const std::string& file, Notify& notify, Findings& findings) {
    Section section{table, file, "notify", findings};
    if (const auto* mail = find_table(section, "mail", findings))
        read_mail(*mail, file, notify.mail, findings);
    read_tables(
        section,
        file,
        "webhooks",
        notify.webhooks.size(),
        findings,
        [&](const auto& hook, const auto& name, const auto& place) {
            notify.webhooks.push_back(read_webhook(hook, name, place, findings));
        }
    );
    section.finish();
}

void read_huimin(const toml::table& table, const std::string& file, Huimin& huimin, Findings& findings) {
    Section section{table, file, "huimin", findings};
    section.texts("allow_hosts", huimin.allow_hosts);
    section.bytes("clip", huimin.clip_bytes, 1U << 20U);
    section.bytes("spool", huimin.spool_bytes, 1U << 20U);
    section.bytes("quarantine", huimin.quarantine_bytes, 0);
    section.finish();
}

void read_contact(
    Section& section,
    const char* name,
    const std::string& file,
    Contact& contact,
    Findings& findings
) {
    const auto* table = find_table(section, name, findings);
    if (table == nullptr) return;
    Section part{*table, file, std::string{"contacts."} + name, findings};
    part.text("name", contact.name);
    part.text("phone", contact.phone);
    part.text("mail", contact.mail);
    part.finish();
}

void read_contacts(
    const toml::table& table,
    const std::string& file,
    Contacts& contacts,
    Findings& findings
) {
    Section section{table, file, "contacts", findings};
    read_contact(section, "primary", file, contacts.primary, findings);
    read_contact(section, "deputy", file, contacts.deputy, findings);
    section.finish();
}

void read_root(
    const toml::table& table,
    const std::string& file,
    Secrets secrets,
    Config& config,
    Findings& findings
) {
    Section section{table, file, "", findings};
    section.path("data", config.data);
    if (const auto* api = find_table(section, "api", findings)) read_api(*api, file, config.api, findings);
    if (const auto* storage = find_table(section, "storage", findings)) {
        read_storage(*storage, file, config.storage, findings);
    }
    if (const auto* database = find_table(section, "database", findings)) {
        Section part{*database, file, "database", findings};
        part.text("url", config.database.url);
        read_password(part, config.database.password, true, findings);
        part.finish();
    }
    if (const auto* ledger = find_table(section, "ledger", findings))
        read_ledger(*ledger, file, config.ledger, findings);
    if (const auto* access = find_table(section, "access", findings))
        read_access(*access, file, config.access, findings);
    if (const auto* notify = find_table(section, "notify", findings))
        read_notify(*notify, file, config.notify, findings);
    if (const auto* contacts = find_table(section, "contacts", findings))
        read_contacts(*contacts, file, config.contacts, findings);
    if (const auto* print = find_table(section, "print", findings)) {
        Section part{*print, file, "print", findings};
        part.path("texts", config.print.texts);
        part.finish();
    }
    if (const auto* huimin = find_table(section, "huimin", findings))
        read_huimin(*huimin, file, config.huimin, findings);
    read_tables(
        section,
        file,
        "ups",
        config.ups.size(),
        findings,
        [&](const auto& ups, const auto& name, const auto& place) {
            config.ups.push_back(detail::read_ups(ups, name, place, secrets, findings));
        }
    );
    read_tables(
        section,
        file,
        "recorders",
        config.recorders.size(),
        findings,
        [&](const auto& recorder, const auto& name, const auto& place) {
            config.recorders.push_back(read_recorder(recorder, name, place, secrets, findings));
        }
    );
    read_tables(
        section,
        file,
        "flag_rules",
        config.flag_rules.size(),
        findings,
        [&](const auto& rule, const auto& name, const auto& place) {
            config.flag_rules.push_back(detail::read_flag_rule(rule, name, place, findings));
        }
    );
    section.finish();
}

void read_text(
    std::string_view text,
    const std::string& file,
    Secrets secrets,
    Config& config,
    Findings& findings
) {
    try {
        const toml::table table = toml::parse(text, file);
        read_root(table, file, secrets, config, findings);
    } catch (const toml::parse_error& error) {
        const toml::source_position& begin = error.source().begin;
        findings.error(
            {file, static_cast<unsigned>(begin.line), static_cast<unsigned>(begin.column)},
            "",
            "is no valid TOML here: " + std::string{error.description()}
        );
    }
}

void read_file(const std::filesystem::path& file, Secrets secrets, Config& config, Findings& findings) {
    const auto text = read_text_file(file, kFileLimitBytes);
    if (!text) return findings.error({file.string(), 0, 0}, "", text.error().describe());
    read_text(*text, file.string(), secrets, config, findings);
}

uid_t owner_of(const std::filesystem::path& path) {
    struct stat status{};
    return ::stat(path.c_str(), &status) == 0 ? status.st_uid : static_cast<uid_t>(-1);
}

/// A part that a program wrote (the worker, for the contractor's cameras) says something about cameras and
/// nothing else: whoever may write it must not come to decide where data lies or who listens.
void check_foreign_part(const std::string& text, const std::filesystem::path& part, Findings& findings) {
    try {
        const toml::table table = toml::parse(text, part.string());
        for (const auto& [key, node] : table) {
            if (key.str() == "recorders") continue;
            const toml::source_position& begin = node.source().begin;
            findings.error(
                {part.string(), static_cast<unsigned>(begin.line), static_cast<unsigned>(begin.column)},
                std::string{key.str()},
                "can't stand in a part that belongs to another user than the main file; only [[recorders]] "
                "can"
            );
        }
    } catch (const toml::parse_error&) {
        return;  // told by whoever reads it
    }
}

/// Who sees no camera's password may do without a part that is closed to him: it can only be about cameras,
/// or its owner's programs would miss it as well.
void read_part(
    const std::filesystem::path& file,
    const std::filesystem::path& part,
    Secrets secrets,
    Config& config,
    Findings& findings
) {
    const auto text = read_text_file(part, kFileLimitBytes);
    const bool is_closed = !text && text.error().code() == std::errc::permission_denied;
    if (is_closed && secrets == Secrets::database_only)
        return findings.warning(
            {part.string(), 0, 0}, "", "is closed to this user; what it says of cameras is the recorder's"
        );
    if (!text) return findings.error({part.string(), 0, 0}, "", text.error().describe());
    if (owner_of(part) != owner_of(file)) check_foreign_part(*text, part, findings);
    read_text(*text, part.string(), secrets, config, findings);
}

/// conf.d/*.toml beside the file, by name.
std::vector<std::filesystem::path> find_parts(const std::filesystem::path& file, Findings& findings) {
    const std::filesystem::path folder = file.parent_path() / "conf.d";
    std::vector<std::filesystem::path> parts;
    std::error_code error;
    if (!std::filesystem::exists(folder, error)) return parts;
    for (std::filesystem::directory_iterator entry{folder, error}, end; !error && entry != end;
         entry.increment(error)) {
        if (entry->path().extension() == ".toml") parts.push_back(entry->path());
    }
    if (error) findings.error({folder.string(), 0, 0}, "", "cannot be read: " + error.message());
    std::ranges::sort(parts);
    return parts;
}

Loaded conclude(Config config, Findings& findings) {
    detail::validate(config, findings);
    return {std::move(config), findings.take()};
}

}  // namespace

std::string Problem::describe() const {
    std::string text = file;
    if (line > 0) text += ":" + std::to_string(line) + ":" + std::to_string(column);
    text += ": ";
    if (is_warning) text += "warning: ";
    if (!field.empty()) text += field + " ";
    return text + message;
}

bool Loaded::is_usable() const noexcept {
    return std::ranges::all_of(problems, &Problem::is_warning);
}

Loaded load(const std::filesystem::path& file, Secrets secrets) {
    const std::filesystem::path absolute = std::filesystem::absolute(file);
    Config config;
    Findings findings;
    findings.set_place("", {absolute.string(), 0, 0});
    read_file(absolute, secrets, config, findings);
    for (const auto& part : find_parts(absolute, findings))
        read_part(absolute, part, secrets, config, findings);
    return conclude(std::move(config), findings);
}

std::string hash_files(const std::filesystem::path& file) {
    const std::filesystem::path absolute = std::filesystem::absolute(file);
    const auto text = read_text_file(absolute, kFileLimitBytes);
    if (!text) return {};
    Sha256 hash;
    hash.update(as_bytes(*text));
    Findings ignored;  // `load` has told them
    for (const auto& part : find_parts(absolute, ignored))
        if (const auto more = read_text_file(part, kFileLimitBytes)) hash.update(as_bytes(*more));
    return to_hex(hash.digest());
}

Loaded load_text(std::string_view text, const std::filesystem::path& file, Secrets secrets) {
    Config config;
    Findings findings;
    findings.set_place("", {file.string(), 0, 0});
    read_text(text, file.string(), secrets, config, findings);
    return conclude(std::move(config), findings);
}

std::vector<Problem> missing_contacts(const Config& config, const std::filesystem::path& file) {
    std::vector<Problem> missing;
    const auto look = [&](const Contact& contact, const char* field) {
        if (is_reachable(contact)) return;
        missing.push_back({
            .file = file.string(),
            .field = field,
            .message = "is missing: set name, and phone or mail, of whom to call when something goes wrong",
            .is_warning = true,
        });
    };
    look(config.contacts.primary, "contacts.primary");
    look(config.contacts.deputy, "contacts.deputy");
    return missing;
}

Result<Config> load_or_explain(const std::filesystem::path& file, Secrets secrets) {
    Loaded loaded = load(file, secrets);
    if (loaded.is_usable()) return std::move(loaded.config);
    std::string message;
    for (const Problem& problem : loaded.problems) {
        if (problem.is_warning) continue;
        if (!message.empty()) message += '\n';
        message += problem.describe();
    }
    return failure(Remedy::operator_acts, std::move(message));
}

}  // namespace sluice::config
