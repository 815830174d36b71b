#pragma once

#include "config/config.hpp"
#include "jobs/controllers/carrier.hpp"
#include "jobs/controllers/zkteco_http.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::controllers::zkteco {

/// Answers devices. Rows are stored before they are answered: what is not answered, the device sends again.
/// It is never told to do anything. Thread: any.
class Desk {
public:
    Desk(std::vector<config::DoorController> devices, std::shared_ptr<Carrier> carrier, const Clock& clock);

    /// Whether anybody of the configuration comes from this address.
    [[nodiscard]] bool expects(const std::string& host) const;
    /// The whole answer. Devices can't prove who they are: serial number and address both have to be those of
    /// one of the configuration.
    [[nodiscard]] std::string answer(const Request& request, std::string_view body, const std::string& host)
        const;

private:
    [[nodiscard]] const config::DoorController* find_device(std::string_view serial, const std::string& host)
        const;
    [[nodiscard]] std::string take_table(
        const config::DoorController& device,
        const Sender& sender,
        std::string_view table,
        std::string_view body
    ) const;

    std::vector<config::DoorController> devices_;
    std::shared_ptr<Carrier> carrier_;  ///< shared by all adapters
    const Clock& clock_;
};

}  // namespace sluice::controllers::zkteco
