#pragma once

#include "api/counters.hpp"
#include "api/database.hpp"
#include "api/http/server.hpp"
#include "api/ledger_gate.hpp"
#include "config/base/time.hpp"
#include "storage/status/recorder_status.hpp"

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace sluice::api {

/// Writes Prometheus' text format 0.0.4.
class MetricsText {
public:
    using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;
    /// Begins a family; its samples follow.
    void family(std::string_view name, std::string_view type, std::string_view help);
    void sample(std::string_view name, Labels labels, double value);
    [[nodiscard]] const std::string& text() const noexcept { return text_; }

private:
    std::string text_;
};

struct MetricsInput {
    const status::RecorderStatus* recorder = nullptr;  ///< null: none was ever read
    RouteCounts routes;
    http::ServerCounters server;
    std::uint64_t password_checks = 0;
    DatabaseHealth database = DatabaseHealth::unreachable;
    CatalogueSigns catalogue;
    LedgerHealth ledger;
    std::optional<catalogue::BackupAge> backup;
    UtcTime started;
    UtcTime now;
};
/// Everything this service can say of itself and of the recorder. Pure.
[[nodiscard]] std::string to_metrics(const MetricsInput& input);

}  // namespace sluice::api
