#include "jobs/power.hpp"

#include <nlohmann/json.hpp>

namespace sluice::jobs {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

constexpr auto kEvery = 1s;
constexpr std::size_t kAtOnce = 100;

bool was_on_battery(const catalogue::PowerRow& change) {
    return change.before == PowerState::battery || change.before == PowerState::battery_low;
}

std::string source_of(const catalogue::PowerRow& change) {
    return "/installations/" + to_string(change.installation_id) + "/ups/" + change.ups;
}

std::string dump(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

void add(
    const catalogue::PowerRow& change,
    const PowerNews& news,
    UtcTime now,
    catalogue::PowerOutcome& outcome
) {
    const json facts{
        {"ups", change.ups},
        {"state", to_string(change.state)},
        {"words", change.detail},
        {"feeds_recorder", change.feeds_recorder},
        {"feeds_locks", change.feeds_locks}
    };
    access::Event event;
    event.source = source_of(change);
    event.id = to_string(change.id);
    event.code = news.code;
    event.device_time = change.at;
    event.received = now;
    event.data = dump(facts);
    if (news.incident) {
        json subject = facts;
        subject["at"] = to_rfc3339(change.at);
        subject["event"] = to_string(access::id_of(event.source, event.id));
        outcome.incidents.push_back(
            {.id = access::id_of(event.source, "incident/" + event.id),
             .kind = duty::IncidentKind::power,
             .opened = now,
             .cause = *news.incident,
             .subject = dump(subject),
             .actor = ledger::system_actor("sluice-worker")}
        );
    }
    outcome.events.push_back(std::move(event));
}

}  // namespace

std::optional<PowerNews> judge_power(const catalogue::PowerRow& change) {
    switch (change.state) {
        case PowerState::battery:
            if (was_on_battery(change)) return std::nullopt;
            return PowerNews{"power.on_battery", "the UPS " + change.ups + " runs on its battery"};
        case PowerState::battery_low:
            if (change.before == PowerState::battery_low) return std::nullopt;
            return PowerNews{
                "power.battery_low",
                "the battery of the UPS " + change.ups + " is nearly empty" +
                    (change.feeds_locks ? "; the magnetic locks that it feeds are about to open" : "")
            };
        case PowerState::mains:
            if (!was_on_battery(change)) return std::nullopt;
            return PowerNews{"power.restored", std::nullopt};
        case PowerState::unknown:
            return PowerNews{"power.unknown", std::nullopt};
    }
    return std::nullopt;
}

Status PowerKeeper::tick(const Tools& tools) {
    if (std::chrono::steady_clock::now() < due_) return {};
    const auto changes = catalogue::load_underived_power(tools.pool, kAtOnce);
    if (!changes) return std::unexpected(changes.error());
    if (!changes->empty()) {
        const UtcTime now = tools.clock.now();
        catalogue::PowerOutcome outcome;
        for (const catalogue::PowerRow& change : *changes) {
            outcome.changes.push_back(change.id);
            if (const auto news = judge_power(change)) add(change, *news, now, outcome);
        }
        if (auto saved = catalogue::save_power(tools.pool, outcome, now); !saved) return saved;
    }
    due_ = std::chrono::steady_clock::now() + (changes->size() == kAtOnce ? 0s : kEvery);
    return {};
}

}  // namespace sluice::jobs
