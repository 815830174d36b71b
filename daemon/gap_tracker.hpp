#pragma once

#include "config/base/uuid.hpp"
#include "storage/mp4/types.hpp"
#include "storage/volume/journal.hpp"

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace sluice::daemon {

/// Where footage of one stream is missing and why (I15). From its first footage or first known trouble on, a
/// stream is at any moment covered or in exactly one gap with one cause; gaps follow each other without a
/// hole and never overlap. Pure: time comes from the caller, facts go to the journal through what is
/// returned.
class GapTracker {
public:
    using Facts = std::vector<volume::JournalFact>;
    enum class State { fresh, covered, in_gap };

    GapTracker(Uuid stream_id, std::function<Uuid()> make_id);

    /// Goes on with a gap that an earlier life of the recorder left open.
    void resume(volume::GapOpened gap);

    /// Footage ends at `at`, or a gap's cause changes there. A stream that never had footage has no gap for
    /// what belongs to every beginning (waiting_key_frame).
    [[nodiscard]] Facts open(UtcTime at, GapCause cause, std::string detail);
    /// Footage begins at `at`.
    [[nodiscard]] Facts close(UtcTime at);
    /// A gap that is known only when it is over.
    [[nodiscard]] Facts note(TimeRange range, GapCause cause, std::string detail);
    /// What was taken for footage in `range` is none after all: a gap for each stretch of it that is in no
    /// gap yet.
    [[nodiscard]] Facts retract(TimeRange range, GapCause cause, const std::string& detail);
    /// The host's clock was set: what follows may lie before what was.
    void forget_order() noexcept;

    [[nodiscard]] State state() const noexcept { return state_; }
    [[nodiscard]] const volume::GapOpened& gap() const noexcept { return gap_; }  ///< Pre: in_gap
    /// The whole stretch without footage that ended last, with the cause of its longest part; once.
    [[nodiscard]] std::optional<mp4::GapBefore> take_stretch();

private:
    void end_part(UtcTime at);
    void remember(TimeRange closed);
    void add_closed(Facts& facts, TimeRange range, GapCause cause, const std::string& detail);

    Uuid stream_id_;
    std::function<Uuid()> make_id_;
    State state_ = State::fresh;
    volume::GapOpened gap_;
    UtcTime last_change_;
    std::optional<mp4::GapBefore> stretch_;
    Microseconds longest_part_{-1};
    std::deque<TimeRange> closed_;  ///< the newest gaps, in the order of their ends
};

}  // namespace sluice::daemon
