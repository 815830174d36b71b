#include "config/detail/doors.hpp"

#include "config/detail/once.hpp"
#include "config/detail/validate.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include <arpa/inet.h>

namespace sluice::config::detail {
namespace {

constexpr std::size_t kLongestSource = 200;
constexpr std::size_t kLongestSerial = 32;

std::optional<DoorProtocol> protocol_from(std::string_view word) {
    if (word == "uhppote") return DoorProtocol::uhppote;
    if (word == "zkteco_push") return DoorProtocol::zkteco_push;
    return std::nullopt;
}

bool is_address(const std::string& text, int family) {
    in6_addr address{};  // large enough for either
    return ::inet_pton(family, text.c_str(), &address) == 1;
}

/// All addresses of a machine at once, or of a network.
bool is_everybody(std::string_view address) {
    return address == "0.0.0.0" || address == "255.255.255.255" || address == "::";
}

bool is_board_number(std::string_view serial) {
    std::uint32_t number = 0;
    const auto [end, code] = std::from_chars(serial.data(), serial.data() + serial.size(), number);
    return code == std::errc{} && end == serial.data() + serial.size() && number > 0 && serial.front() != '0';
}

bool is_device_number(std::string_view serial) {
    return !serial.empty() && serial.size() <= kLongestSerial && std::ranges::all_of(serial, [](char letter) {
        return (letter >= '0' && letter <= '9') || (letter >= 'A' && letter <= 'Z') ||
               (letter >= 'a' && letter <= 'z') || letter == '-' || letter == '_';
    });
}

void check_controller(const DoorController& controller, const std::string& field, Findings& findings) {
    const bool is_uhppote = controller.protocol == DoorProtocol::uhppote;
    const bool is_zkteco = controller.protocol == DoorProtocol::zkteco_push;
    if (!is_uhppote && !is_zkteco)
        findings.error_at(field + ".protocol", "is missing; write \"uhppote\" or \"zkteco_push\"");
    if (is_uhppote && !is_board_number(controller.serial))
        findings.error_at(
            field + ".serial", "must be the number on the board, such as \"405419896\", in quotation marks"
        );
    if (is_zkteco && !is_device_number(controller.serial))
        findings.error_at(
            field + ".serial",
            "must be the device's serial number: letters, digits and hyphens, at most 32 of them"
        );
    const bool is_good =
        is_address(controller.address, AF_INET) || (is_zkteco && is_address(controller.address, AF_INET6));
    if (!is_good || is_everybody(controller.address))
        findings.error_at(
            field + ".address",
            is_zkteco ? "must be the one address that the device comes from, such as \"192.0.2.31\""
                      : "must be the board's IPv4 address, such as \"192.0.2.30\"; a name is not looked up"
        );
}

/// Empty: nobody listens.
void check_listen(const std::string& listen, const std::string& field, Findings& findings) {
    if (listen.empty()) return;
    if (!is_listen_address(listen))
        return findings.error_at(field, "must be ADDRESS:PORT, such as \"192.0.2.5:8081\"");
    std::string_view host = std::string_view{listen}.substr(0, listen.rfind(':'));
    if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
    if (is_everybody(host))
        findings.error_at(
            field, "would listen on every network; write this machine's address in the doors' network"
        );
}

bool has_protocol(const Access& access, DoorProtocol protocol) {
    return std::ranges::find(access.controllers, protocol, &DoorController::protocol) !=
           access.controllers.end();
}

void check_listeners(const Access& access, Findings& findings) {
    check_listen(access.uhppote_listen, "access.uhppote_listen", findings);
    check_listen(access.zkteco_listen, "access.zkteco_listen", findings);
    if (access.uhppote_listen.starts_with('['))
        findings.error_at("access.uhppote_listen", "must be an IPv4 address; the boards know no other");
    if (!access.uhppote_listen.empty() && !has_protocol(access, DoorProtocol::uhppote))
        findings.warning_at(
            "access.uhppote_listen", "is for nobody: no controller has protocol = \"uhppote\""
        );
    const bool has_zkteco = has_protocol(access, DoorProtocol::zkteco_push);
    if (has_zkteco && access.zkteco_listen.empty())
        findings.error_at(
            "access.zkteco_listen",
            "is missing; a controller with protocol = \"zkteco_push\" speaks only to who listens"
        );
    if (!has_zkteco && !access.zkteco_listen.empty())
        findings.warning_at(
            "access.zkteco_listen", "is for nobody: no controller has protocol = \"zkteco_push\""
        );
}

}  // namespace

DoorController read_door_controller(
    const toml::table& table,
    const std::string& file,
    const std::string& path,
    Findings& findings
) {
    using std::chrono::milliseconds;
    DoorController controller;
    Section section{table, file, path, findings};
    section.text("source", controller.source);
    section.word("protocol", controller.protocol, protocol_from, "\"uhppote\", \"zkteco_push\"");
    section.text("serial", controller.serial);
    section.text("address", controller.address);
    section.integer("port", controller.port, 1, 65535);
    section.duration("poll", controller.poll, milliseconds{1000}, milliseconds{60'000});
    section.finish();
    return controller;
}

void check_access(const Access& access, Findings& findings) {
    Once names{findings};
    for (std::size_t i = 0; i < access.sources.size(); ++i) {
        const AccessSource& source = access.sources[i];
        const std::string field = at("access.sources", i);
        if (source.source.empty())
            findings.error_at(field + ".source", "is missing; write the source that its events carry");
        names.check(source.source, field + ".source", "is a source of events");
        if (source.secret_file.empty())
            findings.error_at(
                field + ".secret_file", "is missing; a source without one shows a token instead"
            );
    }
    Once serials{findings};
    for (std::size_t i = 0; i < access.controllers.size(); ++i) {
        const DoorController& controller = access.controllers[i];
        const std::string field = at("access.controllers", i);
        if (controller.source.empty() || controller.source.size() > kLongestSource)
            findings.error_at(
                field + ".source",
                "must be the source that the controller has in the inventory, such as \"/controllers/1f\""
            );
        names.check(controller.source, field + ".source", "is a source of events");
        serials.check(controller.serial, field + ".serial", "is a controller's number");
        check_controller(controller, field, findings);
    }
    check_listeners(access, findings);
}

}  // namespace sluice::config::detail
