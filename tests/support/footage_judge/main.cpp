// footage-judge: is on a volume what the farm has sent? For benchmarks, which are void otherwise.
#include "storage/mp4/types.hpp"
#include "tests/support/judge.hpp"

#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include <sys/stat.h>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace {

using namespace sluice;

struct Options {
    std::string log_folder;
    std::string volume;
    std::int64_t until_us = INT64_MAX;
    bool with_fragments = false;
    std::vector<std::string> cameras;
};

/// Where each fragment ends, in its file and on the clock, and when its last picture left the camera.
nlohmann::json fragments_of(
    const std::string& camera,
    const test::Footage& footage,
    const std::vector<test::SentPicture>& sent
) {
    std::map<std::string, std::int64_t> sent_us;
    for (const test::SentPicture& picture : sent)
        sent_us[picture.sha256] = picture.sent_us;
    nlohmann::json found = nlohmann::json::array();
    for (const test::RecordedSegment& segment : footage.segments) {
        struct stat file{};
        if (::stat(segment.path.c_str(), &file) != 0) continue;
        const mp4::SegmentIndex& index = segment.file.index;
        for (std::size_t i = 0; i < index.fragments.size(); ++i) {
            const mp4::Fragment& fragment = index.fragments[i];
            std::uint64_t bytes = fragment.data_offset;
            std::uint64_t ticks = 0;
            for (std::uint32_t n = fragment.first_sample; n < fragment.first_sample + fragment.sample_count;
                 ++n) {
                bytes += index.samples[n].size_bytes;
                ticks += index.samples[n].duration;
            }
            const auto last =
                sent_us.find(segment.pictures[fragment.first_sample + fragment.sample_count - 1]);
            if (last == sent_us.end()) continue;  // check_complete tells of it
            const auto length_us = static_cast<std::int64_t>(ticks * 1'000'000 / mp4::kTimescale);
            found.push_back(
                {{"camera", camera},
                 {"inode", file.st_ino},
                 {"end_byte", bytes},
                 {"end_us", to_epoch_us(fragment.wall) + length_us},
                 {"last_sent_us", last->second}}
            );
        }
    }
    return found;
}

nlohmann::json judge(const Options& options) {
    std::vector<std::string> problems;
    std::size_t pictures = 0;
    std::size_t sent_pictures = 0;
    nlohmann::json fragments = nlohmann::json::array();
    for (const std::string& camera : options.cameras) {
        const auto sent = test::load_sent(options.log_folder + "/" + camera + ".jsonl");
        const test::Footage footage = test::load_footage(options.volume, camera);
        std::vector<std::string> found = test::check_structure(footage);
        for (std::string& problem : test::check_complete(footage, sent, {.until_us = options.until_us}))
            found.push_back(std::move(problem));
        for (const test::SentPicture& picture : sent)
            if (picture.session != 1) {
                found.emplace_back("more than one session");
                break;
            }
        for (const std::string& problem : found)
            problems.push_back(camera + ": " + problem);
        pictures += footage.pictures();
        sent_pictures += sent.size();
        if (options.with_fragments)
            for (auto& fragment : fragments_of(camera, footage, sent))
                fragments.push_back(std::move(fragment));
    }
    return {
        {"problems", problems},
        {"pictures", pictures},
        {"sent", sent_pictures},
        {"fragments", std::move(fragments)}
    };
}

}  // namespace

int main(int count, char** arguments) {
    Options options;
    CLI::App app{"Compares every picture on a volume with the farm's logs; prints one JSON object"};
    app.add_option("--log", options.log_folder, "the farm's --log")
        ->required()
        ->check(CLI::ExistingDirectory);
    app.add_option("--volume", options.volume)->required()->check(CLI::ExistingDirectory);
    app.add_option("--until-us", options.until_us, "pictures sent later may be missing");
    app.add_flag(
        "--fragments",
        options.with_fragments,
        "also the end of each fragment, and when its last picture was sent"
    );
    app.add_option("camera", options.cameras, "slugs, which are the farm's names too")->required();
    try {
        app.parse(count, arguments);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;
    }
    fmt::print("{}\n", judge(options).dump());
    return 0;
}
