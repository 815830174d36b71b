#include "storage/status/recorder_status.hpp"

#include "config/base/files.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <utility>

#include <nlohmann/json.hpp>

namespace sluice::status {
namespace {

using nlohmann::json;

constexpr std::size_t kFileLimitBytes = 4U << 20U;

constexpr std::array<std::pair<StreamState, std::string_view>, 8> kStates{{
    {StreamState::disabled, "disabled"},
    {StreamState::connecting, "connecting"},
    {StreamState::waiting_key_frame, "waiting_key_frame"},
    {StreamState::recording, "recording"},
    {StreamState::stalled, "stalled"},
    {StreamState::unreachable, "unreachable"},
    {StreamState::auth_failed, "auth_failed"},
    {StreamState::stopped, "stopped"},
}};

double finite(double value) {
    return std::isfinite(value) ? value : 0;
}

template <class T, class Convert>
void put(json& object, const char* member, const std::optional<T>& value, Convert convert) {
    if (value) object[member] = convert(*value);
}

json to_object(const StreamStatus& stream) {
    json object{
        {"camera", stream.camera_slug},
        {"stream", to_string(stream.stream)},
        {"stream_id", to_string(stream.stream_id)},
        {"state", to_string(stream.state)},
        {"detail", stream.detail},
        {"bitrate_bps", finite(stream.bitrate_bps)},
        {"frame_rate", finite(stream.frame_rate)},
        {"packets_lost", stream.packets_lost},
        {"frames", stream.frames},
        {"bytes", stream.bytes},
        {"frames_dropped", stream.frames_dropped},
        {"reconnects", stream.reconnects},
    };
    const auto id_text = [](const Uuid& id) { return to_string(id); };
    put(object, "last_packet", stream.last_packet, [](UtcTime time) { return to_rfc3339(time); });
    put(object, "clock_offset_us", stream.clock_offset_us, [](std::int64_t offset) { return offset; });
    put(object, "segment_id", stream.segment_id, id_text);
    put(object, "run_id", stream.run_id, id_text);
    return object;
}

json to_object(const VolumeStatus& volume) {
    return {
        {"path", volume.path.string()},
        {"volume_id", to_string(volume.volume_id)},
        {"is_writable", volume.is_writable},
        {"problem", volume.problem},
        {"total_bytes", volume.total_bytes},
        {"free_bytes", volume.free_bytes},
        {"longest_sync_us", volume.longest_sync_us},
        {"longest_write_us", volume.longest_write_us},
    };
}

json to_object(const UpsStatus& ups) {
    json object{
        {"slug", ups.slug},
        {"state", to_string(ups.state)},
        {"feeds_recorder", ups.feeds_recorder},
        {"feeds_locks", ups.feeds_locks},
        {"since", to_rfc3339(ups.since)},
        {"words", ups.words},
        {"problem", ups.problem},
    };
    put(object, "heard", ups.heard, [](UtcTime time) { return to_rfc3339(time); });
    put(object, "charge_percent", ups.charge_percent, finite);
    put(object, "runtime_s", ups.runtime_s, [](std::uint64_t seconds) { return seconds; });
    return object;
}

/// Takes known members out of an object. What is absent or null keeps its default, what is unknown is left
/// alone (an older API reads a newer recorder's file and the other way round); a member of the wrong kind
/// spoils the whole text.
class Reader {
public:
    Reader(const json& object, bool& is_sound) : object_(object), is_sound_(is_sound) {
        if (!object.is_object()) is_sound_ = false;
    }

    void take(const char* member, std::string& into) {
        const json* found = find(member);
        if (found == nullptr) return;
        if (const auto* text = found->get_ptr<const std::string*>()) {
            into = *text;
        } else {
            is_sound_ = false;
        }
    }
    void take(const char* member, bool& into) { take_if(member, &json::is_boolean, into); }
    void take(const char* member, double& into) { take_if(member, &json::is_number, into); }
    void take(const char* member, std::int64_t& into) { take_if(member, &json::is_number_integer, into); }
    void take(const char* member, std::uint64_t& into) { take_if(member, &json::is_number_unsigned, into); }
    void take(const char* member, std::filesystem::path& into) {
        std::string text = into.string();
        take(member, text);
        into = text;
    }
    void take(const char* member, UtcTime& into) { take_text(member, from_rfc3339, into); }
    void take(const char* member, Uuid& into) { take_text(member, uuid_from_string, into); }
    void take(const char* member, StreamKind& into) { take_text(member, stream_kind_from, into); }
    void take(const char* member, PowerState& into) { take_text(member, power_state_from, into); }
    void take(const char* member, StreamState& into) { take_text(member, stream_state_from, into); }
    template <class T>
    void take(const char* member, std::optional<T>& into) {
        if (find(member) == nullptr) return;
        T value{};
        take(member, value);
        into = value;
    }
    /// Each element of an array through `read`; absent is empty.
    template <class T, class Read>
    void take_all(const char* member, std::vector<T>& into, Read read) {
        const json* found = find(member);
        if (found == nullptr) return;
        if (!found->is_array()) {
            is_sound_ = false;
            return;
        }
        for (const json& element : *found)
            into.push_back(read(element, is_sound_));
    }
    void require(const char* member) {
        if (find(member) == nullptr) is_sound_ = false;
    }

private:
    const json* find(const char* member) const {
        if (!object_.is_object()) return nullptr;
        const auto found = object_.find(member);
        return found == object_.end() || found->is_null() ? nullptr : &*found;
    }
    template <class T>
    void take_if(const char* member, bool (json::*is_kind)() const noexcept, T& into) {
        const json* found = find(member);
        if (found == nullptr) return;
        if ((found->*is_kind)()) {
            into = found->get<T>();
        } else {
            is_sound_ = false;
        }
    }
    template <class Parse, class T>
    void take_text(const char* member, Parse parse, T& into) {
        if (find(member) == nullptr) return;
        std::string text;
        take(member, text);
        if (const auto value = parse(text)) {
            into = *value;
        } else {
            is_sound_ = false;
        }
    }

    const json& object_;
    bool& is_sound_;
};

StreamStatus read_stream(const json& object, bool& is_sound) {
    StreamStatus stream;
    Reader from{object, is_sound};
    from.take("camera", stream.camera_slug);
    from.take("stream", stream.stream);
    from.take("stream_id", stream.stream_id);
    from.take("state", stream.state);
    from.take("detail", stream.detail);
    from.take("last_packet", stream.last_packet);
    from.take("bitrate_bps", stream.bitrate_bps);
    from.take("frame_rate", stream.frame_rate);
    from.take("packets_lost", stream.packets_lost);
    from.take("frames", stream.frames);
    from.take("bytes", stream.bytes);
    from.take("frames_dropped", stream.frames_dropped);
    from.take("reconnects", stream.reconnects);
    from.take("clock_offset_us", stream.clock_offset_us);
    from.take("segment_id", stream.segment_id);
    from.take("run_id", stream.run_id);
    return stream;
}

VolumeStatus read_volume(const json& object, bool& is_sound) {
    VolumeStatus volume;
    Reader from{object, is_sound};
    from.take("path", volume.path);
    from.take("volume_id", volume.volume_id);
    from.take("is_writable", volume.is_writable);
    from.take("problem", volume.problem);
    from.take("total_bytes", volume.total_bytes);
    from.take("free_bytes", volume.free_bytes);
    from.take("longest_sync_us", volume.longest_sync_us);
    from.take("longest_write_us", volume.longest_write_us);
    return volume;
}

UpsStatus read_ups(const json& object, bool& is_sound) {
    UpsStatus ups;
    Reader from{object, is_sound};
    from.take("slug", ups.slug);
    from.take("state", ups.state);
    from.take("feeds_recorder", ups.feeds_recorder);
    from.take("feeds_locks", ups.feeds_locks);
    from.take("since", ups.since);
    from.take("heard", ups.heard);
    from.take("charge_percent", ups.charge_percent);
    from.take("runtime_s", ups.runtime_s);
    from.take("words", ups.words);
    from.take("problem", ups.problem);
    return ups;
}

}  // namespace

std::string_view to_string(StreamState state) noexcept {
    const auto* const found =
        std::ranges::find(kStates, state, &std::pair<StreamState, std::string_view>::first);
    return found == kStates.end() ? std::string_view{} : found->second;
}

std::optional<StreamState> stream_state_from(std::string_view word) noexcept {
    const auto* const found =
        std::ranges::find(kStates, word, &std::pair<StreamState, std::string_view>::second);
    return found == kStates.end() ? std::nullopt : std::optional{found->first};
}

std::string to_json(const RecorderStatus& status) {
    json object{
        {"written", to_rfc3339(status.written)},
        {"started", to_rfc3339(status.started)},
        {"pid", status.pid},
        {"version", status.version},
        {"installation_id", to_string(status.installation_id)},
        {"write_lag_us", status.write_lag_us},
        {"recent_write_lag_us", status.recent_write_lag_us},
        {"database_connected", status.database_connected},
        {"catalogue_backlog", status.catalogue_backlog},
        {"durability_window_ms", status.durability_window_ms},
        {"ups", json::array()},
        {"streams", json::array()},
        {"volumes", json::array()},
    };
    put(object, "clock_synchronised", status.clock_synchronised, [](bool flag) { return flag; });
    for (const UpsStatus& ups : status.ups)
        object["ups"].push_back(to_object(ups));
    for (const StreamStatus& stream : status.streams)
        object["streams"].push_back(to_object(stream));
    for (const VolumeStatus& volume : status.volumes)
        object["volumes"].push_back(to_object(volume));
    // A camera's words may be no UTF-8: U+FFFD stands for such bytes.
    return object.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
}

Result<RecorderStatus> from_json(std::string_view text) {
    const json object = json::parse(text, nullptr, false);
    bool is_sound = true;
    RecorderStatus status;
    Reader from{object, is_sound};
    from.require("written");
    from.take("written", status.written);
    from.take("started", status.started);
    from.take("pid", status.pid);
    from.take("version", status.version);
    from.take("installation_id", status.installation_id);
    from.take("write_lag_us", status.write_lag_us);
    from.take("recent_write_lag_us", status.recent_write_lag_us);
    from.take("database_connected", status.database_connected);
    from.take("catalogue_backlog", status.catalogue_backlog);
    from.take("clock_synchronised", status.clock_synchronised);
    from.take("durability_window_ms", status.durability_window_ms);
    from.take_all("ups", status.ups, read_ups);
    from.take_all("streams", status.streams, read_stream);
    from.take_all("volumes", status.volumes, read_volume);
    if (!is_sound) return failure(Remedy::retry, "the text is no recorder status");
    return status;
}

Result<RecorderStatus> load(const std::filesystem::path& file) {
    const auto text = read_text_file(file, kFileLimitBytes);
    if (!text) return std::unexpected(Error{Remedy::retry, text.error().code(), text.error().message()});
    auto status = from_json(*text);
    if (!status) return failure(Remedy::retry, file.string() + " is no recorder status");
    return status;
}

std::filesystem::path status_path(const std::filesystem::path& data) {
    return data / "run" / "recorder-status.json";
}

}  // namespace sluice::status
