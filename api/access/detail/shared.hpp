#pragma once

#include "api/access/detail/hub.hpp"
#include "api/route.hpp"
#include "config/base/guarded.hpp"
#include "storage/access/card.hpp"
#include "storage/access/cloud_event.hpp"
#include "storage/catalogue/door_names.hpp"
#include "storage/catalogue/door_repository.hpp"

#include <atomic>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace sluice::api::access_detail {

/// What the routes share: made with them, gone with the last stream. Thread: any.
class Shared {
public:
    [[nodiscard]] Hub& hub() noexcept { return hub_; }
    /// Open ones.
    [[nodiscard]] std::atomic<std::size_t>& streams() noexcept { return streams_; }
    [[nodiscard]] std::expected<access::CardKey, http::Problem> card_key(const Call& call);
    /// Read again every second.
    [[nodiscard]] std::expected<std::shared_ptr<const catalogue::DoorNames>, http::Problem> names(
        const Call& call
    );

private:
    Hub hub_;
    std::atomic<std::size_t> streams_{0};
    struct Known {
        std::shared_ptr<const catalogue::DoorNames> names;  // shared with requests under way
        Deadline ask_again = Deadline::min();
    };
    Guarded<std::optional<access::CardKey>> key_;
    Guarded<Known> known_;
};

/// 401, unless the body is signed: Sluice-Signature is the HMAC-SHA-256 of Sluice-Timestamp, a point and the
/// body with the secret of Sluice-Source, and no older than five minutes. The source.
[[nodiscard]] std::expected<std::string, http::Problem> signed_source(const Call& call);

[[nodiscard]] Answer post_events(const Call& call, Shared& shared);
[[nodiscard]] Answer import_file(const Call& call, Shared& shared);
[[nodiscard]] Answer read_import(const Call& call);
[[nodiscard]] Answer list_events(const Call& call);
[[nodiscard]] Answer read_event(const Call& call);
[[nodiscard]] Answer event_footage(const Call& call);
[[nodiscard]] Answer list_alarms(const Call& call);
[[nodiscard]] Answer read_alarm(const Call& call);
[[nodiscard]] Answer alarm_footage(const Call& call);
[[nodiscard]] Answer acknowledge_alarm(const Call& call);
[[nodiscard]] Answer resolve_alarm(const Call& call);
[[nodiscard]] Answer weekly_report(const Call& call);
[[nodiscard]] Answer follow(const Call& call, const std::shared_ptr<Shared>& shared);

}  // namespace sluice::api::access_detail
