#pragma once

#include "jobs/controllers/watch.hpp"
#include "storage/access/card.hpp"
#include "tests/integration/doors_stage.hpp"
#include "tests/support/eventually.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

namespace sluice::test {

/// The API, a site with doors, and in this process the part of the worker that speaks with controllers.
/// The card of the tests is kCard.
struct ControllersStage : DoorsStage {
    static constexpr std::chrono::seconds kLimit{60};  ///< generous: a busy machine must not decide
    static constexpr const char* kCard = "8165538";

    explicit ControllersStage(const std::string& label) {
        start();
        furnish();
        static_cast<void>(made(
            "/v1/doors",
            {{"slug", "3f-main"},
             {"name", "三樓正門"},
             {"boundary", "section"},
             {"controller", "acs-1"},
             {"labels", {label}}},
            admin
        ));
        pauses.patience = {.answer = std::chrono::milliseconds{200}, .tries = 5};
        pauses.first = std::chrono::milliseconds{20};
        pauses.longest = std::chrono::milliseconds{200};
    }
    ~ControllersStage() {
        if (watch && !watch->stop(kLimit)) std::abort();
    }

    void follow() {
        watch = std::make_unique<controllers::Watch>(
            controllers::WatchSettings{
                .conninfo = database.conninfo("sluice_worker"),
                .key_file = access::card_key_file(data.path()),
                .access = access,
                .pauses = pauses
            },
            clock
        );
        watch->start();
    }
    void leave() {
        REQUIRE(watch->stop(kLimit));
        watch.reset();
    }
    [[nodiscard]] std::string query(const std::string& sql) const { return database.query(sql); }
    [[nodiscard]] bool await_query(const std::string& sql, const std::string& answer) const {
        return eventually(kLimit, [&] { return query(sql) == answer; });
    }
    /// Codes of what is stored, by the times of the events.
    [[nodiscard]] std::string codes() {
        std::string all;
        nlohmann::json items = got("/v1/access/events?limit=100", guard)["items"];
        std::ranges::reverse(items);
        for (const auto& item : items)
            all += (all.empty() ? "" : " ") + item["code"].get<std::string>();
        return all;
    }
    /// Whether the card's number stands anywhere where it must not.
    [[nodiscard]] bool shows_card() const {
        return query(
                   "SELECT (EXISTS (SELECT FROM access_events e WHERE e::text LIKE '%" + std::string{kCard} +
                   "%') OR EXISTS (SELECT FROM ledger_records r WHERE r::text LIKE '%" + kCard + "%'))::text"
               ) == "true";
    }

    config::Access access;
    controllers::uhppote::Pauses pauses;
    std::unique_ptr<controllers::Watch> watch;
};

}  // namespace sluice::test
