#include "config/detail/validate.hpp"

#include "config/base/base64.hpp"
#include "config/base/bytes.hpp"
#include "config/base/slug.hpp"
#include "config/detail/doors.hpp"
#include "config/detail/machines.hpp"
#include "config/detail/once.hpp"
#include "config/hosts.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <set>

#include <arpa/inet.h>

namespace sluice::config::detail {
namespace {

void check_url(const std::string& url, const std::string& field, Findings& findings) {
    constexpr std::string_view kScheme = "rtsp://";
    if (!url.starts_with(kScheme) || url.size() == kScheme.size()) {
        return findings.error_at(field, "must be an RTSP address, such as \"rtsp://192.0.2.20:554/stream1\"");
    }
    const std::string_view rest = std::string_view{url}.substr(kScheme.size());
    const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
    if (authority.find('@') != std::string_view::npos) {
        findings.error_at(field, "holds credentials; move them to the recorder's username and password_file");
    }
    const bool is_plain =
        std::ranges::all_of(url, [](unsigned char letter) { return letter > 0x20 && letter != 0x7F; });
    if (!is_plain) findings.error_at(field, "holds a blank or control character; percent-encode it");
}

void check_generic_camera(const Camera& camera, const std::string& field, Findings& findings) {
    const auto wants = [&](StreamKind kind) {
        return std::ranges::find(camera.streams, kind) != camera.streams.end();
    };
    if (camera.is_pushed) {
        if (!camera.url.empty() || !camera.sub_url.empty())
            findings.error_at(field + ".pushed", "excludes an address; remove one of them");
        if (camera.streams != std::vector{StreamKind::main})
            findings.error_at(field + ".streams", "must be [\"main\"] with pushed = true");
        return;
    }
    if (wants(StreamKind::main) && camera.url.empty()) {
        findings.error_at(
            field + ".url", "is missing; give the camera's RTSP address, or set the recorder's vendor"
        );
    }
    if (wants(StreamKind::sub) && camera.sub_url.empty()) {
        findings.error_at(
            field + ".sub_url", "is missing; the sub stream of a plain RTSP camera needs its own address"
        );
    }
    if (!camera.url.empty()) check_url(camera.url, field + ".url", findings);
    if (!camera.sub_url.empty()) check_url(camera.sub_url, field + ".sub_url", findings);
}

void check_dahua_camera(const Camera& camera, const std::string& field, Findings& findings) {
    if (camera.is_pushed) findings.error_at(field + ".pushed", "needs a recorder of vendor \"generic\"");
    if (camera.channel < 1) findings.error_at(field + ".channel", "is missing; Dahua channels count from 1");
    if (!camera.url.empty() || !camera.sub_url.empty()) {
        findings.error_at(
            field + ".url", "can't stand beside vendor = \"dahua\", which builds it; remove one of them"
        );
    }
}

void check_recorder(const Recorder& recorder, const std::string& field, Findings& findings) {
    check_slug(recorder.slug, field + ".slug", findings);
    if (recorder.cameras.empty()) findings.warning_at(field, "has no cameras");
    if (recorder.vendor == Vendor::dahua && recorder.host.empty()) {
        findings.error_at(field + ".host", "is missing; vendor = \"dahua\" builds the addresses from it");
    }
    if (recorder.host.find_first_of("/@ ") != std::string::npos) {
        findings.error_at(field + ".host", "must be a bare host name or address");
    }
    if (recorder.username.empty() && !recorder.password.is_empty()) {
        findings.error_at(field + ".username", "is missing beside a password");
    }
    if (recorder.events && recorder.vendor != Vendor::dahua) {
        findings.error_at(field + ".events", "needs vendor = \"dahua\"; no other tells of itself yet");
    }
    const bool has_password =
        !recorder.password_place.file.empty() || !recorder.password_place.variable.empty();
    if (recorder.events && (recorder.username.empty() || !has_password)) {
        findings.error_at(
            field + ".events",
            "needs username and password_file or password_env of a user that may watch events"
        );
    }
    Once channels{findings};
    for (std::size_t i = 0; i < recorder.cameras.size(); ++i) {
        const Camera& camera = recorder.cameras[i];
        const std::string place = field + "." + at("cameras", i);
        check_slug(camera.slug, place + ".slug", findings);
        if (camera.name.empty())
            findings.error_at(place + ".name", "is missing; give the camera's official name");
        if (recorder.vendor == Vendor::dahua) {
            check_dahua_camera(camera, place, findings);
        } else {
            check_generic_camera(camera, place, findings);
        }
        if (camera.channel > 0)
            channels.check(std::to_string(camera.channel), place + ".channel", "is a channel");
    }
}

void check_api(const Api& api, Findings& findings) {
    if (!is_listen_address(api.listen)) {
        findings.error_at("api.listen", "must be ADDRESS:PORT, such as \"127.0.0.1:8080\" or \"[::1]:8080\"");
    }
    if (api.tls_certificate.empty() != api.tls_key.empty()) {
        findings.error_at("api.tls_certificate", "and api.tls_key belong together; set both or neither");
    }
    const bool is_local = api.listen.starts_with("127.") || api.listen.starts_with("[::1]");
    if (!is_local && api.tls_certificate.empty()) {
        findings.warning_at(
            "api.listen", "is reachable from other machines without TLS; set api.tls_certificate"
        );
    }
}

void check_storage(const Storage& storage, Findings& findings) {
    if (storage.volumes.empty()) findings.error_at("storage.volumes", "is empty; name at least one folder");
    Once paths{findings};
    for (std::size_t i = 0; i < storage.volumes.size(); ++i) {
        paths.check(storage.volumes[i].lexically_normal().string(), at("storage.volumes", i), "is");
    }
    if (storage.durability_window > storage.segment) {
        findings.error_at("storage.durability_window", "can't be longer than storage.segment");
    }
}

/// name+id+base64, where the id is the beginning of a hash over the rest (C2SP signed-note).
bool is_witness_key(std::string_view text) {
    constexpr std::uint8_t cosignature = 0x04;
    const std::size_t first = text.find('+');
    const std::size_t second = first == std::string_view::npos ? first : text.find('+', first + 1);
    if (first == 0 || second == std::string_view::npos) return false;
    const std::string_view name = text.substr(0, first);
    const auto key = from_base64(text.substr(second + 1));
    if (!key || key->size() != 33 || key->front() != cosignature) return false;
    Sha256 hash;
    hash.update(as_bytes(name));
    hash.update(as_bytes("\n"));
    hash.update(*key);
    return to_hex(ByteView{hash.digest()}.first(4)) == text.substr(first + 1, second - first - 1);
}

void check_ledger(const Ledger& ledger, Findings& findings) {
    Once names{findings};
    for (std::size_t i = 0; i < ledger.witnesses.size(); ++i) {
        const std::string& key = ledger.witnesses[i];
        const std::string field = at("ledger.witnesses", i);
        names.check(key, field, "is");
        if (!is_witness_key(key))
            findings.error_at(
                field,
                "is no verifier key of a witness; copy the line that `sluice ledger keygen --witness` prints"
            );
    }
}

constexpr std::array<std::string_view, 10> kRoles{
    "secretariat",
    "ethics",
    "level1",
    "director",
    "unit_head",
    "applicant",
    "guard",
    "auditor",
    "reviewer",
    "admin"
};

void check_audiences(
    const std::vector<std::string>& audiences,
    const std::string& field,
    Findings& findings
) {
    for (const std::string& audience : audiences)
        if (std::ranges::find(kRoles, audience) == kRoles.end())
            findings.error_at(field, "'" + audience + "' is no role, such as \"secretariat\" or \"ethics\"");
}

/// What goes out must not be read on the way: TLS, or no further than this machine.
bool is_private_address(std::string_view url, std::string_view plain, std::string_view secure) {
    if (url.starts_with(secure)) return url.size() > secure.size();
    if (!url.starts_with(plain)) return false;
    const std::string_view host = url.substr(plain.size());
    return std::ranges::any_of(std::array{"127.0.0.1", "[::1]", "localhost"}, [&](std::string_view local) {
        if (!host.starts_with(local)) return false;
        const std::string_view rest = host.substr(local.size());
        return rest.empty() || rest.front() == ':' || rest.front() == '/';
    });
}

/// Bare: local@domain without blanks, quotes, brackets or control characters, so that it can stand in a
/// header.
bool is_mail_address(std::string_view text) {
    const std::size_t at_sign = text.find('@');
    if (at_sign == std::string_view::npos || at_sign == 0 || at_sign + 1 == text.size() || text.size() > 254)
        return false;
    return std::ranges::all_of(
               text,
               [](char letter) {
                   return letter > ' ' && letter < '\x7f' && letter != '<' && letter != '>' &&
                          letter != '"' && letter != ',';
               }
           ) &&
           text.find('@', at_sign + 1) == std::string_view::npos;
}

void check_mail(const Mail& mail, Findings& findings) {
    if (mail.server.empty()) {
        if (!mail.recipients.empty())
            findings.error_at(
                "notify.mail.server", "is missing; name it, such as \"smtps://mail.example:465\""
            );
        return;
    }
    if (!mail.server.starts_with("smtp://") && !mail.server.starts_with("smtps://"))
        findings.error_at("notify.mail.server", "must begin with smtp:// (STARTTLS) or smtps://");
    if (!mail.needs_tls && !is_private_address(mail.server, "smtp://", "smtps://"))
        findings.error_at("notify.mail.needs_tls", "can be false only for a server on this machine");
    if (!is_mail_address(mail.from))
        findings.error_at("notify.mail.from", "must be an address such as cctv@example.org");
    if (mail.username.empty() != mail.password_file.empty())
        findings.error_at(
            "notify.mail.username", "and notify.mail.password_file belong together; set both or neither"
        );
    Once addresses{findings};
    for (std::size_t i = 0; i < mail.recipients.size(); ++i) {
        const std::string field = at("notify.mail.recipients", i);
        if (!is_mail_address(mail.recipients[i].address))
            findings.error_at(field + ".address", "must be an address such as office@example.org");
        addresses.check(mail.recipients[i].address, field + ".address", "is an address");
        check_audiences(mail.recipients[i].audiences, field + ".audiences", findings);
    }
}

void check_notify(const Notify& notify, Findings& findings) {
    check_mail(notify.mail, findings);
    Once names{findings};
    for (std::size_t i = 0; i < notify.webhooks.size(); ++i) {
        const Webhook& hook = notify.webhooks[i];
        const std::string field = at("notify.webhooks", i);
        check_slug(hook.name, field + ".name", findings);
        names.check(hook.name, field + ".name", "is a webhook's name");
        if (!is_private_address(hook.url, "http://", "https://"))
            findings.error_at(field + ".url", "must begin with https:// (http:// only to this machine)");
        if (hook.url.find('@') != std::string::npos)
            findings.error_at(field + ".url", "holds credentials; the signature takes their place");
        if (hook.secret_file.empty())
            findings.error_at(
                field + ".secret_file", "is missing; without a secret nobody can tell who sent it"
            );
        check_audiences(hook.audiences, field + ".audiences", findings);
    }
}

void check_huimin(const Huimin& huimin, Findings& findings) {
    for (std::size_t i = 0; i < huimin.allow_hosts.size(); ++i)
        if (!is_host_pattern(huimin.allow_hosts[i]))
            findings.error_at(
                at("huimin.allow_hosts", i),
                "must be a host's name, an address, or a network such as \"192.0.2.0/24\""
            );
    if (huimin.clip_bytes > huimin.spool_bytes)
        findings.error_at("huimin.clip", "can't be larger than huimin.spool, where clips are received");
}

}  // namespace

bool is_listen_address(std::string_view text) noexcept {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos || colon == 0) return false;
    const std::string_view host = text.substr(0, colon);
    const std::string_view port = text.substr(colon + 1);
    const bool is_v6 = host.front() == '[';
    const std::string bare{
        is_v6 ? host.substr(1, host.size() - std::min<std::size_t>(host.size(), 2)) : host
    };
    in6_addr address{};  // large enough for either family
    if (is_v6 != (host.back() == ']') || ::inet_pton(is_v6 ? AF_INET6 : AF_INET, bare.c_str(), &address) != 1)
        return false;
    unsigned value = 0;
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), value);
    return error == std::errc{} && end == port.data() + port.size() && value <= 65535;
}

void check_contact(const Contact& contact, const std::string& field, Findings& findings) {
    if (!contact.mail.empty() && !is_mail_address(contact.mail))
        findings.error_at(field + ".mail", "must be an address such as office@example.org");
}

void validate(const Config& config, Findings& findings) {
    if (!config.data.is_absolute()) findings.error_at("data", "must be an absolute path");
    check_api(config.api, findings);
    check_storage(config.storage, findings);
    check_ledger(config.ledger, findings);
    check_notify(config.notify, findings);
    check_huimin(config.huimin, findings);
    check_contact(config.contacts.primary, "contacts.primary", findings);
    check_contact(config.contacts.deputy, "contacts.deputy", findings);
    check_ups(config.ups, findings);
    check_flag_rules(config, findings);
    check_access(config.access, findings);
    if (config.recorders.empty()) findings.warning_at("recorders", "are missing: nothing will be recorded");
    Once recorders{findings};
    Once cameras{findings};
    Once streams{findings};
    for (std::size_t i = 0; i < config.recorders.size(); ++i) {
        const Recorder& recorder = config.recorders[i];
        const std::string field = at("recorders", i);
        check_recorder(recorder, field, findings);
        recorders.check(recorder.slug, field + ".slug", "is a recorder's slug");
        for (std::size_t j = 0; j < recorder.cameras.size(); ++j) {
            const std::string place = field + "." + at("cameras", j);
            const Camera& camera = recorder.cameras[j];
            cameras.check(camera.slug, place + ".slug", "is a camera's slug");
            streams.check(camera.url, place + ".url", "is an address");
            streams.check(camera.sub_url, place + ".sub_url", "is an address");
        }
    }
}

}  // namespace sluice::config::detail
