#include "jobs/xvr/meaning.hpp"

#include "storage/calendar/date.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <nlohmann/json.hpp>

namespace sluice::xvr {
namespace {

using nlohmann::json;

constexpr std::size_t kNameLimit = 200;
// Room for what is added to the vendor's data.
constexpr std::size_t kDataLimit = access::kMostDataBytes - 512;
constexpr std::chrono::seconds kAround{30};  // the footage that an event points at

struct Word {
    std::string_view vendor;
    std::string_view ours;
};
// In the order in which the vendor's description of its interface has them.
constexpr auto kWords = std::to_array<Word>({
    {"VideoLoss", "camera.video_loss"},
    {"VideoBlind", "camera.blind"},
    {"CrossLineDetection", "camera.line_crossed"},
    {"CrossRegionDetection", "camera.region_entered"},
    {"LeftDetection", "camera.object_left"},
    {"TakenAwayDetection", "camera.object_taken"},
    {"StorageNotExist", "recorder.storage_missing"},
    {"StorageFailure", "recorder.storage_failed"},
    {"StorageLowSpace", "recorder.storage_low"},
    {"TimeChange", "recorder.clock_changed"},
    {"NTPAdjustTime", "recorder.clock_changed"},
    {"Login", "recorder.login"},
    {"LoginFailure", "recorder.login_failed"},
    {"PlayBack", "recorder.playback"},
    {"Playback", "recorder.playback"},
    {"SecurityImExport", "recorder.export"},
    {"RecordDownload", "recorder.export"},
    {"Export", "recorder.export"},
});

/// The first of the members that is a text, without what no name may hold.
std::string text_of(const json& data, std::initializer_list<const char*> members) {
    for (const char* member : members) {
        const auto found = data.find(member);
        if (found == data.end() || !found->is_string()) continue;
        std::string text = found->get<std::string>().substr(0, kNameLimit);
        std::erase_if(text, [](unsigned char letter) { return letter < 0x20 || letter == 0x7f; });
        if (!text.empty()) return text;
    }
    return {};
}

/// A time of the recorder's clock in Asia/Taipei, where it stands.
std::optional<UtcTime> local_time_of(const json& data, std::initializer_list<const char*> members) {
    const auto seconds = read_current_time(text_of(data, members));
    if (!seconds) return std::nullopt;
    const std::chrono::local_seconds local{std::chrono::seconds{*seconds}};
    const auto day = std::chrono::floor<std::chrono::days>(local);
    return calendar::start_of(day) + (local - day);
}

std::optional<int> channel_of(const json& data) {
    const auto found = data.find("Channel");
    if (found == data.end() || !found->is_number_integer()) return std::nullopt;
    const auto index = found->get<std::int64_t>();
    if (index < 0 || index > 1023) return std::nullopt;
    return static_cast<int>(index) + 1;
}

std::string data_of(const config::Recorder& recorder, const RawEvent& raw) {
    json data = json::parse(raw.data, nullptr, false);
    if (!data.is_object()) data = json::object();
    json kept{{"code", raw.code}, {"recorder", recorder.slug}};
    if (!raw.action.empty()) kept["action"] = raw.action;
    if (raw.index) kept["index"] = *raw.index;
    if (const config::Camera* camera = find_camera(recorder, raw)) kept["camera"] = camera->slug;
    if (raw.data.size() <= kDataLimit) {
        kept["data"] = std::move(data);
    } else {
        kept["data_cut"] = true;
        for (const char* member :
             {"User", "UserName", "Address", "Channel", "StartTime", "EndTime", "LocaleTime"})
            if (const auto found = data.find(member);
                found != data.end() &&
                found->dump(-1, ' ', true, json::error_handler_t::replace).size() < kNameLimit)
                kept["data"][member] = *found;
    }
    return kept.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

std::string source_of(std::string_view recorder_slug) {
    return "/recorders/" + std::string{recorder_slug};
}

std::string_view code_of(std::string_view vendor_code) noexcept {
    const auto* const found = std::ranges::find(kWords, vendor_code, &Word::vendor);
    return found == kWords.end() ? std::string_view{"access.unknown"} : found->ours;
}

const config::Camera* find_camera(const config::Recorder& recorder, const RawEvent& event) {
    if (!event.index) return nullptr;
    const auto found = std::ranges::find(recorder.cameras, *event.index + 1, &config::Camera::channel);
    return found == recorder.cameras.end() ? nullptr : &*found;
}

access::Event
to_event(const config::Recorder& recorder, const RawEvent& raw, std::string id, UtcTime received) {
    access::Event event;
    event.source = source_of(recorder.slug);
    event.id = std::move(id);
    event.code = code_of(raw.code);
    event.received = received;
    event.data = data_of(recorder, raw);
    const json kept = json::parse(event.data, nullptr, false);
    if (const auto data = kept.find("data"); data != kept.end())
        event.device_time = local_time_of(*data, {"LocaleTime"});
    if (!event.code.starts_with("camera.")) return event;
    // By our clock, which the footage has as well.
    if (const config::Camera* camera = find_camera(recorder, raw))
        event.clip = access::ClipPointer{camera->slug, {received - kAround, received + kAround}};
    return event;
}

std::optional<Act> act_of(const access::Event& event) {
    if (event.code != "recorder.login" && event.code != "recorder.playback" &&
        event.code != "recorder.export")
        return std::nullopt;
    const json kept = json::parse(event.data, nullptr, false);
    const json data = kept.is_object() ? kept.value("data", json::object()) : json::object();
    Act act{.code = event.code, .at = event.received, .who = {}, .address = {}, .channel = {}, .footage = {}};
    if (!data.is_object()) return act;
    act.who = text_of(data, {"User", "UserName"});
    act.address = text_of(data, {"Address"});
    act.channel = channel_of(data);
    if (const auto index = kept.find("index");
        !act.channel && index != kept.end() && index->is_number_integer())
        act.channel = index->get<int>() + 1;
    const auto from = local_time_of(data, {"StartTime"});
    const auto to = local_time_of(data, {"EndTime"});
    if (from && to && *from < *to) act.footage = TimeRange{*from, *to};
    return act;
}

bool begins(const RawEvent& event) noexcept {
    return event.action != "Stop";
}

}  // namespace sluice::xvr
