#pragma once

#include "storage/access/event.hpp"
#include "storage/access/event_csv.hpp"
#include "storage/access/inventory.hpp"
#include "storage/catalogue/pool.hpp"

#include <map>
#include <string>
#include <vector>

namespace sluice::catalogue {

/// What senders call doors and readers, and what these are to us.
struct DoorNames {
    std::map<std::string, std::string> doors;  ///< slug, name and labels → slug
    struct Reader {
        std::string door;
        access::Direction direction = access::Direction::unknown;
    };
    std::map<std::string, Reader> readers;  ///< slug, name and labels
    std::vector<access::Controller> controllers;
};
/// A slug is above what others call their door. Without retired controllers.
[[nodiscard]] Result<DoorNames> load_door_names(Pool& pool);

/// Door and direction by what the inventory calls them; what nobody knows stays as it was sent.
void resolve(const DoorNames& names, access::Event& event);

/// Who sends a file of this controller's events.
[[nodiscard]] access::CsvSender csv_sender(const access::Controller& controller, const DoorNames& names);

}  // namespace sluice::catalogue
