#include "api/services.hpp"

#include "config/base/log.hpp"
#include "storage/catalogue/footage_repository.hpp"
#include "storage/catalogue/principal_repository.hpp"
#include "storage/catalogue/session_repository.hpp"

#include <algorithm>

namespace sluice::api {
namespace {

constexpr auto kStatusFresh = std::chrono::milliseconds{500};
constexpr auto kVolumesFresh = std::chrono::seconds{5};
constexpr std::size_t kMostCameras = 4096;

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

const catalogue::StreamRow* CameraMap::Found::find(StreamKind kind) const {
    const auto found = std::ranges::find(streams, kind, &catalogue::StreamRow::kind);
    return found == streams.end() ? nullptr : &*found;
}

const catalogue::StreamRow* CameraMap::Found::find(const Uuid& stream_id) const {
    const auto found = std::ranges::find(streams, stream_id, &catalogue::StreamRow::id);
    return found == streams.end() ? nullptr : &*found;
}

Result<std::shared_ptr<const CameraMap::Found>>
CameraMap::find(catalogue::Pool& pool, const std::string& slug, std::chrono::milliseconds max_age) {
    const Deadline now = std::chrono::steady_clock::now();
    auto known = known_.with([&](const auto& cameras) -> std::shared_ptr<const Found> {
        const auto found = cameras.find(slug);
        return found == cameras.end() || found->second.asked + max_age <= now ? nullptr : found->second.found;
    });
    if (known) return known;
    auto asked = catalogue::find_camera_with_streams(pool, slug);
    if (!asked) return std::unexpected(asked.error());
    if (!*asked) return std::shared_ptr<const Found>{};
    auto found = std::make_shared<Found>(
        Found{.camera = std::move((*asked)->camera), .streams = std::move((*asked)->streams)}
    );
    known_.with([&](auto& cameras) {
        if (cameras.size() >= kMostCameras) cameras.clear();
        cameras.insert_or_assign(slug, Known{found, now});
    });
    return found;
}

void PolicySign::tell(bool is_bootstrap) {
    const bool is_news = told_.with([&](std::optional<bool>& told) {
        const bool differs = told != is_bootstrap;
        told = is_bootstrap;
        return differs;
    });
    if (!is_news) return;
    if (is_bootstrap)
        log::warn("policy", {{"policy", "bootstrap"}, {"detail", "articles not enforced"}});
    else
        log::info("policy", {{"policy", "articles"}, {"detail", "accounts exist; articles are enforced"}});
}

Services::Services(const config::Config& configured, std::string conninfo, const Clock& real_clock)
    : config(configured),
      clock(real_clock),
      database(std::move(conninfo), std::max(1U, configured.api.workers), real_clock),
      status(status::status_path(configured.data)),
      principals([this](const Sha256Digest& hash, UtcTime now) {
          return catalogue::find_by_token(database.pool(), hash, now);
      }),
      sessions([this](const Sha256Digest& hash, UtcTime now) {
          return catalogue::find_by_session(database.pool(), hash, now);
      }),
      started(real_clock.now()),
      live(real_clock) {}

}  // namespace sluice::api
