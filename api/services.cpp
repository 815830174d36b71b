#include "api/services.hpp"

#include "storage/catalogue/footage_repository.hpp"
#include "storage/catalogue/principal_repository.hpp"

#include <algorithm>

namespace sluice::api {
namespace {

constexpr auto kStatusFresh = std::chrono::milliseconds{500};
constexpr auto kVolumesFresh = std::chrono::seconds{5};

}  // namespace

std::shared_ptr<const status::RecorderStatus> StatusReader::read() {
    const Deadline now = std::chrono::steady_clock::now();
    const auto known =
        state_.with([&](State& state) -> std::optional<std::shared_ptr<const status::RecorderStatus>> {
            if (now < state.read_again) return state.status;
            return std::nullopt;
        });
    if (known) return *known;
    auto loaded = status::load(file_);
    return state_.with([&](State& state) {
        state.read_again = now + kStatusFresh;
        if (loaded) state.status = std::make_shared<const status::RecorderStatus>(std::move(*loaded));
        return state.status;
    });
}

Result<clip::VolumePaths> VolumeMap::load(catalogue::Pool& pool) {
    const Deadline now = std::chrono::steady_clock::now();
    auto known = state_.with([&](State& state) -> std::optional<clip::VolumePaths> {
        if (now < state.load_again) return state.paths;
        return std::nullopt;
    });
    if (known) return std::move(*known);
    const auto rows = catalogue::load_volumes(pool);
    if (!rows) return std::unexpected(rows.error());
    clip::VolumePaths paths;
    for (const auto& row : *rows)
        paths.emplace(row.id, row.path);
    state_.with([&](State& state) { state = {paths, now + kVolumesFresh}; });
    return paths;
}

Services::Services(const config::Config& configured, std::string conninfo, const Clock& real_clock)
    : config(configured),
      clock(real_clock),
      database(std::move(conninfo), std::max(1U, configured.api.workers)),
      status(status::status_path(configured.data)),
      principals([this](const Sha256Digest& hash, UtcTime now) {
          return catalogue::find_by_token(database.pool(), hash, now);
      }),
      started(real_clock.now()) {}

}  // namespace sluice::api
