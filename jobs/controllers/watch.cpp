#include "jobs/controllers/watch.hpp"

#include "config/base/log.hpp"
#include "jobs/controllers/uhppote_listener.hpp"
#include "jobs/controllers/zkteco_adapter.hpp"

#include <algorithm>
#include <utility>

#include <pthread.h>

namespace sluice::controllers {
namespace {

using namespace std::chrono_literals;
using config::DoorProtocol;

constexpr auto kNap = 20ms;

std::vector<config::DoorController> with(const config::Access& access, DoorProtocol protocol) {
    std::vector<config::DoorController> found;
    std::ranges::copy_if(access.controllers, std::back_inserter(found), [&](const auto& controller) {
        return controller.protocol == protocol;
    });
    return found;
}

}  // namespace

Watch::Watch(WatchSettings settings, const Clock& clock)
    : settings_(std::move(settings)),
      clock_(clock),
      carrier_(std::make_shared<Carrier>(settings_.conninfo, settings_.key_file, clock)) {}

Watch::~Watch() {
    end();
}

void Watch::start() {
    begin();
}

void Watch::make_adapters() {
    const config::Access& access = settings_.access;
    std::vector<uhppote::BoardAdapter*> boards;
    for (config::DoorController& board : with(access, DoorProtocol::uhppote)) {
        auto adapter = std::make_unique<uhppote::BoardAdapter>(
            std::move(board), static_cast<unsigned>(boards.size()), settings_.pauses, carrier_, clock_
        );
        boards.push_back(adapter.get());
        adapters_.push_back(std::move(adapter));
    }
    if (!boards.empty() && !access.uhppote_listen.empty()) {
        auto listener = std::make_unique<uhppote::PushListener>(access.uhppote_listen, boards);
        uhppote_port_ = [heard = listener.get()] { return heard->port(); };
        adapters_.push_back(std::move(listener));
    }
    auto devices = with(access, DoorProtocol::zkteco_push);
    if (devices.empty()) return;
    auto listener = std::make_unique<zkteco::DeviceListener>(
        access.zkteco_listen, zkteco::Desk{std::move(devices), carrier_, clock_}, settings_.visit
    );
    zkteco_port_ = [heard = listener.get()] { return heard->port(); };
    adapters_.push_back(std::move(listener));
}

void Watch::begin() {
    make_adapters();
    for (const auto& adapter : adapters_) {
        ++running_;
        threads_.emplace_back([this, life = adapter.get()](const std::stop_token& stop) {
            life->run(stop);
            --running_;
        });
        ::pthread_setname_np(threads_.back().native_handle(), adapter->thread_name().c_str());
    }
}

void Watch::end() {
    for (std::jthread& thread : threads_)
        thread.request_stop();
    threads_.clear();
    zkteco_port_ = uhppote_port_ = {};
    adapters_.clear();
}

void Watch::reload(config::Access access) {
    if (access == settings_.access) return;
    end();
    settings_.access = std::move(access);
    begin();
    log::info("controller_watch_reloaded", {{"controllers", settings_.access.controllers.size()}});
}

bool Watch::stop(std::chrono::milliseconds limit) {
    const auto until = std::chrono::steady_clock::now() + limit;
    for (std::jthread& thread : threads_)
        thread.request_stop();
    while (running_ > 0 && std::chrono::steady_clock::now() < until)
        std::this_thread::sleep_for(kNap);
    if (running_ > 0) return false;
    end();
    return true;
}

std::uint16_t Watch::zkteco_port() const {
    return zkteco_port_ ? zkteco_port_() : std::uint16_t{0};
}

std::uint16_t Watch::uhppote_port() const {
    return uhppote_port_ ? uhppote_port_() : std::uint16_t{0};
}

}  // namespace sluice::controllers
