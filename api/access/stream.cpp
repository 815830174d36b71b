#include "api/access/detail/shared.hpp"
#include "api/stream_credential.hpp"

#include <chrono>
#include <utility>

namespace sluice::api::access_detail {
namespace {

constexpr std::size_t kMostStreams = 64;
constexpr std::chrono::minutes kLongestStream{10};

class AccessEvents final : public http::EventSource {
public:
    AccessEvents(const Call& call, const StreamPlace& place, std::shared_ptr<Shared> shared)
        : services_(call.services),
          credential_(call),
          place_(place),
          shared_(std::move(shared)) {
        if (const std::string* door = call.parameters.find("door")) door_ = *door;
        if (const std::string* code = call.parameters.find("code")) code_ = *code;
    }
    ~AccessEvents() override { --shared_->streams(); }
    AccessEvents(const AccessEvents&) = delete;
    AccessEvents& operator=(const AccessEvents&) = delete;

    std::optional<std::string> next() override {
        if (!credential_.is_valid()) return std::nullopt;
        std::string out = std::exchange(is_begun_, true) ? std::string{} : std::string{"retry: 2000\n\n"};
        for (const StreamItem& item : shared_->hub().after(services_.database.pool(), place_)) {
            place_ = item.place;
            if (!door_.empty() && item.door != door_) continue;
            if (!code_.empty() && item.code != code_) continue;
            out += "id: " + to_string(item.place) + "\nevent: " + item.kind + "\ndata: " + item.json + "\n\n";
        }
        return out;
    }

private:
    Services& services_;
    StreamCredential credential_;
    StreamPlace place_;  ///< of the last thing that was looked at
    std::shared_ptr<Shared> shared_;
    std::string door_;
    std::string code_;
    bool is_begun_ = false;
};

std::expected<StreamPlace, http::Problem> first_place(const Call& call, Shared& shared) {
    if (const std::string* id = call.request.find_header("last-event-id")) {
        const auto place = stream_place_from(*id);
        if (!place)
            return std::unexpected(problem(400, "BAD_EVENT_ID", "Last-Event-ID is no id of this stream."));
        return *place;
    }
    const auto last = shared.hub().last_place(call.services.database.pool());
    if (!last)
        return std::unexpected(to_problem(Error{Remedy::retry, "the events can't be read at the moment"}));
    return *last;
}

}  // namespace

Answer follow(const Call& call, const std::shared_ptr<Shared>& shared) {
    const auto place = first_place(call, *shared);
    if (!place) return std::unexpected(place.error());
    if (++shared->streams() > kMostStreams) {
        --shared->streams();
        auto busy = problem(503, "BUSY", "Too many streams of events are open; try again shortly.");
        busy.retry_after = std::chrono::seconds{5};
        return std::unexpected(busy);
    }
    http::Response response;
    response.set("Content-Type", "text/event-stream");
    response.set("Cache-Control", "no-store");
    response.body = http::EventBody{
        .source = std::make_unique<AccessEvents>(call, *place, shared), .limit = kLongestStream
    };
    return response;
}

}  // namespace sluice::api::access_detail
