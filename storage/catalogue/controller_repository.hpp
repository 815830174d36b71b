#pragma once

#include "config/base/time.hpp"
#include "storage/access/connection.hpp"
#include "storage/catalogue/pool.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// How far a controller's events have come, and how the connection with it is. Roles: worker; the API reads
/// the latter.
namespace sluice::catalogue {

/// The controller's event that was stored last.
struct ControllerMark {
    std::uint64_t index = 0;
    std::string event_id;
    friend bool operator==(const ControllerMark&, const ControllerMark&) = default;
};
struct ControllerState {
    std::optional<ControllerMark> mark;  ///< nullopt: nothing of it with a running number
    bool is_offline = false;             ///< its newest event says so
    friend bool operator==(const ControllerState&, const ControllerState&) = default;
};
/// Of `source`, whose batches came through an adapter called `actor`. By the order in which they were stored,
/// not by the controller's clock or its numbers, which may have begun anew.
[[nodiscard]] Result<ControllerState>
load_controller_state(Pool& pool, const std::string& source, const std::string& actor);

// ---- connections

/// What goes wrong between the worker and a controller.
enum class LinkTrouble : std::uint8_t {
    no_answer,
    unreachable,   ///< the network says so
    other_serial,  ///< another device speaks from its address
    unreadable,    ///< rows that nobody understands
};
[[nodiscard]] std::string_view to_string(LinkTrouble trouble) noexcept;

struct ControllerContact {
    std::string source;
    access::ContactFacts facts{};
    std::optional<LinkTrouble> trouble{};  ///< the last one, which may be over
    std::optional<UtcTime> trouble_at{};
};
/// One for each of `sources`, in any order. Those of nobody have never been heard.
[[nodiscard]] Result<std::vector<ControllerContact>>
load_contacts(Pool& pool, const std::vector<std::string>& sources);
[[nodiscard]] Status save_heard(Pool& pool, const std::string& source, UtcTime at);
[[nodiscard]] Status save_trouble(Pool& pool, const std::string& source, LinkTrouble trouble, UtcTime at);

}  // namespace sluice::catalogue
