#include "api/notices/stream.hpp"

#include "api/notices/rules.hpp"
#include "api/stream_credential.hpp"

#include <chrono>
#include <utility>

namespace sluice::api {
namespace {

constexpr std::size_t kMostStreams = 64;
constexpr std::chrono::minutes kLongestStream{10};

class NoticeEvents final : public http::EventSource {
public:
    NoticeEvents(const Call& call, std::int64_t place, std::shared_ptr<NoticeFollowers> followers)
        : services_(call.services),
          credential_(call),
          reader_(reader_of(call)),
          place_(place),
          followers_(std::move(followers)) {}
    ~NoticeEvents() override { --followers_->streams; }
    NoticeEvents(const NoticeEvents&) = delete;
    NoticeEvents& operator=(const NoticeEvents&) = delete;

    std::optional<std::string> next() override {
        if (!credential_.is_valid()) return std::nullopt;
        std::string out = std::exchange(is_begun_, true) ? std::string{} : std::string{"retry: 2000\n\n"};
        for (const auto& notice : followers_->hub.after(services_.database.pool(), place_)) {
            place_ = notice.place;
            if (catalogue::is_for(notice, reader_)) out += notice_event(notice);
        }
        return out;
    }

private:
    Services& services_;
    StreamCredential credential_;
    catalogue::NoticeReader reader_;
    std::int64_t place_;  ///< of the last notice that was looked at
    std::shared_ptr<NoticeFollowers> followers_;
    bool is_begun_ = false;
};

std::expected<std::int64_t, http::Problem> first_place(const Call& call, NoticeFollowers& followers) {
    if (const std::string* id = call.request.find_header("last-event-id")) {
        const auto place = place_from(*id);
        if (!place)
            return std::unexpected(http::Problem{
                .status = 400, .code = "BAD_EVENT_ID", .detail = "Last-Event-ID is no id of this stream."
            });
        return *place;
    }
    const auto last = followers.hub.last_place(call.services.database.pool());
    if (!last)
        return std::unexpected(to_problem(Error{Remedy::retry, "the notices can't be read at the moment"}));
    return *last;
}

}  // namespace

catalogue::NoticeReader reader_of(const Call& call) {
    catalogue::NoticeReader reader{.id = call.principal->id, .roles = call.principal->roles};
    for (const Role role : call.standing.lent_roles)
        reader.roles.emplace_back(to_string(role));
    return reader;
}

Answer follow_notices(const Call& call, const std::shared_ptr<NoticeFollowers>& followers) {
    const auto place = first_place(call, *followers);
    if (!place) return std::unexpected(place.error());
    if (++followers->streams > kMostStreams) {
        --followers->streams;
        return std::unexpected(http::Problem{
            .status = 503,
            .code = "BUSY",
            .detail = "Too many streams of events are open; try again shortly.",
            .retry_after = std::chrono::seconds{5},
        });
    }
    http::Response response;
    response.set("Content-Type", "text/event-stream");
    response.set("Cache-Control", "no-store");
    response.body = http::EventBody{
        .source = std::make_unique<NoticeEvents>(call, *place, followers), .limit = kLongestStream
    };
    return response;
}

}  // namespace sluice::api
