#include "daemon/volume_worker.hpp"

#include "config/base/log.hpp"

#include <algorithm>
#include <iterator>
#include <set>

namespace sluice::daemon {
namespace {

constexpr Microseconds kLook{2'000'000};
constexpr Microseconds kJournalPause{200'000};
constexpr int kSyncsAWindow = 10;  // at most
constexpr Microseconds kFirstSync{1'000'000};
constexpr std::size_t kJournalLimit =
    20'000;  // lines kept while no journal can be written; a day of much trouble
constexpr std::chrono::milliseconds kWait{100};

catalogue::OpenSegment to_open_segment(const segment::Writer& writer, const Uuid& volume_id) {
    const mp4::SegmentInfo& info = writer.info();
    const segment::Durable durable = writer.durable();
    catalogue::OpenSegment open;
    open.row.id = info.segment_id;
    open.row.stream_id = info.stream_id;
    open.row.run_id = info.run_id;
    open.row.volume_id = volume_id;
    open.row.sequence = info.sequence;
    open.row.state = catalogue::SegmentState::open;
    open.row.path = writer.part_path();
    open.row.range = {writer.from(), durable.to};
    open.row.bytes = durable.bytes;
    open.format = writer.format();
    return open;
}

}  // namespace

VolumeWorker::VolumeWorker(
    VolumeSettings settings,
    volume::DurableFiles& files,
    const Clock& clock,
    SegmentNews& news
)
    : settings_(std::move(settings)),
      files_(files),
      clock_(clock),
      news_(news),
      journal_(files, settings_.root),
      window_(settings_.durability_window) {
    health_.with([&](VolumeHealth& health) { health.volume_id = settings_.volume_id; });
}

void VolumeWorker::post(VolumeMessage message) {
    inbox_.notify([&](auto& inbox) { inbox.push_back(std::move(message)); });
}

template <class Call>
auto VolumeWorker::timed(WindowedMax VolumeHealth::* where, Call&& call) {
    const BootTime before = clock_.boot_now();
    auto result = call();
    const BootTime after = clock_.boot_now();
    health_.with([&](VolumeHealth& health) { (health.*where).add(after, (after - before).count()); });
    return result;
}

void VolumeWorker::run(const std::stop_token& stop) {
    while (true) {
        const bool was_stopping = stop.stop_requested();
        step();
        const bool is_idle = waiting_.empty();
        const bool has_more = inbox_.wait_until(
            std::chrono::steady_clock::now() +
                (was_stopping || !is_idle ? std::chrono::milliseconds{0} : kWait),
            [](const auto& inbox) { return !inbox.empty(); },
            [](const auto& inbox) { return !inbox.empty(); }
        );
        if (was_stopping && is_idle && !has_more) break;
    }
    journal_due_ = BootTime{};
    flush_journal();
}

void VolumeWorker::step() {
    if (clock_.boot_now() >= look_due_) look_at_volume();
    append_waiting();
    // Only as many as there are now: what comes meanwhile must not keep the syncs that are due from their
    // turn.
    for (std::size_t left = waiting_.size(); left > 0 && !waiting_.empty(); --left) {
        VolumeMessage message = std::move(waiting_.front());
        waiting_.pop_front();
        const bool flushes = std::holds_alternative<BeginSegment>(message.body) ||
                             std::holds_alternative<FinishSegment>(message.body);
        handle(std::move(message));
        if (flushes) append_waiting();
    }
    sync_due();
    flush_journal();
}

/// Takes the inbox in and writes each fragment that has nothing of its own stream before it. So a picture
/// waits for one flush of the disk, not for those of all cameras whose segments end with the same minute.
void VolumeWorker::append_waiting() {
    inbox_.with([&](auto& inbox) {
        std::ranges::move(inbox, std::back_inserter(waiting_));
        inbox.clear();
    });
    std::set<Uuid> behind;
    std::deque<VolumeMessage> rest;
    for (VolumeMessage& message : waiting_) {
        const bool is_first = !behind.contains(message.stream_id);
        if (is_first && std::holds_alternative<AppendFragment>(message.body)) {
            handle(std::move(message));
            continue;
        }
        behind.insert(message.stream_id);
        rest.push_back(std::move(message));
    }
    waiting_.swap(rest);
}

void VolumeWorker::handle(VolumeMessage message) {
    if (auto* fact = std::get_if<volume::JournalFact>(&message.body)) {
        if (lines_.size() < kJournalLimit) lines_.push_back({clock_.now(), std::move(*fact)});
    } else if (auto* begins = std::get_if<BeginSegment>(&message.body)) {
        begin(message, std::move(*begins));
    } else if (const auto* fragment = std::get_if<AppendFragment>(&message.body)) {
        append(message, *fragment);
        message.link->release(fragment->bytes);
    } else if (const auto* finishes = std::get_if<FinishSegment>(&message.body)) {
        finish(message.stream_id, finishes->to);
    } else if (const auto* change = std::get_if<ChangeWindow>(&message.body)) {
        change_window(change->window);
    }
}

void VolumeWorker::begin(const VolumeMessage& message, BeginSegment segment) {
    look_at_volume();  // I10: nothing is created where the identity is not the expected one
    const VolumeHealth now = health();
    if (!now.is_writable) {
        message.link->fail({segment.info.segment_id, segment.from, now.cause, now.problem, {}});
        return;
    }
    const auto before = last_.find(message.stream_id);
    if (before != last_.end() && before->second.run_id == segment.info.run_id &&
        before->second.sequence + 1 == segment.info.sequence)
        segment.info.previous_sha256 = before->second.sha256;
    const Uuid id = segment.info.segment_id;
    news_.on_begun(id);
    auto writer = timed(&VolumeHealth::longest_write, [&] {
        return segment::Writer::begin(
            files_, settings_.root, std::move(segment.info), std::move(segment.format), segment.from
        );
    });
    if (!writer) {
        const bool is_full = writer.error().label() == "disk_full";
        message.link->fail(
            {id,
             segment.from,
             is_full ? GapCause::disk_full : GapCause::volume_missing,
             writer.error().describe(),
             {}}
        );
        log::error(
            "segment_not_begun", {{"volume", settings_.root.string()}, {"error", writer.error().describe()}}
        );
        news_.on_left(id);
        if (writer.error().remedy() == Remedy::stop_volume) stop_volume(writer.error());
        return;
    }
    // The first sync comes soon, so that the row is there; the streams' places in the window are spread by
    // their ids.
    const Microseconds window{window_};
    const Microseconds spread = std::max(window - kFirstSync, Microseconds{1});
    const auto place = static_cast<std::int64_t>(
        std::hash<Uuid>{}(message.stream_id) % static_cast<std::uint64_t>(spread.count())
    );
    const BootTime first = clock_.boot_now() + std::min(window, kFirstSync + Microseconds{place});
    open_.insert_or_assign(
        message.stream_id, OpenFile{std::move(*writer), message.link, segment.from, first}
    );
}

void VolumeWorker::append(const VolumeMessage& message, const AppendFragment& fragment) {
    const auto found = open_.find(message.stream_id);
    if (found == open_.end()) return;  // its segment failed; the pipeline hears of it
    const Status written =
        timed(&VolumeHealth::longest_write, [&] { return found->second.writer.append(fragment.fragment); });
    const BootTime now = clock_.boot_now();
    health_.with([&](VolumeHealth& health) { health.write_lag.add(now, (now - fragment.closed).count()); });
    if (written) {
        found->second.written_until = fragment.end;
        return;
    }
    take_and_fail(found, written.error());
}

void VolumeWorker::finish(const Uuid& stream_id, UtcTime to) {
    const auto found = open_.find(stream_id);
    if (found == open_.end()) return;
    OpenFile file = std::move(found->second);
    open_.erase(found);
    auto finished = timed(&VolumeHealth::longest_sync, [&] { return file.writer.finish(to); });
    if (!finished) {
        fail(stream_id, std::move(file), finished.error());
        return;
    }
    last_[stream_id] = {finished->info.run_id, finished->info.sequence, finished->sha256};
    log::debug(
        "segment_finished",
        {{"camera", finished->info.camera_slug},
         {"segment", to_string(finished->info.segment_id)},
         {"run", to_string(finished->info.run_id)},
         {"bytes", finished->index.end_bytes}}
    );
    news_.on_finished(settings_.volume_id, std::move(*finished));
}

void VolumeWorker::change_window(std::chrono::milliseconds window) {
    const bool is_shorter = window < std::exchange(window_, window);
    if (!is_shorter) return;
    for (auto& [stream_id, file] : open_)
        file.next_sync = clock_.boot_now();
    journal_due_ = BootTime{};
}

void VolumeWorker::sync_due() {
    // What is due soon goes along: fewer flushes of the disk and fewer transactions, and nothing waits
    // longer.
    const BootTime now = clock_.boot_now();
    const bool is_due = std::any_of(open_.begin(), open_.end(), [&](const auto& file) {
        return file.second.next_sync <= now;
    });
    if (!is_due) return;
    const BootTime soon = now + Microseconds{window_} / kSyncsAWindow;
    std::vector<Uuid> streams;
    for (const auto& [stream_id, file] : open_)
        if (file.next_sync <= soon) streams.push_back(stream_id);
    for (const Uuid& stream_id : streams) {
        const auto found = open_.find(stream_id);
        if (found == open_.end()) continue;  // a write between two syncs has failed
        OpenFile& file = found->second;
        const Status synced = timed(&VolumeHealth::longest_sync, [&] { return file.writer.sync(); });
        file.next_sync = clock_.boot_now() + window_;
        if (!synced) take_and_fail(found, synced.error());
        append_waiting();
    }
    // Those that are still open were synced. What has failed was told as such: that it was durable must not
    // follow.
    std::vector<catalogue::OpenSegment> durable;
    for (const Uuid& stream_id : streams) {
        const auto found = open_.find(stream_id);
        if (found != open_.end() && found->second.writer.durable().bytes > 0)
            durable.push_back(to_open_segment(found->second.writer, settings_.volume_id));
    }
    if (!durable.empty()) news_.on_durable(std::move(durable));
}

void VolumeWorker::take_and_fail(std::map<Uuid, OpenFile>::iterator found, const Error& error) {
    const Uuid stream_id = found->first;
    OpenFile file = std::move(found->second);
    open_.erase(found);
    fail(stream_id, std::move(file), error);
}

/// I4: a failed write or sync is final for the file. It becomes .suspect and the stream begins another.
void VolumeWorker::fail(const Uuid& stream_id, OpenFile file, const Error& error) {
    const mp4::SegmentInfo& info = file.writer.info();
    log::error(
        "segment_failed",
        {{"camera", info.camera_slug},
         {"segment", to_string(info.segment_id)},
         {"volume", settings_.root.string()},
         {"error", error.describe()}}
    );
    last_.erase(stream_id);
    SegmentFailure failure{
        info.segment_id, file.written_until, GapCause::volume_missing, error.describe(), {}
    };
    if (error.label() == "disk_full") failure.cause = GapCause::disk_full;
    // A .part that stays is adopted later and may hold footage; a .suspect is not trusted (I4).
    const auto given_up = file.writer.give_up();
    if (given_up) {
        failure.doubtful = {file.writer.from(), file.written_until};
        news_.on_suspect(info.segment_id, *given_up);
    } else {
        news_.on_left(info.segment_id);
    }
    file.link->fail(std::move(failure));
    if (error.remedy() == Remedy::stop_volume) {
        stop_volume(error);
    } else if (!given_up && given_up.error().remedy() == Remedy::stop_volume) {
        stop_volume(given_up.error());
    }
    look_due_ = BootTime{};  // the disk may be full or gone
}

/// I5: what a folder holds after a failed sync of it can't be known, so nothing more is put there.
void VolumeWorker::stop_volume(const Error& error) {
    is_stopped_ = true;
    set_problem(
        GapCause::volume_missing, "stopped after a failed sync of a folder: " + error.describe(), false
    );
    leave_all(GapCause::volume_missing, "the volume was stopped: " + error.describe(), false);
}

void VolumeWorker::leave_all(GapCause cause, const std::string& detail, bool finish_files) {
    std::map<Uuid, OpenFile> files;
    std::vector<Uuid> left;
    files.swap(open_);
    for (auto& [stream_id, file] : files) {
        const Uuid id = file.writer.info().segment_id;
        file.link->fail({id, file.written_until, cause, detail, {}});
        if (finish_files) {
            auto finished = file.writer.finish(file.written_until);
            if (finished) {
                last_[stream_id] = {finished->info.run_id, finished->info.sequence, finished->sha256};
                news_.on_finished(settings_.volume_id, std::move(*finished));
                continue;
            }
            log_and_drop(std::unexpected(finished.error()), "the .part stays for adoption");
        }
        left.push_back(id);
    }
    files.clear();  // closed before somebody may adopt them
    for (const Uuid& id : left)
        news_.on_left(id);
}

void VolumeWorker::look_at_volume() {
    look_due_ = clock_.boot_now() + kLook;
    if (is_stopped_) return;
    const auto identity =
        volume::check_volume(settings_.root, settings_.installation_id, settings_.volume_id);
    if (!identity) {
        set_problem(GapCause::volume_missing, identity.error().describe(), false);
        leave_all(GapCause::volume_missing, identity.error().describe(), false);
        return;
    }
    settings_.volume_id = identity->volume_id;
    const auto space = volume::read_space(settings_.root);
    if (!space) {
        set_problem(GapCause::volume_missing, space.error().describe(), true);
        return;
    }
    const std::uint64_t reserve =
        volume::reserve_bytes(*space, settings_.reserve_bytes, settings_.reserve_percent);
    is_low_ =
        space->free_bytes < reserve + (is_low_ ? reserve / 16 : 0);  // I11; resumes with a little more room
    health_.with([&](VolumeHealth& health) {
        health.volume_id = settings_.volume_id;
        health.space = *space;
    });
    if (is_low_) {
        const std::string detail = "less than " + std::to_string(reserve) + " bytes are free";
        set_problem(GapCause::disk_full, detail, true);
        leave_all(GapCause::disk_full, detail, true);
        return;
    }
    const bool was_writable = health_.with([](VolumeHealth& health) {
        health.can_journal = true;
        health.problem.clear();
        return std::exchange(health.is_writable, true);
    });
    if (!was_writable) log::info("volume_writable", {{"volume", settings_.root.string()}});
}

void VolumeWorker::set_problem(GapCause cause, std::string problem, bool can_journal) {
    const bool is_news = health_.with([&](VolumeHealth& health) {
        const bool changes = health.is_writable || health.cause != cause || health.problem.empty();
        health.is_writable = false;
        health.can_journal = can_journal;
        health.cause = cause;
        health.problem = problem;
        return changes;
    });
    if (is_news)
        log::error(
            "volume_problem",
            {{"volume", settings_.root.string()}, {"cause", to_string(cause)}, {"error", problem}}
        );
}

/// What happened must be told even if this volume never comes back (I15).
void VolumeWorker::hand_on_lines() {
    const auto other = std::ranges::find_if(neighbours_, [](const VolumeWorker* worker) {
        return worker->health().can_journal;
    });
    if (other == neighbours_.end()) return;
    for (volume::JournalLine& line : lines_)
        (*other)->post({Uuid{}, nullptr, std::move(line.fact)});
    lines_.clear();
}

void VolumeWorker::flush_journal() {
    if (lines_.empty() || clock_.boot_now() < journal_due_) return;
    const bool may_write = health_.with([](const VolumeHealth& health) { return health.can_journal; });
    if (!may_write) {
        hand_on_lines();
        return;
    }
    journal_due_ = clock_.boot_now() + kJournalPause;
    const Status written = timed(&VolumeHealth::longest_sync, [&] { return journal_.append(lines_); });
    if (written) {
        lines_.clear();
        news_.on_journal();
        return;
    }
    log::error(
        "journal_failed", {{"volume", settings_.root.string()}, {"error", written.error().describe()}}
    );
    journal_due_ =
        clock_.boot_now() + kLook;  // its facts are idempotent: the same lines once more do no harm
    if (written.error().remedy() == Remedy::stop_volume) stop_volume(written.error());
}

}  // namespace sluice::daemon
