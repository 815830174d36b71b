#include "storage/check/scrub.hpp"

#include "storage/check/detail/judge.hpp"
#include "storage/check/detail/originals.hpp"
#include "storage/check/pace.hpp"
#include "storage/volume/volume.hpp"

#include <algorithm>
#include <deque>
#include <iterator>
#include <thread>
#include <utility>

namespace sluice::check {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::uint64_t kLeastPace = 1U << 20U;
constexpr std::size_t kPage = 4000;  // rows of an hour: each page looks through its whole day
constexpr std::chrono::hours kWindow{1};
constexpr std::chrono::milliseconds kNap{100};
constexpr std::chrono::seconds kSaveEvery{10};

class Scrub {
public:
    Scrub(
        catalogue::Pool& pool,
        const Volume& volume,
        const Clock& clock,
        Observer& observer,
        catalogue::ScrubCycle cycle
    )
        : pool_(pool),
          volume_(volume),
          clock_(clock),
          observer_(observer),
          cycle_(cycle),
          reader_(pool, volume),
          judge_(pool, volume, settings_, clock),
          originals_(pool, volume, settings_, clock) {}

    Result<catalogue::ScrubCycle> run() {
        const auto span = catalogue::find_footage_span(pool_);
        if (!span) return std::unexpected(span.error());
        if (const auto space = volume::read_space(volume_.root))
            used_bytes_ = space->total_bytes - std::min(space->free_bytes, space->total_bytes);
        if (*span) {
            // By the hour, because the catalogue has no order of its own over all streams.
            UtcTime at = std::max((*span)->from, cycle_.position_from);
            for (at = std::chrono::floor<std::chrono::hours>(at); at < cycle_.began; at += kWindow)
                if (auto done = read_window({at, std::min(at + kWindow, cycle_.began)}); !done)
                    return give_up(done.error());
        }
        cycle_.ended = std::max(clock_.now(), cycle_.began);
        if (auto saved = catalogue::save_scrub_cycle(pool_, cycle_); !saved)
            return std::unexpected(saved.error());
        return cycle_;
    }

private:
    /// Where it stands is kept also when it is stopped; if the database does not take it, a little is read
    /// again.
    Result<catalogue::ScrubCycle> give_up(const Error& error) {
        if (error.remedy() == Remedy::cancelled)
            log_and_drop(
                catalogue::save_scrub_cycle(pool_, cycle_), "the scrub goes on from an earlier place"
            );
        return std::unexpected(error);
    }

    Status read_window(TimeRange window) {
        if (auto loaded = load_originals(window); !loaded) return loaded;
        for (;;) {
            const auto rows = catalogue::load_finished_on_volume(
                pool_, volume_.id, window, cycle_.position_from, cycle_.position_id, kPage
            );
            if (!rows) return std::unexpected(rows.error());
            for (const catalogue::SegmentRow& row : *rows) {
                if (auto done = read_originals({row.range.from, row.id}); !done) return done;
                if (auto done = read_row(row); !done) return done;
            }
            if (rows->size() == kPage) continue;
            if (auto done = read_originals({UtcTime::max(), {}}); !done) return done;
            return keep_pace(0);
        }
    }

    // ---- received files, in the order of all: by time and id, so that one place says what was read

    using Position = std::pair<UtcTime, Uuid>;

    Status load_originals(TimeRange window) {
        auto rows = catalogue::load_originals_on_volume(pool_, volume_.id, window);
        if (!rows) return std::unexpected(rows.error());
        waiting_.assign(std::move_iterator{rows->begin()}, std::move_iterator{rows->end()});
        std::erase_if(waiting_, [this](const catalogue::OriginalRow& row) {
            return Position{row.range.from, row.clip_id} <=
                   Position{cycle_.position_from, cycle_.position_id};
        });
        return {};
    }

    Status read_originals(const Position& before) {
        while (!waiting_.empty()) {
            const catalogue::OriginalRow& row = waiting_.front();
            if (Position{row.range.from, row.clip_id} >= before) return {};
            if (auto done = read_original(row); !done) return done;
            waiting_.pop_front();
        }
        return {};
    }

    Status read_original(const catalogue::OriginalRow& row) {
        progress_.place = volume_.root.string() + " " + to_rfc3339(row.range.from);
        Status paced;
        auto examined = originals_.examine(row, pacing(paced));
        if (!paced) return paced;
        if (!examined) return std::unexpected(examined.error());
        for (const Finding& finding : *examined) {
            if (auto marked = originals_.mark(finding); !marked) return marked;
            observer_.found(finding);
            ++cycle_.damaged;
        }
        return passed(row.range.from, row.clip_id);
    }

    // ---- segments

    /// Keeps the pace after each piece; `paced` says why it stopped.
    MayGoOn pacing(Status& paced) {
        return [this, &paced](std::uint64_t bytes) {
            cycle_.bytes += bytes;
            paced = keep_pace(bytes);
            return paced.has_value();
        };
    }

    Status passed(UtcTime from, const Uuid& id) {
        ++progress_.files;
        cycle_.position_from = from;
        cycle_.position_id = id;
        if (SteadyClock::now() - saved_ < kSaveEvery) return {};
        saved_ = SteadyClock::now();
        return catalogue::save_scrub_cycle(pool_, cycle_);
    }

    Status read_row(const catalogue::SegmentRow& row) {
        progress_.place = volume_.root.string() + " " + to_rfc3339(row.range.from);
        Status paced;
        auto examined = reader_.examine_row(row, pacing(paced));
        if (!paced) return paced;
        if (!examined) return std::unexpected(examined.error());
        if (*examined) {
            for (Finding& finding : (*examined)->findings)
                if (auto told = tell(finding); !told) return told;
        } else if (auto told = tell_missing(row); !told) {
            return told;
        }
        ++cycle_.segments;
        return passed(row.range.from, row.id);
    }

    Status tell(Finding& finding) {
        finding.volume = volume_.root;
        if (auto marked = judge_.mark(finding); !marked) return marked;
        observer_.found(finding);
        ++cycle_.damaged;
        return {};
    }

    Status tell_missing(const catalogue::SegmentRow& row) {
        Finding missing;
        missing.kind = FindingKind::row_without_file;
        missing.path = row.path.string();
        missing.segment_id = row.id;
        missing.from = row.range.from;
        missing.to = row.range.to;
        auto settled = judge_.settle(std::move(missing));
        if (!settled) return std::unexpected(settled.error());
        return *settled ? tell(**settled) : Status{};
    }

    Status keep_pace(std::uint64_t bytes) {
        read_ += bytes;
        progress_.bytes = cycle_.bytes;
        progress_.total_bytes = std::max(used_bytes_, cycle_.bytes);
        const std::uint64_t pace =
            scrub_pace(used_bytes_ - std::min(used_bytes_, cycle_.bytes), cycle_.began, clock_.now());
        for (std::uint64_t told = bytes;; told = 0) {
            if (!observer_.advance(progress_, told))
                return failure(Remedy::cancelled, "the scrub was stopped", "stopped");
            const auto elapsed = std::chrono::duration_cast<Microseconds>(SteadyClock::now() - started_);
            const auto wait = wait_for_pace(read_, pace, elapsed);
            if (wait.count() <= 0) return {};
            std::this_thread::sleep_for(std::min<Microseconds>(wait, kNap));
        }
    }

    catalogue::Pool& pool_;
    const Volume& volume_;
    const Clock& clock_;
    Observer& observer_;
    catalogue::ScrubCycle cycle_;
    Settings settings_{.depth = Depth::hashes};
    detail::ByteReader reader_;
    detail::Judge judge_;
    detail::OriginalsJudge originals_;
    std::deque<catalogue::OriginalRow> waiting_;  ///< of the window
    Progress progress_;
    std::uint64_t used_bytes_ = 0;
    std::uint64_t read_ = 0;
    SteadyClock::time_point started_ = SteadyClock::now();
    SteadyClock::time_point saved_ = SteadyClock::now();
};

}  // namespace

bool is_scrub_due(const std::optional<catalogue::ScrubCycle>& cycle, UtcTime now) noexcept {
    if (!cycle || !cycle->ended) return true;
    // A clock that ran back must not put it off for longer than a cycle.
    return now - cycle->began >= kScrubCycle || now < cycle->began;
}

std::uint64_t scrub_pace(std::uint64_t left_bytes, UtcTime began, UtcTime now) noexcept {
    // A tenth of the cycle is kept back: for what is written meanwhile, and for days on which nothing could
    // be read.
    const Microseconds length = Microseconds{kScrubCycle} * 9 / 10;
    const Microseconds left = length - (now - began);
    const auto seconds = std::chrono::floor<std::chrono::seconds>(std::min(left, length)).count();
    if (seconds <= 0) return 0;
    return std::max(kLeastPace, left_bytes / static_cast<std::uint64_t>(seconds));
}

Result<catalogue::ScrubCycle>
scrub(catalogue::Pool& pool, const Volume& volume, const Clock& clock, Observer& observer) {
    auto found = catalogue::find_scrub_cycle(pool, volume.id);
    if (!found) return std::unexpected(found.error());
    const UtcTime now = clock.now();
    if (!is_scrub_due(*found, now)) return **found;
    catalogue::ScrubCycle cycle;
    cycle.volume_id = volume.id;
    cycle.began = now;
    if (*found && !(*found)->ended)
        cycle = **found;
    else if (*found)
        cycle.last_ended = (*found)->ended;
    if (auto saved = catalogue::save_scrub_cycle(pool, cycle); !saved) return std::unexpected(saved.error());
    return Scrub{pool, volume, clock, observer, cycle}.run();
}

}  // namespace sluice::check
