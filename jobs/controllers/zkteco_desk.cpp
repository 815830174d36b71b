#include "jobs/controllers/zkteco_desk.hpp"

#include "config/base/log.hpp"
#include "jobs/controllers/sockets.hpp"
#include "jobs/controllers/zkteco_message.hpp"

#include <algorithm>

#include <fmt/core.h>

namespace sluice::controllers::zkteco {
namespace {

// What access devices want to know first: events at once, and of everything else nothing.
constexpr std::string_view kAccessOptions =
    "ServerVersion=3.1.2\nServerName=Sluice\nPushProtVer=3.1.2\nErrorDelay=30\nRequestDelay=10\n"
    "TransTimes=00:00\nTransInterval=1\nTransTables=Transaction\nRealtime=1\nTimeoutSec=10\n";
// And attendance devices: from the first row on. What was stored already is stored once.
constexpr std::string_view kAttendanceOptions =
    "ATTLOGStamp=None\nOPERLOGStamp=9999\nATTPHOTOStamp=9999\nErrorDelay=30\nDelay=10\nTransTimes=00:00\n"
    "TransInterval=1\nTransFlag=TransData AttLog\nRealtime=1\nEncrypt=None\n";

/// It will ask or send again.
std::string unavailable(const config::DoorController& device, const Error& error) {
    log::warn("controller_put_off", {{"source", device.source}, {"error", error.describe()}});
    return to_answer(503, "ERROR\n");
}

/// Of its serial number and our key, so that it is the same the next time. Nothing rests on it.
std::string registry_code(const Sender& sender) {
    return sender.key.veil("registry " + sender.serial).substr(std::string_view{"hmac:"}.size());
}

std::string options(const Request& request, const std::string& code) {
    if (request.parameter("options") != "all") return to_answer(200, "OK\n");
    if (request.parameter("pushver").starts_with('3') || request.parameter("devicetype") == "acc")
        return to_answer(200, fmt::format("registry=ok\nRegistryCode={}\n{}", code, kAccessOptions));
    return to_answer(
        200, fmt::format("GET OPTION FROM: {}\n{}", request.parameter("sn"), kAttendanceOptions)
    );
}

}  // namespace

Desk::Desk(std::vector<config::DoorController> devices, std::shared_ptr<Carrier> carrier, const Clock& clock)
    : devices_(std::move(devices)),
      carrier_(std::move(carrier)),
      clock_(clock) {}

bool Desk::expects(const std::string& host) const {
    return std::ranges::any_of(devices_, [&](const config::DoorController& device) {
        return is_same_host(device.address, host);
    });
}

const config::DoorController* Desk::find_device(std::string_view serial, const std::string& host) const {
    const auto found = std::ranges::find(devices_, serial, &config::DoorController::serial);
    return found == devices_.end() || !is_same_host(found->address, host) ? nullptr : &*found;
}

std::string Desk::answer(const Request& request, std::string_view body, const std::string& host) const {
    const config::DoorController* device = find_device(request.parameter("sn"), host);
    if (device == nullptr) {
        log::warn(
            "controller_unknown",
            {{"address", host},
             {"remedy", "a device with another serial number speaks from here; write it in access.controllers"
             }}
        );
        for (const config::DoorController& expected : devices_)
            if (is_same_host(expected.address, host))
                carrier_->note_trouble(expected.source, catalogue::LinkTrouble::other_serial);
        return to_answer(403, "ERROR\n");
    }
    carrier_->note_heard(device->source);
    const bool is_post = request.method == "POST";
    const bool is_register = request.path == "/iclock/registry" && is_post;
    if (request.path == "/iclock/cdata" || is_register) {
        const auto sender = carrier_->find_sender(device->source, device->serial);
        if (!sender) return unavailable(*device, sender.error());
        if (is_register) return to_answer(200, "RegistryCode=" + registry_code(*sender) + "\n");
        return is_post ? take_table(*device, *sender, request.parameter("table"), body)
                       : options(request, registry_code(*sender));
    }
    if (request.path == "/iclock/push") return to_answer(200, kAccessOptions);
    for (const std::string_view known : {"/iclock/getrequest", "/iclock/ping", "/iclock/devicecmd"})
        if (request.path == known) return to_answer(200, "OK\n");
    return to_answer(404, "ERROR\n");
}

std::string Desk::take_table(
    const config::DoorController& device,
    const Sender& sender,
    std::string_view table,
    std::string_view body
) const {
    if (!has_events(table)) return to_answer(200, "OK\n");
    Rows rows = read_rows(body, sender, clock_.now());
    if (rows.is_too_long) return to_answer(413, "ERROR\n");
    if (rows.unreadable > 0) {
        log::warn("controller_rows_unreadable", {{"source", device.source}, {"rows", rows.unreadable}});
        carrier_->note_trouble(device.source, catalogue::LinkTrouble::unreadable);
    }
    const std::size_t count = rows.events.size();
    if (auto carried = carrier_->carry(device.source, std::move(rows.events)); !carried)
        return unavailable(device, carried.error());
    return to_answer(200, fmt::format("OK: {}\n", count));
}

}  // namespace sluice::controllers::zkteco
