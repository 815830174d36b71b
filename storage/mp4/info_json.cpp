// I6: a segment file describes itself.
#include "storage/mp4/detail/info_json.hpp"

#include <limits>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

namespace sluice::mp4::detail {
namespace {

using Json = nlohmann::ordered_json;

/// Takes members out of an object and remembers the first that was missing or malformed.
class Members {
public:
    explicit Members(const Json& object) : object_(object) {}

    [[nodiscard]] const std::string& first_bad() const { return first_bad_; }

    std::string text(const char* name) {
        const Json* value = find(name);
        if (value != nullptr && value->is_string()) return value->get<std::string>();
        return bad(name, std::string{});
    }
    Uuid uuid(const char* name) {
        if (auto id = uuid_from_string(text(name))) return *id;
        return bad(name, Uuid{});
    }
    UtcTime time(const char* name) {
        if (auto at = from_rfc3339(text(name))) return *at;
        return bad(name, UtcTime{});
    }
    template <class Word>
    Word word(const char* name, std::optional<Word> (*parse)(std::string_view) noexcept) {
        if (auto value = parse(text(name))) return *value;
        return bad(name, Word{});
    }
    std::uint32_t number(const char* name) {
        const Json* value = find(name);
        if (value == nullptr || !value->is_number_unsigned()) return bad(name, 0U);
        const auto wide = value->get<std::uint64_t>();
        if (wide > std::numeric_limits<std::uint32_t>::max()) return bad(name, 0U);
        return static_cast<std::uint32_t>(wide);
    }
    std::optional<Sha256Digest> digest_or_null(const char* name) {
        const Json* value = find(name);
        if (value != nullptr && value->is_null()) return std::nullopt;
        const auto bytes = from_hex(text(name));
        Sha256Digest digest{};
        if (!bytes || bytes->size() != digest.size()) return bad(name, std::nullopt);
        std::ranges::copy(*bytes, digest.begin());
        return digest;
    }
    /// The object under `name`, or nullptr when it is null.
    const Json* object_or_null(const char* name) {
        const Json* value = find(name);
        if (value != nullptr && value->is_object()) return value;
        if (value == nullptr || !value->is_null()) bad(name, 0);
        return nullptr;
    }
    void note(const std::string& inner) {
        if (first_bad_.empty()) first_bad_ = inner;
    }

private:
    const Json* find(const char* name) const {
        const auto found = object_.find(name);
        return found == object_.end() ? nullptr : &*found;
    }
    template <class Value>
    Value bad(const char* name, Value value) {
        note(name);
        return value;
    }

    const Json& object_;
    std::string first_bad_;
};

Json gap_to_json(const std::optional<GapBefore>& gap) {
    if (!gap) return nullptr;
    return {{"from", to_rfc3339(gap->from)}, {"cause", to_string(gap->cause)}, {"detail", gap->detail}};
}

Json hash_to_json(const std::optional<Sha256Digest>& digest) {
    if (!digest) return nullptr;
    return to_hex(*digest);
}

std::optional<GapBefore> gap_from_json(Members& members) {
    const Json* object = members.object_or_null("gap_before");
    if (object == nullptr) return std::nullopt;
    Members gap{*object};
    GapBefore before{gap.time("from"), gap.word("cause", gap_cause_from), gap.text("detail")};
    if (!gap.first_bad().empty()) members.note("gap_before." + gap.first_bad());
    return before;
}

}  // namespace

std::string info_to_json(const SegmentInfo& info) {
    const Json object{
        {"segment_id", to_string(info.segment_id)},
        {"installation_id", to_string(info.installation_id)},
        {"recorder_id", to_string(info.recorder_id)},
        {"camera_id", to_string(info.camera_id)},
        {"stream_id", to_string(info.stream_id)},
        {"run_id", to_string(info.run_id)},
        {"camera_slug", info.camera_slug},
        {"camera_name", info.camera_name},
        {"stream", to_string(info.stream)},
        {"codec_string", info.codec_string},
        {"run_started", to_rfc3339(info.run_started)},
        {"sequence", info.sequence},
        {"previous_sha256", hash_to_json(info.previous_sha256)},
        {"gap_before", gap_to_json(info.gap_before)},
    };
    // A name that is not UTF-8 must not cost the segment: the bad bytes become U+FFFD.
    return object.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<SegmentInfo> info_from_json(ByteView json) {
    const Json object = Json::parse(json.begin(), json.end(), nullptr, false);
    if (!object.is_object()) return failure(Remedy::abandon_file, "the uuid box holds no JSON object");
    Members members{object};
    SegmentInfo info;
    info.segment_id = members.uuid("segment_id");
    info.installation_id = members.uuid("installation_id");
    info.recorder_id = members.uuid("recorder_id");
    info.camera_id = members.uuid("camera_id");
    info.stream_id = members.uuid("stream_id");
    info.run_id = members.uuid("run_id");
    info.camera_slug = members.text("camera_slug");
    info.camera_name = members.text("camera_name");
    info.stream = members.word("stream", stream_kind_from);
    info.codec_string = members.text("codec_string");
    info.run_started = members.time("run_started");
    info.sequence = members.number("sequence");
    info.previous_sha256 = members.digest_or_null("previous_sha256");
    info.gap_before = gap_from_json(members);
    if (!members.first_bad().empty()) {
        return failure(Remedy::abandon_file, "the uuid box has no valid \"" + members.first_bad() + "\"");
    }
    return info;
}

}  // namespace sluice::mp4::detail
