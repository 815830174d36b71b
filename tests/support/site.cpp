#include "tests/support/site.hpp"

#include "config/base/files.hpp"
#include "storage/volume/installation.hpp"
#include "storage/volume/journal.hpp"
#include "storage/volume/volume.hpp"
#include "tests/support/eventually.hpp"

#include <algorithm>
#include <csignal>
#include <fstream>
#include <stdexcept>

#include <fmt/format.h>

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

template <class T>
T value_or_throw(Result<T> result) {
    if (!result) throw std::runtime_error(result.error().describe());
    return std::move(*result);
}

void write(const std::filesystem::path& path, const std::string& text, unsigned mode) {
    if (const Status written = replace_file(path, text, mode); !written)
        throw std::runtime_error(written.error().describe());
}

std::size_t count_files(const std::filesystem::path& root, const std::string& extension) {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator{root})
        if (entry.path().extension() == extension) ++count;
    return count;
}

/// In the journal, which a volume that is away does not show.
std::size_t count_unknown_gaps(const std::filesystem::path& root) {
    constexpr std::size_t all = 1'000'000;
    const auto batch = volume::read_journal(root, {}, all);
    if (!batch) return 0;
    return static_cast<std::size_t>(std::ranges::count_if(batch->lines, [](const volume::JournalLine& line) {
        const auto* const gap = std::get_if<volume::GapOpened>(&line.fact);
        return gap != nullptr && gap->cause == GapCause::unknown;
    }));
}

}  // namespace

Site::Site(SiteOptions options) : options_(std::move(options)) {
    if (options_.volumes.empty()) options_.volumes.push_back(folder() / "volume1");
    std::filesystem::create_directories(data() / "run");
    std::filesystem::create_directories(data() / "locks");
    const UtcTime now = RealClock{}.now();
    const auto installation = value_or_throw(volume::ensure_installation(data(), now));
    volume::RealFiles files;
    for (const std::filesystem::path& root : volumes()) {
        std::filesystem::create_directories(root);
        value_or_throw(volume::create_identity(files, root, installation.installation_id, now));
    }
}

Site::Site(std::string segment, std::string durability_window)
    : Site(SiteOptions{.segment = std::move(segment), .durability_window = std::move(durability_window)}) {}

void Site::write_config(const std::vector<SiteCamera>& cameras) const {
    std::string roots;
    for (const std::filesystem::path& root : volumes())
        roots += fmt::format("{}\"{}\"", roots.empty() ? "" : ", ", root.string());
    std::string text = fmt::format(
        "data = \"{}\"\n[storage]\nvolumes = [{}]\nsegment = \"{}\"\ndurability_window = \"{}\"\nreserve "
        "= \"{}\"\nreserve_percent = 0\n{}[database]\nurl = \"{}\"\n",
        data().string(),
        roots,
        options_.segment,
        options_.durability_window,
        options_.reserve,
        options_.ring.empty() ? "" : fmt::format("ring = \"{}\"\n", options_.ring),
        database_.conninfo("sluice_recorder") + " " + options_.database_options
    );
    for (const SiteCamera& camera : cameras) {
        text += fmt::format("[[recorders]]\nslug = \"r-{}\"\n", camera.slug);
        if (!camera.username.empty()) {
            const auto file = folder() / (camera.slug + ".password");
            write(file, camera.password + "\n", 0600);
            text +=
                fmt::format("username = \"{}\"\npassword_file = \"{}\"\n", camera.username, file.string());
        }
        text += fmt::format(
            "  [[recorders.cameras]]\n  slug = \"{}\"\n  name = \"大廳 {}\"\n  url = \"{}\"\n  transport = "
            "\"{}\"\n",
            camera.slug,
            camera.slug,
            camera.url,
            camera.is_udp ? "udp" : "tcp"
        );
    }
    write(folder() / "sluice.toml", text, 0644);
}

void Site::start_recorder(const std::vector<std::string>& environment) {
    const UtcTime before = RealClock{}.now();
    ProcessOptions options;
    options.log = folder() / "recorder.log";
    options.environment = environment;
    auto started = Process::start(
        {SLUICE_BIN_DIR "/" + options_.recorder, "--config", (folder() / "sluice.toml").string()}, options
    );
    if (!started) throw std::runtime_error(started.error().describe());
    recorder_ = std::move(*started);
    const bool is_up = eventually(20s, [&] {
        const auto now = status();
        return (now && now->started >= before) || !recorder_.is_running();
    });
    if (!is_up || !recorder_.is_running())
        throw std::runtime_error("the recorder does not come up:\n" + recorder_.output());
}

std::chrono::milliseconds Site::stop_recorder(std::chrono::milliseconds limit) {
    const auto begin = std::chrono::steady_clock::now();
    recorder_.send_signal(SIGTERM);
    const auto ended = recorder_.wait_for_exit(limit);
    if (!ended) throw std::runtime_error("the recorder does not stop:\n" + recorder_.output());
    if (*ended != ExitStatus{})
        throw std::runtime_error(
            fmt::format("the recorder ended with {} signal {}", ended->code, ended->signal)
        );
    for (const std::filesystem::path& root : volumes())
        if (const std::size_t unexplained = count_unknown_gaps(root); unexplained > 0)
            throw std::runtime_error(
                fmt::format("{}: {} gaps of the cause unknown", root.string(), unexplained)
            );
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
}

std::optional<status::RecorderStatus> Site::status() const {
    auto loaded = status::load(status::status_path(data()));
    if (!loaded) return std::nullopt;
    return std::move(*loaded);
}

std::optional<status::StreamStatus> Site::stream_status(const std::string& slug) const {
    const auto all = status();
    if (!all) return std::nullopt;
    for (const status::StreamStatus& stream : all->streams)
        if (stream.camera_slug == slug) return stream;
    return std::nullopt;
}

std::uint64_t Site::frames(const std::string& slug) const {
    const auto stream = stream_status(slug);
    return stream ? stream->frames : 0;
}

std::string Site::recorder_log() const {
    const auto text = read_text_file(folder() / "recorder.log", std::size_t{64} << 20U);
    return text ? *text : std::string{};
}

std::vector<std::string> Site::gap_causes(const std::string& slug) const {
    const std::string all = database_.query(fmt::format(
        "SELECT string_agg(g.cause || ' ' || coalesce(round(extract(epoch FROM g.to_at - "
        "g.from_at)::numeric, 1)::text, "
        "'open'), E'\\n' ORDER BY g.from_at) FROM gaps g JOIN streams s ON s.id = g.stream_id JOIN cameras c "
        "ON c.id = "
        "s.camera_id WHERE c.slug = '{}'",
        slug
    ));
    std::vector<std::string> causes;
    for (std::size_t at = 0; at < all.size();) {
        const std::size_t end = std::min(all.find('\n', at), all.size());
        causes.push_back(all.substr(at, end - at));
        at = end + 1;
    }
    return causes;
}

catalogue::Coverage Site::coverage(const std::string& slug) const {
    return coverage_of(database_.conninfo("sluice_api"), slug);
}

std::string joined(const std::vector<std::string>& texts) {
    std::string all;
    for (const std::string& text : texts)
        all += text + "; ";
    return all;
}

catalogue::Coverage coverage_of(const std::string& conninfo, const std::string& slug) {
    catalogue::Pool pool{conninfo, 1};
    const auto camera = value_or_throw(catalogue::find_camera(pool, slug));
    if (!camera) throw std::runtime_error("no camera " + slug + " in the catalogue");
    const auto stream = value_or_throw(catalogue::find_stream(pool, camera->id, StreamKind::main));
    if (!stream) throw std::runtime_error("no main stream of " + slug);
    const UtcTime now = RealClock{}.now();
    return value_or_throw(catalogue::load_coverage(
        pool, stream->id, StreamKind::main, {now - std::chrono::hours{6}, now + std::chrono::hours{1}}
    ));
}

bool Site::await_catalogue(std::chrono::milliseconds limit) const {
    return eventually(
        limit,
        [&] {
            const auto now = status();
            if (!now || now->catalogue_backlog != 0 || !now->database_connected) return false;
            const std::string finished =
                database_.query("SELECT count(*) FROM segments WHERE state = 'finished'");
            std::size_t files = 0;
            for (const std::filesystem::path& root : volumes())
                files += count_files(root / "live", ".mp4");
            return std::stoul(finished) == files;
        },
        100ms
    );
}

std::function<bool(const SentPicture&)>
in_gap_of(const catalogue::Coverage& coverage, GapCause cause, std::chrono::milliseconds slack) {
    return [gaps = coverage.gaps, cause, slack](const SentPicture& picture) {
        const UtcTime at = from_epoch_us(picture.sent_us);
        return std::ranges::any_of(gaps, [&](const catalogue::GapRow& gap) {
            return gap.cause == cause && at > gap.from - slack && (!gap.to || at < *gap.to + slack);
        });
    };
}

std::vector<std::string>
check_no_hole(const catalogue::Coverage& coverage, UtcTime until, std::chrono::milliseconds slack) {
    struct Stretch {
        TimeRange range;
        std::string what;
    };
    std::vector<Stretch> all;
    for (const catalogue::CoverageRow& row : coverage.covered)
        all.push_back({row.range, "footage"});
    for (const catalogue::GapRow& gap : coverage.gaps)
        all.push_back({{gap.from, gap.to.value_or(until)}, "gap " + std::string{to_string(gap.cause)}});
    std::ranges::sort(all, {}, [](const Stretch& stretch) {
        return std::pair{stretch.range.from, stretch.range.to};
    });
    std::vector<std::string> problems;
    for (const catalogue::GapRow& gap : coverage.gaps)
        if (gap.cause == GapCause::unknown)
            problems.push_back("a gap of the cause unknown from " + to_rfc3339(gap.from));
    for (std::size_t i = 1; i < all.size(); ++i) {
        const Microseconds step = all[i].range.from - all[i - 1].range.to;
        if (step > slack || step < -slack)
            problems.push_back(fmt::format(
                "{} until {}, then {} from {}",
                all[i - 1].what,
                to_rfc3339(all[i - 1].range.to),
                all[i].what,
                to_rfc3339(all[i].range.from)
            ));
    }
    if (all.empty() || until - all.back().range.to > slack)
        problems.push_back(
            all.empty() ? "neither footage nor gap" : "nothing after " + to_rfc3339(all.back().range.to)
        );
    return problems;
}

}  // namespace sluice::test
