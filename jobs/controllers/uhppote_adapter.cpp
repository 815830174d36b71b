#include "jobs/controllers/uhppote_adapter.hpp"

#include "config/base/log.hpp"
#include "jobs/controllers/uhppote_meaning.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace sluice::controllers::uhppote {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t kAtOnce = 200;         // events of a batch
constexpr unsigned kMostAsked = 1000;        // questions for one, where most are holes
constexpr const char* kUnheard = "unheard";  // label: it was the board, not the database

std::uint32_t number_of(const std::string& serial) {
    std::uint32_t number = 0;
    std::from_chars(serial.data(), serial.data() + serial.size(), number);
    return number;
}

/// Collects what is missing, and puts it before the event behind it.
class Holes {
public:
    Holes(const Sender& sender, UtcTime now, std::vector<access::Event>& events)
        : sender_(sender),
          now_(now),
          events_(events) {}

    void add(const Hole& hole) {
        if (open_ && open_->is_overwritten == hole.is_overwritten) {
            open_->to = hole.to;
            return;
        }
        close("");
        open_ = hole;
    }
    void close(const std::string& next) {
        if (open_) events_.push_back(to_event(*open_, next, sender_, now_));
        open_.reset();
    }

private:
    const Sender& sender_;
    UtcTime now_;
    std::vector<access::Event>& events_;
    std::optional<Hole> open_;
};

}  // namespace

BoardAdapter::BoardAdapter(
    config::DoorController board,
    unsigned number,
    Pauses pauses,
    std::shared_ptr<Carrier> carrier,
    const Clock& clock
)
    : board_(std::move(board)),
      serial_(number_of(board_.serial)),
      number_(number),
      pauses_(pauses),
      carrier_(std::move(carrier)),
      clock_(clock),
      client_(endpoint_of(board_.address, board_.port).value_or(Endpoint{}), serial_, pauses.patience) {}

void BoardAdapter::run(const std::stop_token& stop) {
    const std::stop_callback wake{stop, [this] { bell_.ring(); }};
    while (!stop.stop_requested()) {
        note(poll(stop));
        const auto pause =
            failures_ == 0 ? board_.poll
                           : std::min(pauses_.first * (1 << std::min(failures_ - 1, 10U)), pauses_.longest);
        if (!stop.stop_requested()) bell_.wait_until(SteadyClock::now() + pause);
    }
}

void BoardAdapter::note(const Status& polled) {
    if (polled) {
        if (std::exchange(failures_, 0U) > 0) log::info("controller_heard", {{"source", board_.source}});
        unheard_ = 0;
        carrier_->note_heard(board_.source);
        return;
    }
    if (polled.error().remedy() == Remedy::cancelled) return;
    if (++failures_ == 1)
        log::warn(
            "controller_not_followed",
            {{"source", board_.source}, {"error", polled.error().describe()}, {"remedy", "it is asked again"}}
        );
    if (polled.error().label() != kUnheard) return;
    carrier_->note_trouble(
        board_.source,
        polled.error().code() ? catalogue::LinkTrouble::unreachable : catalogue::LinkTrouble::no_answer
    );
    is_same_ = false;
    if (++unheard_ < pauses_.offline_after || !state_ || state_->is_offline) return;
    if (const Status told = tell("acs.controller_offline"); !told)
        log_and_drop(told, "it is told with the next poll that fails");
}

Status BoardAdapter::poll(const std::stop_token& stop) {
    if (!state_) {
        auto state = carrier_->load_state(board_.source);
        if (!state) return std::unexpected(state.error());
        state_ = std::move(*state);
        next_ = state_->mark ? state_->mark->index + 1 : 0;
        log::info("controller_followed", {{"source", board_.source}, {"from_index", next_}});
    }
    const auto newest = ask(kNewest, stop);
    if (!newest) return std::unexpected(newest.error());
    if (state_->is_offline)
        if (auto told = tell("acs.controller_online"); !told) return told;
    return fetch_until(newest->state == RecordState::there ? newest->index : 0, stop);
}

Status BoardAdapter::fetch_until(std::uint32_t newest, const std::stop_token& stop) {
    const bool has_mark = state_->mark.has_value();
    if (has_mark ? is_same_ && next_ == std::uint64_t{newest} + 1 : newest == 0) return {};
    const auto sender = carrier_->find_sender(board_.source, board_.serial);
    if (!sender) return std::unexpected(sender.error());
    const auto is_anew = has_begun_anew(newest, stop);
    if (!is_anew) return std::unexpected(is_anew.error());
    if (*is_anew) {
        const auto& mark = *state_->mark;
        log::warn("controller_numbers_anew", {{"source", board_.source}, {"after_index", mark.index}});
        auto told =
            carrier_->carry(board_.source, {begun_anew(mark.index, mark.event_id, *sender, clock_.now())});
        if (!told) return told;
        state_->mark.reset();
        next_ = 0;
    }
    is_same_ = true;
    if (next_ == 0 && newest > 0) {
        const auto first = ask(kFirst, stop);
        if (!first) return std::unexpected(first.error());
        next_ = first->state == RecordState::there ? first->index : 1;
    }
    while (next_ <= newest && newest > 0) {
        auto gathered = gather(newest, *sender, stop);
        if (!gathered) return std::unexpected(gathered.error());
        auto carried = carrier_->carry(board_.source, std::move(gathered->events));
        if (!carried) return carried;
        next_ = gathered->next;
        if (gathered->mark) state_->mark = std::move(gathered->mark);
    }
    return {};
}

/// A board whose memory was cleared, or another one in its place, counts from 1 again.
Result<bool> BoardAdapter::has_begun_anew(std::uint32_t newest, const std::stop_token& stop) {
    if (!state_->mark) return false;
    if (newest < state_->mark->index) return true;
    if (is_same_) return false;
    const auto known = ask(state_->mark->index, stop);
    if (!known) return std::unexpected(known.error());
    return known->state == RecordState::there && id_of(*known) != state_->mark->event_id;
}

Result<BoardAdapter::Gathered>
BoardAdapter::gather(std::uint32_t newest, const Sender& sender, const std::stop_token& stop) {
    Gathered gathered{.events = {}, .next = next_, .mark = {}};
    const UtcTime now = clock_.now();
    Holes holes{sender, now, gathered.events};
    for (unsigned i = 0; i < kMostAsked && gathered.next <= newest && gathered.events.size() < kAtOnce; ++i) {
        const auto record = ask(gathered.next, stop);
        // What has come so far is worth storing; the rest is asked for with the next poll.
        if (!record && !gathered.events.empty() && record.error().remedy() != Remedy::cancelled) break;
        if (!record) return std::unexpected(record.error());
        if (record->state != RecordState::there) {
            const auto end = end_of_hole(*record, newest, stop);
            if (!end) return std::unexpected(end.error());
            holes.add(
                {.from = record->index,
                 .to = static_cast<std::uint32_t>(*end),
                 .is_overwritten = record->state == RecordState::overwritten}
            );
            gathered.next = *end + 1;
            continue;
        }
        access::Event event = to_event(*record, sender, now);
        holes.close(event.id);
        gathered.mark = catalogue::ControllerMark{.index = record->index, .event_id = event.id};
        gathered.events.push_back(std::move(event));
        ++gathered.next;
    }
    holes.close("");
    return gathered;
}

/// The last number that is missing.
Result<std::uint64_t>
BoardAdapter::end_of_hole(const Record& missing, std::uint32_t newest, const std::stop_token& stop) {
    if (missing.state != RecordState::overwritten) return missing.index;
    const auto first = ask(kFirst, stop);
    if (!first) return std::unexpected(first.error());
    if (first->state != RecordState::there || first->index <= missing.index) return missing.index;
    return std::min<std::uint64_t>(first->index - 1, newest);
}

Result<Record> BoardAdapter::ask(std::uint64_t index, const std::stop_token& stop) {
    auto record = client_.ask_event(static_cast<std::uint32_t>(index), stop);
    if (record || record.error().remedy() == Remedy::cancelled) return record;
    const Error& error = record.error();
    return std::unexpected(Error{error.remedy(), error.code(), error.message(), kUnheard});
}

Status BoardAdapter::tell(std::string_view code) {
    const UtcTime now = clock_.now();
    access::Event event;
    event.source = board_.source;
    event.code = code;
    event.id = event.code + "/" + std::to_string(to_epoch_us(now));
    event.received = now;
    event.data = R"({"protocol":"uhppote"})";
    auto carried = carrier_->carry(board_.source, {std::move(event)});
    if (carried) state_->is_offline = code == "acs.controller_offline";
    return carried;
}

}  // namespace sluice::controllers::uhppote
