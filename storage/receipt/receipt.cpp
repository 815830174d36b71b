#include "storage/receipt/receipt.hpp"

#include "config/base/files.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <nlohmann/json.hpp>

namespace sluice::receipt {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr unsigned kFormat = 1;
constexpr std::size_t kHashLetters = 64;
constexpr std::size_t kMostBytes = 64U << 20U;  // a day in segments of a second has 86,400 of them

/// Takes members out of an object; remembers the first that was missing or wrong.
class Members {
public:
    Members(const Json& object, std::string& first_bad) : object_(object), first_bad_(first_bad) {}

    std::string text(const char* name) {
        const Json* value = find(name);
        return value != nullptr && value->is_string() ? value->get<std::string>() : bad(name, std::string{});
    }
    Uuid uuid(const char* name) {
        const auto id = uuid_from_string(text(name));
        return id && !id->is_nil() ? *id : bad(name, Uuid{});
    }
    UtcTime time(const char* name) {
        const auto at = from_rfc3339(text(name));
        return at ? *at : bad(name, UtcTime{});
    }
    TimeRange range(const char* from, const char* to) {
        const TimeRange range{.from = time(from), .to = time(to)};
        return range.from < range.to ? range : bad(to, range);
    }
    Sha256Digest digest(const char* name) {
        const auto bytes = from_hex(text(name));
        Sha256Digest digest{};
        if (!bytes || bytes->size() != digest.size()) return bad(name, digest);
        std::ranges::copy(*bytes, digest.begin());
        return digest;
    }
    std::int64_t number(const char* name) {
        const Json* value = find(name);
        return value != nullptr && value->is_number_integer() ? value->get<std::int64_t>()
                                                              : bad(name, std::int64_t{0});
    }
    double fraction(const char* name) {
        const Json* value = find(name);
        return value != nullptr && value->is_number() ? value->get<double>() : bad(name, 0.0);
    }
    bool flag(const char* name) {
        const Json* value = find(name);
        return value != nullptr && value->is_boolean() ? value->get<bool>() : bad(name, false);
    }
    /// What is no such thing reads as an empty one.
    Json object(const char* name) {
        const Json* value = find(name);
        return value != nullptr && value->is_object() ? *value : bad(name, Json::object());
    }
    Json list(const char* name) {
        const Json* value = find(name);
        return value != nullptr && value->is_array() ? *value : bad(name, Json::array());
    }
    template <class Value>
    Value bad(const char* name, Value value) {
        if (first_bad_.empty()) first_bad_ = name;
        return value;
    }

private:
    const Json* find(const char* name) const {
        if (!object_.is_object()) return nullptr;
        const auto found = object_.find(name);
        return found == object_.end() ? nullptr : &*found;
    }

    const Json& object_;
    std::string& first_bad_;
};

bool is_inside(const std::string& path) {
    const fs::path parsed{path};
    return path.starts_with("imported/") && parsed.lexically_normal() == parsed;
}

Json clip_object(const Receipt& receipt) {
    const catalogue::ContractorClip& clip = receipt.clip;
    return {
        {"id", to_string(clip.id)},
        {"client_id", clip.client_id},
        {"name", clip.name},
        {"bytes", clip.bytes},
        {"sha256", to_hex(clip.sha256)},
        {"said_from", to_rfc3339(clip.said.from)},
        {"said_to", to_rfc3339(clip.said.to)},
        {"clock_offset_us", clip.clock_offset.count()},
        {"from", to_rfc3339(clip.range.from)},
        {"to", to_rfc3339(clip.range.to)},
        {"announced", to_rfc3339(clip.announced)},
        {"changed", to_rfc3339(clip.changed)},
        {"received", to_rfc3339(clip.received.value_or(clip.changed))},
        {"imported", to_rfc3339(clip.ended.value_or(clip.changed))},
        {"playable", clip.is_playable.value_or(false)},
        {"reason_code", clip.reason_code},
        {"reason", clip.reason},
        {"media", Json::parse(clip.media, nullptr, false)},
    };
}

catalogue::ContractorClip clip_from(Members&& members) {
    catalogue::ContractorClip clip;
    clip.id = members.uuid("id");
    clip.client_id = members.text("client_id");
    clip.name = members.text("name");
    const std::int64_t bytes = members.number("bytes");
    clip.bytes = bytes > 0 ? static_cast<std::uint64_t>(bytes) : members.bad("bytes", std::uint64_t{0});
    clip.received_bytes = clip.bytes;
    clip.sha256 = members.digest("sha256");
    clip.said = members.range("said_from", "said_to");
    clip.clock_offset = Microseconds{members.number("clock_offset_us")};
    clip.range = members.range("from", "to");
    clip.announced = members.time("announced");
    clip.changed = members.time("changed");
    clip.received = members.time("received");
    clip.ended = members.time("imported");
    clip.state = catalogue::ClipState::imported;
    clip.is_playable = members.flag("playable");
    clip.reason_code = members.text("reason_code");
    clip.reason = members.text("reason");
    clip.media = members.object("media").dump();
    return clip;
}

MadeSegment segment_from(Members&& members) {
    MadeSegment made;
    made.id = members.uuid("id");
    const std::string path = members.text("path");
    made.path = is_inside(path) ? fs::path{path} : members.bad("path", fs::path{});
    made.range = members.range("from", "to");
    made.sha256 = members.digest("sha256");
    return made;
}

}  // namespace

fs::path original_path(const catalogue::ContractorClip& clip) {
    return fs::path{"imported"} / to_utc_day(clip.range.from) / clip.camera_slug / "original" /
           (to_compact_utc(clip.range.from) + "_" + to_string(clip.id) + ".original");
}

fs::path receipt_path(const fs::path& original) {
    return fs::path{original}.replace_extension(".receipt");
}

std::string to_text(const Receipt& receipt) {
    Json object{
        {"format", kFormat},
        {"clip", clip_object(receipt)},
        {"machine", {{"id", to_string(receipt.clip.principal_id)}, {"name", receipt.origin.machine}}},
        {"announcement",
         {{"id", to_string(receipt.clip.camera_id)},
          {"name", receipt.origin.camera_name},
          {"place", receipt.origin.camera_place},
          {"announced", to_rfc3339(receipt.origin.camera_announced)}}},
        {"camera",
         {{"installation", to_string(receipt.camera.installation_id)},
          {"recorder", to_string(receipt.camera.recorder_id)},
          {"camera", to_string(receipt.camera.camera_id)},
          {"stream", to_string(receipt.camera.stream_id)},
          {"slug", receipt.camera.camera_slug},
          {"name", receipt.camera.camera_name}}},
        {"runs", Json::array()},
        {"segments", Json::array()},
    };
    for (const catalogue::ImportedRun& run : receipt.runs)
        object["runs"].push_back(
            {{"id", to_string(run.id)},
             {"from", to_rfc3339(run.range.from)},
             {"to", to_rfc3339(run.range.to)},
             {"fps", run.fps}}
        );
    for (const MadeSegment& made : receipt.segments)
        object["segments"].push_back(
            {{"id", to_string(made.id)},
             {"path", made.path.string()},
             {"from", to_rfc3339(made.range.from)},
             {"to", to_rfc3339(made.range.to)},
             {"sha256", to_hex(made.sha256)}}
        );
    // Names are the contractor's and may hold any bytes.
    const std::string body = object.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
    return to_hex(sha256(as_bytes(body))) + "\n" + body;
}

Result<Receipt> from_text(std::string_view text) {
    const std::string_view hash = text.substr(0, kHashLetters);
    text.remove_prefix(std::min(text.size(), kHashLetters + 1));
    if (to_hex(sha256(as_bytes(text))) != hash)
        return failure(Remedy::refuse, "its bytes are not those that were written");
    const Json object = Json::parse(text, nullptr, false);
    if (!object.is_object()) return failure(Remedy::refuse, "it is no JSON object");
    std::string first_bad;
    Members whole{object, first_bad};
    if (whole.number("format") != kFormat)
        return failure(Remedy::refuse, "its format is none that this version knows");
    const Json clip = whole.object("clip");
    const Json machine = whole.object("machine");
    const Json announcement = whole.object("announcement");
    const Json camera = whole.object("camera");
    Receipt receipt;
    receipt.clip = clip_from(Members{clip, first_bad});
    Members said{announcement, first_bad};
    receipt.clip.camera_id = said.uuid("id");
    receipt.origin.camera_name = said.text("name");
    receipt.origin.camera_place = said.text("place");
    receipt.origin.camera_announced = said.time("announced");
    Members giver{machine, first_bad};
    receipt.clip.principal_id = giver.uuid("id");
    receipt.origin.machine = giver.text("name");
    Members known{camera, first_bad};
    receipt.camera = {
        .installation_id = known.uuid("installation"),
        .recorder_id = known.uuid("recorder"),
        .camera_id = known.uuid("camera"),
        .stream_id = known.uuid("stream"),
        .camera_slug = known.text("slug"),
        .camera_name = known.text("name"),
    };
    receipt.clip.camera_slug = receipt.camera.camera_slug;
    for (const Json& one : whole.list("runs")) {
        Members run{one, first_bad};
        receipt.runs.push_back(
            {.id = run.uuid("id"), .range = run.range("from", "to"), .fps = run.fraction("fps")}
        );
    }
    for (const Json& one : whole.list("segments"))
        receipt.segments.push_back(segment_from(Members{one, first_bad}));
    if (first_bad.empty()) return receipt;
    return failure(Remedy::refuse, "its member \"" + first_bad + "\" is missing or wrong");
}

Status
write(volume::DurableFiles& files, const fs::path& root, const fs::path& path, const Receipt& receipt) {
    const fs::path target = root / path;
    const fs::path part{target.string() + ".part"};
    // What an attempt that was killed has left.
    if (const auto removed = files.remove(part); !removed) return std::unexpected(removed.error());
    const auto fd = files.create(part);
    if (!fd) return std::unexpected(fd.error());
    const std::string text = to_text(receipt);
    const std::array<ByteView, 1> pieces{as_bytes(text)};
    if (auto written = files.write(fd->get(), pieces); !written) return written;
    if (auto synced = files.sync_data(fd->get()); !synced) return synced;
    if (auto renamed = files.rename(part, target); !renamed) return renamed;
    return files.sync_directory(target.parent_path());
}

Result<Receipt> read(const fs::path& file) {
    const auto text = read_text_file(file, kMostBytes);
    if (!text) return std::unexpected(text.error());
    return from_text(*text);
}

}  // namespace sluice::receipt
