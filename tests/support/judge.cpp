#include "tests/support/judge.hpp"

#include "config/base/bytes.hpp"
#include "config/base/unique_fd.hpp"
#include "tests/support/farm/nal.hpp"
#include "tests/support/media.hpp"
#include "tests/support/process.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <set>

#include <fcntl.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace sluice::test {
namespace {

Bytes read_bytes(const std::filesystem::path& path) {
    std::ifstream in{path, std::ios::binary};
    return Bytes{std::istreambuf_iterator<char>{in}, std::istreambuf_iterator<char>{}};
}

/// The lines that are whole JSON objects; the last may still be under way.
std::vector<nlohmann::json> load_lines(const std::filesystem::path& path) {
    std::vector<nlohmann::json> lines;
    std::ifstream in{path};
    for (std::string line; std::getline(in, line);) {
        auto object = nlohmann::json::parse(line, nullptr, false);
        if (object.is_object()) lines.push_back(std::move(object));
    }
    return lines;
}

bool has_complete_sets(Codec codec, ByteView sample) {
    std::set<unsigned> types;
    while (sample.size() > 4) {
        const std::size_t size = static_cast<std::size_t>(sample[0]) << 24U |
                                 static_cast<std::size_t>(sample[1]) << 16U |
                                 static_cast<std::size_t>(sample[2]) << 8U | sample[3];
        if (size == 0 || size > sample.size() - 4) break;
        const ByteView nal = sample.subspan(4, size);
        if (farm::is_parameter_set(codec, nal))
            types.insert(codec == Codec::h264 ? nal[0] & 0x1fU : nal[0] >> 1U & 0x3fU);
        sample = sample.subspan(4 + size);
    }
    return types.size() == (codec == Codec::h264 ? 2 : 3);
}

std::string load_segment(const std::filesystem::path& path, RecordedSegment& segment) {
    const UniqueFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    auto file = mp4::read_segment(fd.get(), UINT64_MAX);
    if (!file) return path.string() + ": " + file.error().describe();
    segment.path = path;
    segment.file = std::move(*file);
    const Bytes bytes = read_bytes(path);
    segment.sha256 = sha256(bytes);
    const Codec codec = segment.file.format.codec;
    for (const mp4::Fragment& fragment : segment.file.index.fragments) {
        std::uint64_t at = fragment.data_offset;
        for (std::uint32_t i = 0; i < fragment.sample_count; ++i) {
            const mp4::Sample& sample = segment.file.index.samples[fragment.first_sample + i];
            if (at + sample.size_bytes > bytes.size())
                return path.string() + ": a sample lies outside of the file";
            const ByteView data = ByteView{bytes}.subspan(at, sample.size_bytes);
            segment.pictures.push_back(to_hex(farm::picture_hash_of_sample(codec, data)));
            segment.has_sets.push_back(has_complete_sets(codec, data));
            at += sample.size_bytes;
        }
    }
    return {};
}

/// Decode time right behind a fragment's last sample.
std::uint64_t end_of(const RecordedSegment& segment, const mp4::Fragment& fragment) {
    std::uint64_t end = fragment.base_decode_time;
    for (std::uint32_t i = 0; i < fragment.sample_count; ++i)
        end += segment.file.index.samples[fragment.first_sample + i].duration;
    return end;
}

std::string check_key_pictures(const RecordedSegment& segment) {
    const auto& samples = segment.file.index.samples;
    if (samples.empty())
        return segment.is_finished() ? segment.path.string() + ": no samples (I3)" : std::string{};
    if (!samples.front().is_key) return segment.path.string() + ": does not begin with a key frame (I7)";
    for (std::size_t i = 0; i < samples.size(); ++i)
        if (samples[i].is_key && !segment.has_sets[i])
            return fmt::format("{}: key frame {} without its parameter sets (I7)", segment.path.string(), i);
    return {};
}

std::string check_link(const RecordedSegment& before, const RecordedSegment& after) {
    const mp4::SegmentInfo& info = after.file.info;
    if (info.run_id != before.file.info.run_id)
        return info.sequence == 0 ? std::string{}
                                  : after.path.string() + ": a run that does not begin at 0 (I6)";
    if (info.sequence != before.file.info.sequence + 1) return after.path.string() + ": sequence broken (I6)";
    if (before.volume != after.volume && !info.previous_sha256) return {};
    if (!info.previous_sha256 || *info.previous_sha256 != before.sha256)
        return after.path.string() + ": does not hold its forerunner's hash (I9)";
    return {};
}

/// The fragments of a run follow each other in media time, over the borders of files.
std::vector<std::string> check_media_time(const Footage& footage, bool may_pause) {
    std::vector<std::string> problems;
    std::optional<std::uint64_t> end;
    Uuid run;
    for (const RecordedSegment& segment : footage.segments) {
        if (segment.file.info.run_id != run) end.reset();
        run = segment.file.info.run_id;
        for (const mp4::Fragment& fragment : segment.file.index.fragments) {
            const std::uint64_t found = fragment.base_decode_time;
            if (end && (found < *end || (found > *end && !may_pause)))
                problems.push_back(
                    fmt::format("{}: media time goes on at {}, not {}", segment.path.string(), found, *end)
                );
            end = end_of(segment, fragment);
        }
    }
    return problems;
}

std::string check_file(const RecordedSegment& segment) {
    const Verdict verdict = judge(segment.path);
    const std::string path = segment.path.string();
    if (!verdict.errors.empty()) return path + ": " + verdict.errors.substr(0, 300);
    if (!verdict.has_monotone_dts) return path + ": DTS not monotone";
    if (verdict.frames != segment.pictures.size())
        return fmt::format("{}: {} decoded, {} recorded", path, verdict.frames, segment.pictures.size());
    const auto& fragments = segment.file.index.fragments;
    const std::uint64_t ticks = end_of(segment, fragments.back()) - fragments.front().base_decode_time;
    const double seconds = static_cast<double>(ticks) / mp4::kTimescale;
    // ffprobe measures to the last PTS, which a file that was cut between B-frames shows ahead of its DTS.
    std::int32_t ahead = 0;
    for (const mp4::Sample& sample : segment.file.index.samples)
        ahead = std::max(ahead, sample.composition_offset);
    if (std::abs(verdict.duration_seconds - seconds) > 0.1 + static_cast<double>(ahead) / mp4::kTimescale)
        return fmt::format(
            "{}: {} s by ffprobe, {} s by its samples", path, verdict.duration_seconds, seconds
        );
    return {};
}

void add_unless_empty(std::vector<std::string>& problems, std::string problem) {
    if (!problem.empty()) problems.push_back(std::move(problem));
}

/// Numbers of the pictures recorded, in the order of recording.
struct Recorded {
    std::vector<std::uint64_t> numbers;
    std::set<std::uint64_t> known;
    std::vector<std::string> problems;
    std::size_t unknown = 0;
};

Recorded identify(const Footage& footage, const std::vector<SentPicture>& sent) {
    std::map<std::string, std::uint64_t> number_of;
    std::set<std::string> bare;  // pictures that lost no more than our SEI are still whole
    for (const SentPicture& picture : sent) {
        number_of[picture.sha256] = picture.number;
        if (!picture.bare.empty()) bare.insert(picture.bare);
    }
    Recorded recorded;
    for (const RecordedSegment& segment : footage.segments) {
        for (const std::string& hash : segment.pictures) {
            const auto found = number_of.find(hash);
            if (found == number_of.end()) {
                if (!bare.contains(hash)) ++recorded.unknown;
                continue;
            }
            if (!recorded.known.insert(found->second).second)
                recorded.problems.push_back(fmt::format("picture {} is recorded twice", found->second));
            if (!recorded.numbers.empty() && recorded.numbers.back() > found->second)
                recorded.problems.push_back(
                    fmt::format("picture {} stands behind {}", found->second, recorded.numbers.back())
                );
            recorded.numbers.push_back(found->second);
        }
    }
    return recorded;
}

std::vector<std::filesystem::path>
find_footage(const std::filesystem::path& volume, const std::string& camera_slug, StreamKind stream) {
    std::vector<std::filesystem::path> paths;
    if (!std::filesystem::exists(volume / "live")) return paths;
    for (const auto& day : std::filesystem::directory_iterator{volume / "live"}) {
        const auto folder = day.path() / camera_slug / std::string{to_string(stream)};
        if (!std::filesystem::exists(folder)) continue;
        for (const auto& file : std::filesystem::directory_iterator{folder})
            if (file.path().extension() == ".mp4" || file.path().extension() == ".part")
                paths.push_back(file.path());
    }
    return paths;
}

std::vector<SentPicture> missing_of(const Recorded& recorded, const std::vector<SentPicture>& sent) {
    std::vector<SentPicture> missing;
    std::set<int> begun;  // sessions whose first key picture has come
    for (const SentPicture& picture : sent) {
        if (picture.is_key && picture.packets_dropped == 0) begun.insert(picture.session);
        if (begun.contains(picture.session) && !recorded.known.contains(picture.number))
            missing.push_back(picture);
    }
    return missing;
}

}  // namespace

std::vector<SentPicture>
find_missing(const Footage& footage, const std::vector<SentPicture>& sent, std::int64_t until_us) {
    std::vector<SentPicture> missing = missing_of(identify(footage, sent), sent);
    std::erase_if(missing, [&](const SentPicture& picture) { return picture.sent_us > until_us; });
    return missing;
}

std::function<bool(const SentPicture&)> sent_to_nobody(const std::vector<SentPicture>& sent) {
    std::map<int, std::int64_t> begun_us;  // by session
    for (const SentPicture& picture : sent)
        begun_us.emplace(picture.session, picture.sent_us);
    return [begun_us](const SentPicture& picture) {
        const auto next = begun_us.upper_bound(picture.session);
        return next != begun_us.end() && next->second < picture.sent_us;
    };
}

std::vector<SentPicture> load_sent(const std::filesystem::path& log) {
    std::vector<SentPicture> sent;
    for (const nlohmann::json& line : load_lines(log)) {
        if (!line.contains("picture")) continue;
        SentPicture picture;
        picture.number = line.at("picture").get<std::uint64_t>();
        picture.session = line.at("session").get<int>();
        picture.is_key = line.at("key").get<bool>();
        picture.pts = line.at("pts").get<std::int64_t>();
        picture.sha256 = line.at("sha256").get<std::string>();
        picture.bare = line.value("bare", "");
        picture.bytes = line.at("bytes").get<std::uint64_t>();
        picture.packets_dropped = line.at("dropped").get<std::uint64_t>();
        picture.fault = line.at("fault").get<std::string>();
        picture.sent_us = line.at("sent_us").get<std::int64_t>();
        sent.push_back(std::move(picture));
    }
    return sent;
}

std::vector<std::int64_t> load_events(const std::filesystem::path& log, const std::string& event) {
    std::vector<std::int64_t> times;
    for (const nlohmann::json& line : load_lines(log))
        if (line.value("event", "") == event) times.push_back(line.at("at_us").get<std::int64_t>());
    return times;
}

std::size_t Footage::pictures() const {
    std::size_t count = 0;
    for (const RecordedSegment& segment : segments)
        count += segment.pictures.size();
    return count;
}

std::size_t Footage::runs() const {
    std::set<Uuid> runs;
    for (const RecordedSegment& segment : segments)
        runs.insert(segment.file.info.run_id);
    return runs.size();
}

Footage load_footage(const std::filesystem::path& volume, const std::string& camera_slug, StreamKind stream) {
    return load_footage(std::vector{volume}, camera_slug, stream);
}

Footage load_footage(
    const std::vector<std::filesystem::path>& volumes,
    const std::string& camera_slug,
    StreamKind stream
) {
    Footage footage;
    for (const std::filesystem::path& volume : volumes) {
        for (const auto& path : find_footage(volume, camera_slug, stream)) {
            RecordedSegment segment;
            segment.volume = volume;
            std::string problem = load_segment(path, segment);
            if (problem.empty()) {
                footage.segments.push_back(std::move(segment));
            } else {
                footage.problems.push_back(std::move(problem));
            }
        }
    }
    std::ranges::sort(footage.segments, [](const RecordedSegment& a, const RecordedSegment& b) {
        const auto key = [](const RecordedSegment& segment) {
            const mp4::SegmentInfo& info = segment.file.info;
            return std::tuple{info.run_started, info.run_id, info.sequence};
        };
        return key(a) < key(b);
    });
    return footage;
}

std::vector<std::string> check_structure(const Footage& footage, bool may_pause) {
    std::vector<std::string> problems = footage.problems;
    for (std::string& problem : check_media_time(footage, may_pause))
        problems.push_back(std::move(problem));
    const RecordedSegment* before = nullptr;
    for (const RecordedSegment& segment : footage.segments) {
        add_unless_empty(problems, check_key_pictures(segment));
        if (before != nullptr) add_unless_empty(problems, check_link(*before, segment));
        before = &segment;
    }
    return problems;
}

std::vector<std::string> check_decodable(const Footage& footage, std::size_t files) {
    std::vector<std::string> problems;
    for (const RecordedSegment& segment : footage.segments) {
        if (!segment.is_finished()) continue;
        if (files-- == 0) break;
        add_unless_empty(problems, check_file(segment));
    }
    return problems;
}

std::vector<std::string> check_pictures_decode(const Footage& footage) {
    std::vector<std::string> problems;
    for (const RecordedSegment& segment : footage.segments) {
        const auto probe = run_to_end(
            {"ffprobe",
             "-v",
             "error",
             "-count_frames",
             "-show_entries",
             "stream=nb_read_frames",
             "-of",
             "csv=p=0",
             segment.path.string()},
            std::chrono::seconds{60}
        );
        const std::string expected = std::to_string(segment.pictures.size()) + "\n";
        if (!probe || !probe->errors.empty() || probe->output != expected)
            problems.push_back(
                segment.path.string() + ": " + (probe ? probe->errors + probe->output : "no ffprobe")
            );
    }
    return problems;
}

std::vector<std::string>
check_complete(const Footage& footage, const std::vector<SentPicture>& sent, const Allowance& allowance) {
    const Recorded recorded = identify(footage, sent);
    std::vector<std::string> problems = recorded.problems;
    if (recorded.unknown > 0)
        problems.push_back(fmt::format("{} recorded pictures were never sent", recorded.unknown));
    for (const SentPicture& picture : missing_of(recorded, sent)) {
        if (picture.sent_us > allowance.until_us || (allowance.may_miss && allowance.may_miss(picture)))
            continue;
        problems.push_back(fmt::format(
            "picture {} of session {} is missing (key {}, fault '{}', sent {})",
            picture.number,
            picture.session,
            picture.is_key,
            picture.fault,
            to_rfc3339(from_epoch_us(picture.sent_us))
        ));
    }
    return problems;
}

std::vector<std::string>
check_times(const Footage& footage, const std::vector<SentPicture>& sent, std::chrono::milliseconds slack) {
    std::map<std::string, std::int64_t> sent_at;
    for (const SentPicture& picture : sent)
        sent_at[picture.sha256] = picture.sent_us;
    std::vector<std::string> problems;
    for (const RecordedSegment& segment : footage.segments) {
        for (const mp4::Fragment& fragment : segment.file.index.fragments) {
            const auto found = sent_at.find(segment.pictures[fragment.first_sample]);
            if (found == sent_at.end()) continue;
            const Microseconds error{to_epoch_us(fragment.wall) - found->second};
            if (error > slack || error < -slack)
                problems.push_back(fmt::format(
                    "{}: a fragment of {} holds what was sent at {}",
                    segment.path.string(),
                    to_rfc3339(fragment.wall),
                    to_rfc3339(from_epoch_us(found->second))
                ));
        }
    }
    return problems;
}

std::string first_of(const std::vector<std::string>& problems) {
    std::string text;
    for (std::size_t i = 0; i < std::min<std::size_t>(5, problems.size()); ++i)
        text += problems[i] + "\n";
    if (problems.size() > 5) text += fmt::format("… and {} more", problems.size() - 5);
    return text;
}

}  // namespace sluice::test
