#pragma once

#include "config/base/uuid.hpp"

#include <optional>
#include <string>

/// The audit log: what somebody did, as records that nobody can change unnoticed.
namespace sluice::ledger {

/// Who acts. Without an id it is a program of ours acting by itself.
struct Actor {
    std::optional<Uuid> id;  ///< of a principal
    std::string name;        ///< as it is called now: a record is read long after the row has changed
    std::string role;        ///< the one it acted in

    friend bool operator==(const Actor&, const Actor&) = default;
};

/// A program by itself: `program` is "sluice-worker", "sluice-recorder" or "sluice-api".
[[nodiscard]] inline Actor system_actor(std::string program) {
    return {.id = std::nullopt, .name = std::move(program), .role = "system"};
}

/// What it was done to: kind "hold", "clip", "camera", "policy", …, and whatever names one of the kind.
struct ActSubject {
    std::string kind;
    std::string id;

    friend bool operator==(const ActSubject&, const ActSubject&) = default;
};

/// One act. It becomes a record in the transaction that carries it out (catalogue::append_record).
struct Act {
    std::string action;  ///< kind and past participle: "hold.placed", "purge.refused", "clip.opened"
    Actor actor;
    ActSubject subject;
    /// A JSON object: from → to, reason, evidence. Strings, whole numbers below 2^53, booleans, null, lists
    /// and objects; a fraction is refused (write it as text), as is a number that a double can't hold.
    std::string facts = "{}";
    std::optional<std::string> policy_version{};  ///< the one it was judged by
};

}  // namespace sluice::ledger
