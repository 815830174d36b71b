#include "jobs/notice_keeper.hpp"

#include "config/base/log.hpp"
#include "jobs/notify/sender.hpp"
#include "storage/catalogue/calendar_repository.hpp"

namespace sluice::jobs {
namespace {

using namespace std::chrono_literals;

constexpr auto kSendEvery = 1s;
constexpr auto kCalendarEvery = 24h;
constexpr std::size_t kAtOnce = 20;

}  // namespace

Status NoticeKeeper::send_due(const Tools& tools, const std::stop_token& stop) {
    const config::Notify& notify = tools.config.notify;
    const auto filed = catalogue::file_deliveries(tools.pool, notify::targets_of(notify), tools.clock.now());
    if (!filed) return std::unexpected(filed.error());
    const auto due = catalogue::claim_deliveries(tools.pool, tools.clock.now(), kAtOnce);
    if (!due) return std::unexpected(due.error());
    for (const catalogue::Delivery& delivery : *due) {
        if (stop.stop_requested()) return {};  // what is left is tried again after its wait
        const auto sent = notify::send(notify, delivery, tools.clock.now());
        if (sent) {
            if (auto saved = catalogue::save_sent(tools.pool, delivery.id, tools.clock.now()); !saved)
                return saved;
            continue;
        }
        const bool is_dead = delivery.tries >= catalogue::kMostTries;
        (is_dead ? log::error : log::warn)(
            is_dead ? "notice_not_delivered" : "notice_delivery_failed",
            {{"channel", catalogue::to_string(delivery.channel)},
             {"target", delivery.target},
             {"delivery", to_string(delivery.id)},
             {"tries", delivery.tries},
             {"error", sent.error().describe()}}
        );
        const auto saved =
            catalogue::save_failed(tools.pool, delivery.id, sent.error().describe(), tools.clock.now());
        if (!saved) return saved;
    }
    return {};
}

Status NoticeKeeper::look_at_calendar(const Tools& tools) {
    const auto missing = catalogue::load_missing_years(tools.pool, tools.clock.now());
    if (!missing) return std::unexpected(missing.error());
    for (const int year : *missing)
        log::error(
            "calendar_missing",
            {{"year", year}, {"remedy", "import the office calendar of the year: sluice calendar import FILE"}
            }
        );
    return {};
}

Status NoticeKeeper::tick(const Tools& tools, const std::stop_token& stop) {
    const auto now = SteadyClock::now();
    if (now >= calendar_at_) {
        if (auto looked = look_at_calendar(tools); !looked) return looked;
        calendar_at_ = now + kCalendarEvery;
    }
    if (now < send_at_) return {};
    if (auto sent = send_due(tools, stop); !sent) return sent;
    send_at_ = SteadyClock::now() + kSendEvery;
    return {};
}

}  // namespace sluice::jobs
