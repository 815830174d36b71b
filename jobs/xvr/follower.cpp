#include "jobs/xvr/follower.hpp"

#include "config/base/log.hpp"
#include "config/base/wait.hpp"
#include "config/load.hpp"
#include "jobs/xvr/meaning.hpp"
#include "jobs/xvr/rules.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace sluice::xvr {
namespace {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;

constexpr auto kSayHeard = 10s;  // how old "last heard" may be in the catalogue

struct Looked {
    Look look;
    bool is_refused = false;

    [[nodiscard]] bool is_whole() const { return look.clock && !look.titles.empty(); }
    [[nodiscard]] std::chrono::milliseconds pause(const Pauses& pauses) const {
        if (is_whole()) return pauses.look;
        return is_refused ? pauses.refused : pauses.look_again;
    }
};

Looked look_at(
    const std::shared_ptr<const config::Recorder>& recorder,
    const Pauses& pauses,
    const Clock& clock,
    const std::stop_token& stop
) {
    Looked looked{.look = {.recorder = recorder, .clock = {}, .titles = {}, .pictures = {}}};
    Look& look = looked.look;
    const auto door = open_door(*recorder);
    if (!door) return looked;  // the follower says so
    const UtcTime asked = clock.now();
    const auto time = fetch(*door, "/cgi-bin/global.cgi?action=getCurrentTime", {}, stop);
    const UtcTime answered = clock.now();
    if (const auto shown = time ? read_current_time(*time) : std::unexpected(time.error()))
        look.clock = to_reading(*shown, asked, answered);
    looked.is_refused = !time && time.error().label() == to_string(End::refused);
    if (looked.is_refused) return looked;  // each wrong password more may lock the account
    const auto titles =
        fetch(*door, "/cgi-bin/configManager.cgi?action=getConfig&name=ChannelTitle", {}, stop);
    if (const auto shown = titles ? read_titles(*titles) : std::unexpected(titles.error()))
        look.titles = compare_titles(*recorder, *shown, clock.now());
    // One that answers nothing would hold up the others for each of its channels.
    if (look.clock || !look.titles.empty())
        look.pictures = ask_pictures(*door, *recorder, pauses.pictures, clock, stop);
    return looked;
}

}  // namespace

std::chrono::milliseconds pause_after(End end, unsigned failures, const Pauses& pauses) noexcept {
    if (end == End::refused) return pauses.refused;
    return std::min(pauses.first * (1 << std::min(failures > 0 ? failures - 1 : 0, 10U)), pauses.longest);
}

Result<Door> open_door(const config::Recorder& recorder) {
    auto password = config::load_password(recorder.password_place);
    if (!password) return std::unexpected(password.error());
    return Door{
        .host = recorder.host,
        .port = recorder.http_port,
        .username = recorder.username,
        .password = std::move(*password),
    };
}

Follower::Follower(
    std::shared_ptr<const config::Recorder> recorder,
    Pauses pauses,
    std::shared_ptr<Inbox> inbox,
    const Clock& clock
)
    : recorder_(std::move(recorder)),
      pauses_(pauses),
      inbox_(std::move(inbox)),
      clock_(clock) {}

void Follower::run(const std::stop_token& stop) {
    inbox_->change_link(recorder_->slug, [&](catalogue::RecorderLinkRow& link) {
        link.state = "connecting";
        link.since = clock_.now();
        link.problem.clear();
    });
    while (!stop.stop_requested()) {
        is_connected_ = had_part_ = false;
        const Ending ending = follow_once(stop);
        if (ending.end == End::stopped) break;
        failures_ = had_part_ ? 1 : failures_ + 1;
        on_end(ending);
        wait_unless_stopped(stop, pause_after(ending.end, failures_, pauses_));
    }
    inbox_->change_link(recorder_->slug, [&](catalogue::RecorderLinkRow& link) {
        link.state = "off";
        link.since = clock_.now();
        link.problem.clear();
    });
}

Ending Follower::follow_once(const std::stop_token& stop) {
    connection_ = to_string(make_uuid_v7(clock_.now()));
    number_ = 0;
    const auto door = open_door(*recorder_);
    if (!door) return {End::refused, "the password " + door.error().describe()};
    const Listener listener{
        .on_connected = [this] { on_connected(); },
        .on_part = [this](const Part& part) { on_part(part); },
        .on_given_up = [this](std::uint64_t count
                       ) { inbox_->change_link(recorder_->slug, [&](auto& link) { link.unread += count; }); },
    };
    return follow(*door, pauses_.silence, listener, stop);
}

void Follower::on_connected() {
    const UtcTime now = clock_.now();
    is_connected_ = true;
    said_heard_ = now;
    log::info("recorder_events_followed", {{"recorder", recorder_->slug}});
    inbox_->change_link(recorder_->slug, [&](catalogue::RecorderLinkRow& link) {
        link.state = "connected";
        link.since = link.heard.emplace(now);
        link.problem.clear();
    });
    if (deaf_since_) say_gap(now);
    deaf_since_.reset();
}

void Follower::on_part(const Part& part) {
    const UtcTime now = clock_.now();
    had_part_ = true;
    std::uint64_t ignored = 0;
    for (const RawEvent& raw : part.events) {
        if (std::ranges::find(recorder_->ignored_events, raw.code) != recorder_->ignored_events.end()) {
            ++ignored;
            continue;
        }
        const bool has_room =
            inbox_->add(Pending{recorder_, to_event(*recorder_, raw, next_id(), now), begins(raw)});
        if (!has_room && !deaf_since_) {
            deaf_since_ = now;
            deaf_because_ = "no room for events while the database was away";
        }
        if (has_room && deaf_since_) {
            say_gap(now);
            deaf_since_.reset();
        }
    }
    if (ignored == 0 && part.unreadable == 0 && now - said_heard_ < kSayHeard) return;
    said_heard_ = now;
    inbox_->change_link(recorder_->slug, [&](catalogue::RecorderLinkRow& link) {
        link.heard = now;
        link.ignored += ignored;
        link.unread += part.unreadable;
    });
}

void Follower::on_end(const Ending& ending) {
    const UtcTime now = clock_.now();
    bool is_news = false;
    inbox_->change_link(recorder_->slug, [&](catalogue::RecorderLinkRow& link) {
        is_news = is_connected_ || link.problem != ending.problem;
        if (is_news) link.since = now;
        link.state = to_string(ending.end);
        link.problem = ending.problem;
    });
    if (!deaf_since_) {
        deaf_since_ = now;
        deaf_because_ = ending.problem;
    }
    if (!is_news) return;  // said once, not at each attempt
    const bool needs_somebody = ending.end == End::refused || ending.end == End::no_stream;
    (needs_somebody ? log::error : log::warn)(
        "recorder_events_lost",
        {{"recorder", recorder_->slug}, {"state", to_string(ending.end)}, {"error", ending.problem}}
    );
}

void Follower::say_gap(UtcTime until) {
    access::Event gap;
    gap.source = source_of(recorder_->slug);
    gap.id = next_id();
    gap.code = "recorder.gap";
    gap.received = until;
    gap.data = nlohmann::json{
        {"recorder", recorder_->slug},
        {"from", to_rfc3339(*deaf_since_)},
        {"to", to_rfc3339(until)},
        {"cause", deaf_because_}
    }.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    inbox_->add(Pending{recorder_, std::move(gap), true});
}

std::string Follower::next_id() {
    return connection_ + "/" + std::to_string(++number_);
}

void look_after(
    const std::vector<std::shared_ptr<const config::Recorder>>& recorders,
    const Pauses& pauses,
    const std::shared_ptr<Inbox>& inbox,
    const Clock& clock,
    const std::stop_token& stop
) {
    std::vector<SteadyClock::time_point> due(recorders.size(), SteadyClock::now());
    std::vector<bool> is_said(recorders.size(), false);  // that it can't be asked
    while (!stop.stop_requested() && !recorders.empty()) {
        const auto next = std::ranges::min_element(due);
        if (!wait_unless_stopped(stop, *next - SteadyClock::now())) return;
        const auto place = static_cast<std::size_t>(next - due.begin());
        Looked looked = look_at(recorders[place], pauses, clock, stop);
        Look& look = looked.look;
        if (!looked.is_whole() && !is_said[place] && !stop.stop_requested())
            log::warn(
                "recorder_not_asked",
                {{"recorder", recorders[place]->slug},
                 {"clock", look.clock.has_value()},
                 {"titles", !look.titles.empty()}}
            );
        is_said[place] = !looked.is_whole();
        *next = SteadyClock::now() + looked.pause(pauses);
        if (look.clock || !look.titles.empty()) inbox->add(std::move(look));
    }
}

}  // namespace sluice::xvr
