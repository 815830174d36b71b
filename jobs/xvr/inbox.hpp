#pragma once

#include "config/base/guarded.hpp"
#include "config/config.hpp"
#include "storage/access/event.hpp"
#include "storage/catalogue/xvr_repository.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sluice::xvr {

inline constexpr std::size_t kInboxLimit = 20'000;  ///< events that wait for the database

/// An event that was heard and not stored yet.
struct Pending {
    std::shared_ptr<const config::Recorder> recorder;  ///< shared by all that came of it
    access::Event event;
    bool begins = true;
};

/// What was found out by asking.
struct Look {
    std::shared_ptr<const config::Recorder> recorder;
    std::optional<catalogue::RecorderClockRow> clock;
    std::vector<catalogue::RecorderTitleRow> titles;      ///< empty: it could not be asked
    std::vector<catalogue::RecorderPictureRow> pictures;  ///< without what is known from before; likewise
};

/// Between the threads that hear and the one that stores. Any thread.
class Inbox {
public:
    struct Batch {
        std::vector<Pending> events;
        std::vector<Look> looks;
        std::vector<catalogue::RecorderLinkRow> links;  ///< that have changed
        [[nodiscard]] bool is_empty() const { return events.empty() && looks.empty() && links.empty(); }
    };

    /// False: there is no room; it is counted in the link's `dropped`.
    bool add(Pending event) {
        bool has_room = true;
        content_.notify([&](Content& content) {
            has_room = content.events.size() < kInboxLimit;
            if (has_room) {
                content.events.push_back(std::move(event));
            } else {
                Link& link = content.links[event.recorder->slug];
                link.row.recorder = event.recorder->slug;
                ++link.row.dropped;
                link.is_changed = true;
            }
        });
        return has_room;
    }
    void add(Look look) {
        content_.notify([&](Content& content) { content.looks.push_back(std::move(look)); });
    }
    /// Changes what is said of a recorder's stream.
    template <class Change>
    void change_link(const std::string& recorder, Change change) {
        content_.notify([&](Content& content) {
            Link& link = content.links[recorder];
            link.row.recorder = recorder;
            change(link.row);
            link.is_changed = true;
        });
    }
    /// What has come, the oldest first, at most `limit` events; waits for something until `until`.
    [[nodiscard]] Batch take(std::size_t limit, std::chrono::steady_clock::time_point until) {
        return content_.wait_until(
            until,
            [](const Content& content) { return content.has_news(); },
            [&](Content& content) { return content.take(limit); }
        );
    }

private:
    struct Link {
        catalogue::RecorderLinkRow row;
        bool is_changed = false;
    };
    struct Content {
        std::deque<Pending> events;
        std::vector<Look> looks;
        std::map<std::string, Link> links;  ///< by recorder

        [[nodiscard]] bool has_news() const {
            return !events.empty() || !looks.empty() ||
                   std::ranges::any_of(links, [](const auto& link) { return link.second.is_changed; });
        }
        Batch take(std::size_t limit) {
            Batch batch;
            const std::size_t count = std::min(limit, events.size());
            const auto end = events.begin() + static_cast<std::ptrdiff_t>(count);
            batch.events.assign(std::make_move_iterator(events.begin()), std::make_move_iterator(end));
            events.erase(events.begin(), end);
            batch.looks.swap(looks);
            for (auto& [slug, link] : links)
                if (std::exchange(link.is_changed, false)) batch.links.push_back(link.row);
            return batch;
        }
    };

    Guarded<Content> content_;
};

}  // namespace sluice::xvr
