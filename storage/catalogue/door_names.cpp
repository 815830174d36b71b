#include "storage/catalogue/door_names.hpp"

#include "storage/catalogue/door_repository.hpp"

#include <utility>

namespace sluice::catalogue {

Result<DoorNames> load_door_names(Pool& pool) {
    DoorNames names;
    const auto doors = load_doors(pool);
    if (!doors) return std::unexpected(doors.error());
    for (const auto& row : *doors)
        for (const std::string& label : row.door.labels)
            names.doors.try_emplace(label, row.door.slug);
    for (const auto& row : *doors) {
        names.doors.try_emplace(row.door.name, row.door.slug);
        names.doors[row.door.slug] = row.door.slug;
    }
    const auto readers = load_readers(pool);
    if (!readers) return std::unexpected(readers.error());
    for (const auto& row : *readers) {
        const auto direction = row.reader.side == access::ReaderSide::in    ? access::Direction::in
                               : row.reader.side == access::ReaderSide::out ? access::Direction::out
                                                                            : access::Direction::unknown;
        const DoorNames::Reader reader{row.door_slug, direction};
        for (const std::string& label : row.reader.labels)
            names.readers.try_emplace(label, reader);
        names.readers.try_emplace(row.reader.name, reader);
        names.readers[row.reader.slug] = reader;
    }
    auto controllers = load_controllers(pool);
    if (!controllers) return std::unexpected(controllers.error());
    for (auto& row : *controllers)
        if (row.controller.state != access::InventoryState::retired)
            names.controllers.push_back(std::move(row.controller));
    return names;
}

void resolve(const DoorNames& names, access::Event& event) {
    if (const auto door = names.doors.find(event.door); door != names.doors.end()) event.door = door->second;
    const auto reader = names.readers.find(event.reader);
    if (reader == names.readers.end()) return;
    if (event.door.empty()) event.door = reader->second.door;
    if (event.direction == access::Direction::unknown) event.direction = reader->second.direction;
}

access::CsvSender csv_sender(const access::Controller& controller, const DoorNames& names) {
    access::CsvSender sender = access::csv_sender(controller);
    sender.doors = names.doors;
    for (const auto& [name, reader] : names.readers)
        sender.readers.emplace(name, reader.direction);
    return sender;
}

}  // namespace sluice::catalogue
