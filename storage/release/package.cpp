#include "storage/release/package.hpp"

#include "config/base/base64.hpp"
#include "storage/release/tar.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include <nlohmann/json.hpp>

namespace sluice::release {
namespace {

using nlohmann::json;

/// What stands before the 32 bytes of an Ed25519 key in DER (RFC 8410).
constexpr std::array<std::uint8_t, 12>
    kDerHead{0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};
constexpr std::string_view kPemBegin = "-----BEGIN PUBLIC KEY-----\n";
constexpr std::string_view kPemEnd = "\n-----END PUBLIC KEY-----\n";

std::string dump(const json& value) {
    return value.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

json interval(const TimeRange& range) {
    return {{"from", to_rfc3339(range.from)}, {"to", to_rfc3339(range.to)}};
}

json segment_json(const PackagedSegment& segment) {
    json out = interval(segment.range);
    out["id"] = to_string(segment.span.segment_id);
    out["bytes"] = segment.bytes;
    out["sha256"] = to_hex(segment.sha256);
    out["first_sample"] = segment.span.first;
    out["end_sample"] = segment.span.end;
    return out;
}

/// What is known of the two clocks that a frame's time rests on: the host's and the camera's.
json clock_json(const catalogue::RunRow& run) {
    return {
        {"run_began", to_rfc3339(run.from)},
        {"host_synchronised", run.clock_synchronised ? json(*run.clock_synchronised) : json(nullptr)},
        {"media_rate", run.media_rate},
        {"measured_fps", run.measured_fps},
        {"overlaps_another_run", run.is_overlapping},
    };
}

json video_json(const PackagedVideo& video) {
    json out = interval(video.piece.range);
    out["file"] = video.name;
    out["bytes"] = video.bytes;
    out["sha256"] = to_hex(video.sha256);
    out["frames"] = video.piece.frames;
    out["run"] = to_string(video.piece.run_id);
    out["clock"] = clock_json(video.run);
    out["segments"] = json::array();
    for (const PackagedSegment& segment : video.segments)
        out["segments"].push_back(segment_json(segment));
    return out;
}

json gap_json(const catalogue::GapRow& gap) {
    return {
        {"from", to_rfc3339(gap.from)},
        {"to", gap.to ? json(to_rfc3339(*gap.to)) : json(nullptr)},
        {"cause", to_string(gap.cause)},
        {"detail", gap.detail},
    };
}

json item_json(const PackagedItem& item) {
    json out{
        {"camera", {{"id", to_string(item.camera_id)}, {"slug", item.camera_slug}, {"name", item.camera_name}}
        },
        {"stream", to_string(item.stream)},
        {"asked", interval(item.asked)},
        {"resolved", interval(item.granted)},
        {"is_outward", item.is_outward},
        {"videos", json::array()},
        {"gaps", json::array()},
    };
    for (const PackagedVideo& video : item.videos)
        out["videos"].push_back(video_json(video));
    for (const catalogue::GapRow& gap : item.gaps)
        out["gaps"].push_back(gap_json(gap));
    return out;
}

Bytes to_der(const std::array<std::uint8_t, 32>& key) {
    Bytes der{kDerHead.begin(), kDerHead.end()};
    der.insert(der.end(), key.begin(), key.end());
    return der;
}

std::unexpected<Error> bad_proof() {
    return failure(Remedy::refuse, std::string{kLedgerName} + " is no proof of this format");
}

template <std::size_t Size>
bool read_hex(const json& text, std::array<std::uint8_t, Size>& out) {
    const auto bytes = text.is_string() ? from_hex(text.get<std::string>()) : std::nullopt;
    if (!bytes || bytes->size() != Size) return false;
    std::ranges::copy(*bytes, out.begin());
    return true;
}

std::string text_of(const json& object, const char* name) {
    const auto found = object.find(name);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

}  // namespace

std::string video_name(std::size_t number, std::string_view slug, StreamKind stream, UtcTime from) {
    std::array<char, 24> digits{};
    static_cast<void>(std::snprintf(digits.data(), digits.size(), "%02zu_", number));
    std::string name = digits.data();
    name.append(slug.substr(0, 63)).append("_").append(to_string(stream)).append("_");
    return name + to_compact_utc(from) + ".mp4";
}

std::string to_manifest(const PackageFacts& facts, const ledger::VerifierKey& key) {
    json items = json::array();
    for (const PackagedItem& item : facts.items)
        items.push_back(item_json(item));
    return dump({
        {"format", "sluice-copy/1"},
        {"software", std::string{"sluice "} + SLUICE_VERSION},
        {"copy", to_string(facts.copy_id)},
        {"number", facts.number},
        {"request", to_string(facts.request_id)},
        {"grant", to_string(facts.grant_id)},
        {"dossier", facts.dossier},
        {"recipient", facts.recipient},
        {"custodian", facts.custodian},
        {"escort", facts.escort},
        {"decided", to_rfc3339(facts.decided)},
        {"made", to_rfc3339(facts.made)},
        {"due", to_rfc3339(facts.due)},
        {"signing_key", to_string(key)},
        {"ledger", kLedgerName},
        {"items", std::move(items)},
    });
}

std::string to_json(const LedgerProof& proof) {
    json path = json::array();
    for (const ledger::Hash& hash : proof.path)
        path.push_back(to_hex(hash));
    return dump({
        {"record", proof.record},
        {"salt", to_hex(proof.salt)},
        {"leaf_index", proof.index},
        {"tree_size", proof.size},
        {"inclusion_proof", std::move(path)},
        {"checkpoint", proof.checkpoint},
        {"log_key", proof.log_key},
    });
}

Result<LedgerProof> ledger_proof_from(std::string_view text) {
    const json object = json::parse(text, nullptr, false);
    if (!object.is_object() || !object.value("inclusion_proof", json{}).is_array() ||
        !object.value("leaf_index", json{}).is_number_unsigned() ||
        !object.value("tree_size", json{}).is_number_unsigned())
        return bad_proof();
    LedgerProof proof;
    if (!read_hex(object.value("salt", json{}), proof.salt)) return bad_proof();
    for (const json& step : object["inclusion_proof"])
        if (!read_hex(step, proof.path.emplace_back())) return bad_proof();
    proof.record = text_of(object, "record");
    proof.index = object["leaf_index"].get<std::uint64_t>();
    proof.size = object["tree_size"].get<std::uint64_t>();
    proof.checkpoint = text_of(object, "checkpoint");
    proof.log_key = text_of(object, "log_key");
    return proof;
}

std::string record_facts(const PackageFacts& facts) {
    json videos = json::array();
    for (const PackagedItem& item : facts.items)
        for (const PackagedVideo& video : item.videos)
            videos.push_back({
                {"file", video.name},
                {"sha256", to_hex(video.sha256)},
                {"bytes", video.bytes},
                {"camera", item.camera_slug},
                {"from", to_rfc3339(video.piece.range.from)},
                {"to", to_rfc3339(video.piece.range.to)},
            });
    return json{
        {"copy", to_string(facts.copy_id)},
        {"number", facts.number},
        {"request", to_string(facts.request_id)},
        {"grant", to_string(facts.grant_id)},
        {"dossier", facts.dossier},
        {"videos", std::move(videos)},
    }
        .dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string to_sums(const std::vector<Sum>& sums) {
    std::string text;
    for (const Sum& sum : sums)
        text += to_hex(sum.sha256) + "  " + sum.name + "\n";
    return text;
}

Result<std::vector<Sum>> sums_from(std::string_view text) {
    constexpr std::size_t digits = 64;
    std::vector<Sum> sums;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        const std::string_view line = text.substr(0, end);
        const auto hash = from_hex(line.substr(0, std::min(digits, line.size())));
        const bool is_line = end != std::string_view::npos && line.size() > digits + 2 && hash &&
                             line.substr(digits, 2) == "  " && is_member_name(line.substr(digits + 2));
        if (!is_line) return failure(Remedy::refuse, std::string{kSumsName} + " has a line that is none");
        Sum sum{.name = std::string{line.substr(digits + 2)}, .sha256 = {}};
        std::ranges::copy(*hash, sum.sha256.begin());
        sums.push_back(std::move(sum));
        text.remove_prefix(end + 1);
    }
    return sums;
}

std::string to_pem(const ledger::VerifierKey& key) {
    return std::string{kPemBegin} + to_base64(to_der(key.key)) + std::string{kPemEnd};
}

Result<std::array<std::uint8_t, 32>> key_from_pem(std::string_view pem) {
    const auto refuse = [] {
        return failure(Remedy::refuse, std::string{kKeyName} + " is no Ed25519 key in PEM");
    };
    if (!pem.starts_with(kPemBegin) || !pem.ends_with(kPemEnd)) return refuse();
    if (pem.size() < kPemBegin.size() + kPemEnd.size()) return refuse();
    const std::string_view body =
        pem.substr(kPemBegin.size(), pem.size() - kPemBegin.size() - kPemEnd.size());
    const auto der = from_base64(body);
    std::array<std::uint8_t, 32> key{};
    if (!der || der->size() != kDerHead.size() + key.size() ||
        !std::ranges::equal(ByteView{*der}.first(kDerHead.size()), kDerHead))
        return refuse();
    std::ranges::copy(ByteView{*der}.subspan(kDerHead.size()), key.begin());
    return key;
}

std::string fingerprint(const std::array<std::uint8_t, 32>& key) {
    return to_hex(sha256(to_der(key)));
}

}  // namespace sluice::release
