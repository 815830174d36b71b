#include "daemon/recorder.hpp"

#include "config/base/files.hpp"
#include "config/base/log.hpp"
#include "config/load.hpp"
#include "daemon/volume_output.hpp"
#include "storage/catalogue/conninfo.hpp"
#include "storage/catalogue/inventory.hpp"

#include <algorithm>
#include <cstdlib>

#include <pthread.h>

namespace sluice::daemon {
namespace {

constexpr std::chrono::milliseconds kStopLimit{1500};
constexpr std::chrono::milliseconds kReloadLimit{3000};
constexpr std::int64_t kRecentSeconds = 3;  ///< long enough for a fragment of each camera

/// Waits until all have ended or the time is over.
bool await_end(const std::vector<StreamWorker*>& streams, std::chrono::milliseconds limit) {
    const Deadline until = std::chrono::steady_clock::now() + limit;
    const auto all_ended = [&] {
        return std::all_of(streams.begin(), streams.end(), [](const StreamWorker* stream) {
            return stream->has_ended();
        });
    };
    while (!all_ended() && std::chrono::steady_clock::now() < until)
        std::this_thread::sleep_for(std::chrono::milliseconds{10});
    return all_ended();
}

}  // namespace

std::string summarise(std::size_t added, std::size_t removed, std::size_t changed, bool needs_restart) {
    std::string text = std::to_string(added) + " streams added, " + std::to_string(removed) + " removed, " +
                       std::to_string(changed) + " changed";
    if (needs_restart) text += "; something outside the cameras changed and waits for a restart";
    return text;
}

Recorder::Recorder(
    RecorderOptions options,
    config::Config config,
    volume::DurableFiles& files,
    const Clock& clock
)
    : options_(std::move(options)),
      config_(std::move(config)),
      files_(files),
      clock_(clock),
      started_(clock.now()),
      window_(config_.storage.durability_window) {}

Recorder::~Recorder() = default;

Status Recorder::start() {
    auto installation = volume::ensure_installation(config_.data, clock_.now());
    if (!installation) return std::unexpected(installation.error());
    last_life_ = std::make_shared<const LastLifeRecord>(
        load_last_life(config_.storage.volumes, *installation, config_.data, clock_.now())
    );
    assign_ids(*installation, config_, clock_.now());
    installation->boot_id = read_boot_id();
    if (auto saved = volume::save_installation(config_.data, *installation); !saved) return saved;
    installation_.with([&](auto& kept) { kept = *installation; });

    FeedSettings feed{
        catalogue::conninfo_of(config_, "sluice_recorder"),
        installation->installation_id,
        installation->clean_mark,
        {}
    };
    feed.on_clean_mark = [this](const std::string& day) {
        installation_.with([&](auto& kept) { kept.clean_mark = day; });
        log_and_drop(save_state(), "the next start looks at a few days more");
    };
    feed_ = std::make_unique<CatalogueFeed>(std::move(feed), files_, clock_);
    start_volumes();
    journal(volume::Started{SLUICE_VERSION});
    journal(volume::ConfigLoaded{config::hash_files(options_.config_file), "start"});
    for (StreamSettings& settings : make_stream_settings(*installation, config_))
        start_stream(std::move(settings), std::nullopt);
    start_ups();
    feed_->set_inventory(catalogue::make_inventory(*installation, config_));
    feed_thread_ = std::jthread([this](const std::stop_token& stop) { feed_->run(stop); });
    pthread_setname_np(feed_thread_.native_handle(), "catalogue");
    log::info("recorder_started", {{"streams", streams_.size()}, {"volumes", volumes_.size()}});
    return {};
}

void Recorder::start_volumes() {
    for (const std::filesystem::path& path : config_.storage.volumes) {
        VolumeSettings settings;
        settings.root = path;
        installation_.with([&](const auto& kept) {
            settings.installation_id = kept.installation_id;
            if (const auto known = kept.volumes.find(path.string()); known != kept.volumes.end())
                settings.volume_id = known->second;
        });
        settings.durability_window = config_.storage.durability_window;
        settings.reserve_bytes = config_.storage.reserve_bytes;
        settings.reserve_percent = config_.storage.reserve_percent;
        VolumeThread volume;
        volume.worker = std::make_unique<VolumeWorker>(std::move(settings), files_, clock_, *feed_);
        volume.worker->look_at_volume();
        feed_->watch(*volume.worker);
        volumes_.push_back(std::move(volume));
    }
    remember_volumes();
    for (const VolumeThread& volume : volumes_)
        volume.worker->set_neighbours(workers());
    for (std::size_t i = 0; i < volumes_.size(); ++i) {
        VolumeWorker* worker = volumes_[i].worker.get();
        volumes_[i].thread = std::jthread([worker](const std::stop_token& stop) { worker->run(stop); });
        pthread_setname_np(volumes_[i].thread.native_handle(), ("volume-" + std::to_string(i)).c_str());
    }
}

void Recorder::start_ups() {
    // All of them before the first thread: take_power looks at each.
    for (const config::Ups& settings : config_.ups)
        ups_.push_back(
            {std::make_unique<ups::Monitor>(
                 settings, clock_, [this](const volume::PowerChanged& change) { take_power(change); }
             ),
             {}}
        );
    for (std::size_t i = 0; i < ups_.size(); ++i) {
        ups::Monitor* monitor = ups_[i].monitor.get();
        ups_[i].thread = std::jthread([monitor](const std::stop_token& stop) { monitor->run(stop); });
        pthread_setname_np(ups_[i].thread.native_handle(), ("ups-" + std::to_string(i)).c_str());
    }
}

void Recorder::take_power(const volume::PowerChanged& change) {
    journal(change);
    // Judged and told under one lock: of two UPS that change at once the volumes hear the later word last.
    window_.with([&](std::chrono::milliseconds& window) {
        const bool is_on_battery = std::ranges::any_of(ups_, [](const UpsThread& ups) {
            return ups.monitor->settings().feeds_recorder && ups.monitor->is_on_battery();
        });
        const config::Storage& storage = config_.storage;
        const auto wanted = is_on_battery
                                ? std::min(storage.durability_window, storage.durability_window_on_battery)
                                : storage.durability_window;
        if (std::exchange(window, wanted) == wanted) return;
        for (VolumeWorker* worker : workers())
            worker->post({Uuid{}, nullptr, ChangeWindow{wanted}});
        log::info("durability_window_changed", {{"window_ms", wanted.count()}});
    });
}

/// A volume's id, once seen at its path, is expected there from then on (I10).
void Recorder::remember_volumes() {
    installation_.with([&](auto& kept) {
        for (const VolumeThread& volume : volumes_) {
            const Uuid id = volume.worker->health().volume_id;
            if (id.is_nil()) continue;
            has_unsaved_volume_ |=
                kept.volumes.try_emplace(volume.worker->settings().root.string(), id).second;
        }
    });
    if (!has_unsaved_volume_) return;
    const Status saved = save_state();
    has_unsaved_volume_ = !saved;
    if (!saved) log_and_drop(saved, "tried again in a second");
}

/// The newest state and no other: copied under the same lock as it is written.
Status Recorder::save_state() {
    const std::lock_guard hold{saving_};
    const volume::Installation newest = installation_.with([](const auto& kept) { return kept; });
    return volume::save_installation(config_.data, newest);
}

void Recorder::start_stream(StreamSettings settings, std::optional<volume::GapOpened> carried) {
    StreamSurroundings surroundings;
    surroundings.make_source = options_.make_source;
    surroundings.output = std::make_unique<VolumeOutput>(
        settings.identity.stream_id, static_cast<std::size_t>(config_.storage.ring_bytes), workers()
    );
    surroundings.find_comeback = [this,
                                  carried = std::move(carried),
                                  roots = config_.storage.volumes,
                                  record = last_life_](const StreamIdentity& identity) {
        if (carried) return Comeback{{}, carried};
        const LastLife life{
            find_footage_end(roots, identity.camera_slug, identity.kind),
            record->last_alive,
            record->was_rebooted,
            clock_.now()
        };
        const auto known = record->histories.find(identity.stream_id);
        // Footage, but no word in the newest journals: the camera was not recorded for days.
        const StreamHistory history =
            known != record->histories.end() ? known->second
            : life.footage_end ? load_old_history(roots, identity.installation_id, identity.stream_id)
                               : StreamHistory{};
        return come_back(identity.stream_id, history, life, make_uuid_v7(clock_.now()));
    };
    streams_.push_back(std::make_unique<StreamWorker>(std::move(settings), std::move(surroundings), clock_));
    streams_.back()->start();
}

std::vector<VolumeWorker*> Recorder::workers() {
    std::vector<VolumeWorker*> workers;
    workers.reserve(volumes_.size());
    for (const VolumeThread& volume : volumes_)
        workers.push_back(volume.worker.get());
    return workers;
}

void Recorder::reload() {
    config::Loaded loaded = config::load(options_.config_file, config::Secrets::all);
    if (!loaded.is_usable()) {
        const auto first =
            std::find_if(loaded.problems.begin(), loaded.problems.end(), [](const config::Problem& problem) {
                return !problem.is_warning;
            });
        const std::string reason = first == loaded.problems.end() ? "unknown" : first->describe();
        log::error(
            "config_refused", {{"error", reason}, {"cure", "correct it and reload; the old one goes on"}}
        );
        journal(volume::Refused{"configuration", reason});
        return;
    }
    apply(loaded.config);
}

void Recorder::apply(const config::Config& fresh) {
    const config::CameraDifference difference = config::difference(config_, fresh);
    config_.recorders = fresh.recorders;  // the rest takes a restart
    const volume::Installation installation = installation_.with([&](auto& kept) {
        assign_ids(kept, config_, clock_.now());
        return kept;
    });
    if (auto saved = save_state(); !saved) {
        log::error("config_refused", {{"error", saved.error().describe()}});
        return;
    }
    std::vector<StreamSettings> wanted = make_stream_settings(installation, config_);
    const Ending ended = end_unwanted(wanted);
    const std::size_t kept = streams_.size();
    // A stream that comes back after it was removed finds its past in the journal as it is now.
    last_life_ = std::make_shared<const LastLifeRecord>(
        load_last_life(config_.storage.volumes, installation, config_.data, clock_.now())
    );
    start_missing(std::move(wanted), ended.carried);
    feed_->set_inventory(catalogue::make_inventory(installation, config_));
    const std::string summary = summarise(
        streams_.size() - kept - ended.changed, ended.removed, ended.changed, difference.needs_restart
    );
    journal(volume::ConfigLoaded{config::hash_files(options_.config_file), summary});
    log::info("config_loaded", {{"summary", summary}});
}

Recorder::Ending Recorder::end_unwanted(const std::vector<StreamSettings>& wanted) {
    Ending ended;
    std::vector<StreamWorker*> ending;
    for (const auto& stream : streams_) {
        const auto next = std::ranges::find(
            wanted,
            stream->settings().identity.stream_id,
            [](const StreamSettings& settings) { return settings.identity.stream_id; }
        );
        const bool is_removed = next == wanted.end();
        if (!is_removed && is_same(stream->settings(), *next)) continue;
        stream->request_stop(is_removed ? GapCause::disabled_by_operator : GapCause::maintenance);
        ++(is_removed ? ended.removed : ended.changed);
        ending.push_back(stream.get());
    }
    (void)await_end(ending, kReloadLimit);

    std::vector<std::unique_ptr<StreamWorker>> staying;
    for (auto& stream : streams_) {
        if (std::find(ending.begin(), ending.end(), stream.get()) == ending.end()) {
            staying.push_back(std::move(stream));
        } else if (!stream->has_ended()) {
            log::error("stream_hangs", {{"camera", stream->settings().identity.camera_slug}});
            if (const auto gap = stream->abandon())
                ended.carried.emplace(stream->settings().identity.stream_id, *gap);
            left_behind_.push_back(std::move(stream));
        } else if (const auto gap = stream->last_gap()) {
            ended.carried.emplace(stream->settings().identity.stream_id, *gap);
        }
    }
    streams_ = std::move(staying);
    return ended;
}

void Recorder::start_missing(
    std::vector<StreamSettings> wanted,
    const std::map<Uuid, volume::GapOpened>& carried
) {
    for (StreamSettings& settings : wanted) {
        const Uuid id = settings.identity.stream_id;
        const bool is_running = std::any_of(streams_.begin(), streams_.end(), [&](const auto& stream) {
            return stream->settings().identity.stream_id == id;
        });
        if (is_running) continue;
        const auto gap = carried.find(id);
        start_stream(std::move(settings), gap == carried.end() ? std::nullopt : std::optional{gap->second});
    }
}

void Recorder::journal(volume::JournalFact fact) {
    VolumeOutput{Uuid{}, 0, workers()}.journal(std::move(fact));
}

status::RecorderStatus Recorder::make_status() {
    const BootTime now = clock_.boot_now();
    status::RecorderStatus whole;
    whole.written = clock_.now();
    whole.started = started_;
    whole.pid = ::getpid();
    whole.version = SLUICE_VERSION;
    whole.installation_id = installation_.with([](const auto& kept) { return kept.installation_id; });
    whole.clock_synchronised = clock_.is_synchronised();
    const FeedHealth feed = feed_->health();
    whole.database_connected = feed.is_connected;
    whole.catalogue_backlog = feed.backlog;
    whole.durability_window_ms = static_cast<std::uint64_t>(window_.with([](std::chrono::milliseconds window
                                                                         ) { return window.count(); }));
    for (const UpsThread& ups : ups_)
        whole.ups.push_back(ups.monitor->status());
    for (const auto& stream : streams_)
        whole.streams.push_back(stream->status());
    for (const VolumeThread& volume : volumes_) {
        const VolumeHealth health = volume.worker->health();
        whole.write_lag_us = std::max(whole.write_lag_us, health.write_lag.get(now));
        whole.recent_write_lag_us =
            std::max(whole.recent_write_lag_us, health.write_lag.get(now, kRecentSeconds));
        whole.volumes.push_back(
            {volume.worker->settings().root,
             health.volume_id,
             health.is_writable,
             health.problem,
             health.space.total_bytes,
             health.space.free_bytes,
             health.longest_sync.get(now),
             health.longest_write.get(now)}
        );
    }
    return whole;
}

void Recorder::publish_status() {
    remember_volumes();
    std::erase_if(left_behind_, [](const auto& stream) { return stream->has_ended(); });
    const auto path = status::status_path(config_.data);
    std::error_code code;
    std::filesystem::create_directories(path.parent_path(), code);
    const Status written = replace_file_unsynced(path, status::to_json(make_status()), 0640);
    if (!written) log_and_drop(written, "written again in a second");
}

bool Recorder::stop() {
    for (UpsThread& ups : ups_)
        ups.thread.request_stop();
    for (UpsThread& ups : ups_)
        if (ups.thread.joinable()) ups.thread.join();
    std::vector<StreamWorker*> ending;
    for (const auto& stream : streams_) {
        stream->request_stop(GapCause::shutdown);
        ending.push_back(stream.get());
    }
    const bool all_ended = await_end(ending, kStopLimit) && left_behind_.empty();
    journal(volume::Stopped{all_ended});
    for (VolumeThread& volume : volumes_)
        volume.thread.request_stop();
    for (VolumeThread& volume : volumes_)
        if (volume.thread.joinable()) volume.thread.join();
    publish_status();
    feed_thread_.request_stop();
    if (feed_thread_.joinable()) feed_thread_.join();
    if (all_ended)
        for (const auto& stream : streams_)
            stream->join();
    log::info("recorder_stopped", {{"all_streams_ended", all_ended}});
    return all_ended;
}

}  // namespace sluice::daemon
