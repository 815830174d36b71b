#include "jobs/controllers/carrier.hpp"

#include "config/base/log.hpp"
#include "storage/catalogue/access_repository.hpp"
#include "storage/catalogue/door_names.hpp"

#include <algorithm>
#include <iterator>

namespace sluice::controllers {
namespace {

constexpr std::size_t kConnections = 2;
constexpr std::size_t kAtOnce = 1000;  // events of one batch
constexpr std::chrono::seconds kNoteEvery{30};

bool is_due(const std::optional<std::chrono::steady_clock::time_point>& last) {
    return !last || std::chrono::steady_clock::now() - *last >= kNoteEvery;
}

std::string actor_name(const std::string& source) {
    return "adapter " + source;
}

void say_conflicts(
    const std::string& source,
    const std::vector<access::Event>& events,
    const catalogue::StoredEvents& stored
) {
    for (std::size_t i = 0; i < events.size(); ++i)
        if (stored.fates[i] == catalogue::EventFate::conflict)
            log::error(
                "controller_event_conflict",
                {{"source", source},
                 {"id", events[i].id},
                 {"remedy", "another event has this id, this one was not stored; look at the controller"}}
            );
}

}  // namespace

Carrier::Carrier(std::string conninfo, std::filesystem::path key_file, const Clock& clock)
    : pool_(std::move(conninfo), kConnections),
      key_file_(std::move(key_file)),
      clock_(clock) {}

Result<Sender> Carrier::find_sender(const std::string& source, const std::string& serial) {
    const auto key = access::load_or_make_card_key(key_file_);
    if (!key) return std::unexpected(key.error());
    const auto names = catalogue::load_door_names(pool_);
    if (!names) return std::unexpected(names.error());
    Sender sender{.source = source, .serial = serial, .key = *key};
    const auto known = std::ranges::find(names->controllers, source, &access::Controller::source);
    if (known != names->controllers.end()) {
        sender.clock = known->clock;
    } else if (unknown_.with([&](auto& said) { return said.insert(source).second; })) {
        log::warn(
            "controller_not_in_inventory",
            {{"source", source},
             {"remedy", "its events are stored, but nothing follows from them; give a controller this source"}
            }
        );
    }
    return sender;
}

Result<catalogue::ControllerState> Carrier::load_state(const std::string& source) {
    return catalogue::load_controller_state(pool_, source, actor_name(source));
}

Status Carrier::carry(const std::string& source, std::vector<access::Event> events) {
    if (events.empty()) return {};
    const auto names = catalogue::load_door_names(pool_);
    if (!names) return std::unexpected(names.error());
    for (access::Event& event : events)
        catalogue::resolve(*names, event);
    for (std::size_t at = 0; at < events.size(); at += kAtOnce) {
        const auto first = events.begin() + static_cast<std::ptrdiff_t>(at);
        const auto count = static_cast<std::ptrdiff_t>(std::min(kAtOnce, events.size() - at));
        std::vector<access::Event> some{
            std::make_move_iterator(first), std::make_move_iterator(first + count)
        };
        if (auto stored = carry_batch(source, some); !stored) return stored;
    }
    return {};
}

void Carrier::note_heard(const std::string& source) {
    const bool is_news = noted_.with([&](auto& noted) {
        Noted& last = noted[source];
        if (!is_due(last.heard) && !last.trouble) return false;
        last.heard = std::chrono::steady_clock::now();
        last.trouble.reset();
        return true;
    });
    if (is_news)
        log_and_drop(catalogue::save_heard(pool_, source, clock_.now()), "it is said again in half a minute");
}

void Carrier::note_trouble(const std::string& source, catalogue::LinkTrouble trouble) {
    const bool is_news = noted_.with([&](auto& noted) {
        Noted& last = noted[source];
        if (last.trouble == trouble && !is_due(last.troubled)) return false;
        last.troubled = std::chrono::steady_clock::now();
        last.trouble = trouble;
        return true;
    });
    if (is_news)
        log_and_drop(
            catalogue::save_trouble(pool_, source, trouble, clock_.now()), "it is said again in half a minute"
        );
}

Status Carrier::carry_batch(const std::string& source, const std::vector<access::Event>& events) {
    Status stored = store(source, events);
    if (stored || stored.error().remedy() != Remedy::refuse) return stored;
    // What is refused must not hold up what comes behind it: each by itself.
    for (const access::Event& event : events) {
        stored = store(source, {event});
        if (stored) continue;
        if (stored.error().remedy() != Remedy::refuse) return stored;
        log::error(
            "controller_event_given_up",
            {{"source", source},
             {"id", event.id},
             {"code", event.code},
             {"data", event.data},
             {"error", stored.error().describe()}}
        );
    }
    return {};
}

Status Carrier::store(const std::string& source, const std::vector<access::Event>& events) {
    const catalogue::EventBatch batch{
        .channel = catalogue::AccessChannel::adapter,
        .actor = {.id = std::nullopt, .name = actor_name(source), .role = "door_controller"},
        .events = events
    };
    const auto stored = catalogue::accept_events(pool_, batch, clock_.now());
    if (!stored) return std::unexpected(stored.error());
    say_conflicts(source, events, *stored);
    return {};
}

}  // namespace sluice::controllers
