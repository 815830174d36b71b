#pragma once

#include "config/base/guarded.hpp"
#include "config/base/time.hpp"
#include "config/config.hpp"
#include "daemon/ups/client.hpp"
#include "daemon/ups/track.hpp"
#include "storage/status/recorder_status.hpp"
#include "storage/volume/journal.hpp"

#include <functional>
#include <stop_token>

namespace sluice::ups {

/// Watches one UPS: asks it again and again and tells of each change. A UPS that can't be asked is unknown
/// and holds nothing up. status() and is_on_battery(): any thread.
class Monitor {
public:
    using OnChange = std::function<void(const volume::PowerChanged&)>;

    /// `on_change` is called on the thread of run(), after status() shows the new state.
    Monitor(config::Ups ups, const Clock& clock, OnChange on_change);

    /// Until told to stop, which takes a tenth of a second.
    void run(const std::stop_token& stop);

    [[nodiscard]] status::UpsStatus status() const;
    /// As last heard, also while it is silent. False before the first word.
    [[nodiscard]] bool is_on_battery() const;
    [[nodiscard]] const config::Ups& settings() const noexcept { return ups_; }

private:
    struct Known {
        status::UpsStatus status;
        bool is_on_battery = false;
    };
    void take(const Result<Reading>& reading);

    config::Ups ups_;
    const Clock& clock_;
    OnChange on_change_;
    Client client_;
    Track track_;
    Guarded<Known> known_;
};

}  // namespace sluice::ups
