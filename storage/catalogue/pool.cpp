#include "storage/catalogue/pool.hpp"

#include "config/base/guarded.hpp"
#include "storage/catalogue/detail/connection.hpp"

#include <chrono>
#include <optional>
#include <utility>
#include <vector>

namespace sluice::catalogue {

namespace {

constexpr std::chrono::seconds kWait{5};

}  // namespace

struct Pool::State {
    struct Slots {
        std::vector<std::unique_ptr<Connection>> idle;
        std::size_t lent = 0;
    };
    std::string conninfo;
    std::size_t size;
    Guarded<Slots> slots;

    // A connection, null for "open one", or nothing when all were lent for the whole wait.
    std::optional<std::unique_ptr<Connection>> borrow() {
        std::optional<std::unique_ptr<Connection>> borrowed;
        slots.wait_until(
            std::chrono::steady_clock::now() + kWait,
            [this](const Slots& now) { return now.lent < size; },
            [&](Slots& now) {
                if (now.lent >= size) return;
                ++now.lent;
                borrowed.emplace();
                while (!now.idle.empty() && !*borrowed) {
                    if (now.idle.back()->looks_alive()) *borrowed = std::move(now.idle.back());
                    now.idle.pop_back();
                }
            }
        );
        return borrowed;
    }

    void give_back(std::unique_ptr<Connection> connection, bool is_usable) {
        slots.notify([&](Slots& now) {
            --now.lent;
            if (is_usable && connection) now.idle.push_back(std::move(connection));
        });
    }
};

Pool::Pool(std::string conninfo, std::size_t size)
    : state_(std::make_unique<State>(std::move(conninfo), size == 0 ? 1 : size)) {}
Pool::~Pool() = default;

Status Pool::with(const std::function<Status(Connection&)>& use) {
    auto connection = state_->borrow();
    if (!connection) return failure(Remedy::retry, "database: all connections are busy", "pool_busy");
    bool is_usable = false;
    Status status = detail::catch_database_errors(
        [&]() -> Status {
            if (!*connection) *connection = std::make_unique<Connection>(state_->conninfo);
            return use(**connection);
        },
        is_usable
    );
    state_->give_back(std::move(*connection), is_usable);
    return status;
}

}  // namespace sluice::catalogue
