#include "storage/volume/journal.hpp"

#include "storage/volume/list_folder.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sluice::volume {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSuffix = ".jsonl";
constexpr std::size_t kDayLength = 10;
constexpr int kLastContinuation = 99;
constexpr std::size_t kPieceBytes = 65'536;

fs::path folder_of(const fs::path& root) {
    return root / "journal";
}

/// "2026-11-23.jsonl" or "2026-11-23_02.jsonl"; other files in the folder are not ours.
bool is_journal(const FolderEntry& entry) {
    constexpr std::string_view pattern = "dddd-dd-dd_dd.jsonl";
    std::string_view name = entry.name;
    const bool has_number = name.size() == pattern.size();
    if (entry.is_folder || (!has_number && name.size() != kDayLength + kSuffix.size())) return false;
    return name.ends_with(kSuffix) && std::ranges::equal(
                                          name.substr(0, name.size() - kSuffix.size()),
                                          pattern.substr(0, name.size() - kSuffix.size()),
                                          [](char letter, char wanted) {
                                              return wanted == 'd' ? letter >= '0' && letter <= '9'
                                                                   : letter == wanted;
                                          }
                                      );
}

/// Names of the journal's files, oldest first: "2026-11-23.jsonl" < "2026-11-23_02.jsonl" <
/// "2026-11-24.jsonl".
Result<std::vector<std::string>> list_files(const fs::path& root) {
    const auto entries = list_folder(folder_of(root));
    std::vector<std::string> names;
    if (!entries) {
        if (entries.error().code() == std::errc::no_such_file_or_directory) return names;
        return std::unexpected(entries.error());
    }
    for (const FolderEntry& entry : *entries) {
        if (is_journal(entry)) names.push_back(entry.name);
    }
    return names;
}

/// The file after `name` on the same day: "…_02.jsonl", "…_03.jsonl"; nullopt after the last.
std::optional<std::string> next_of_day(const std::string& name) {
    int number = 1;
    if (name[kDayLength] == '_') number = (name[11] - '0') * 10 + (name[12] - '0');
    if (number < 1 || number >= kLastContinuation) return std::nullopt;
    ++number;
    std::string next = name.substr(0, kDayLength) + "_";
    next += static_cast<char>('0' + number / 10);
    next += static_cast<char>('0' + number % 10);
    return next + std::string{kSuffix};
}

}  // namespace

Journal::Journal(DurableFiles& files, fs::path root) : files_(files), root_(std::move(root)) {}

Status Journal::append(std::span<const JournalLine> lines) {
    std::string text;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        text += to_line(lines[i]);
        const std::string day = to_utc_day(lines[i].written);
        const bool is_last_of_day = i + 1 == lines.size() || to_utc_day(lines[i + 1].written) != day;
        if (!is_last_of_day) continue;
        if (auto done = append_to_day(day, text); !done) {
            fd_.reset();  // opened anew next time, which looks at how the file ends
            return done;
        }
        text.clear();
    }
    return {};
}

Status Journal::append_to_day(const std::string& day, std::string_view text) {
    if (auto opened = open_for(day); !opened) return opened;
    const std::array<ByteView, 1> pieces{as_bytes(text)};
    if (auto written = files_.write(fd_.get(), pieces); !written) return written;
    auto synced = files_.sync_data(fd_.get());
    if (!synced) is_distrusted_ = true;  // I4
    return synced;
}

Status Journal::open_for(const std::string& day) {
    if (fd_.is_open() && day <= file_.substr(0, kDayLength)) return {};
    if (auto made = make_directories(files_, root_, folder_of(root_)); !made) return made;
    const auto names = list_files(root_);
    if (!names) return std::unexpected(names.error());
    std::string name = day + std::string{kSuffix};
    if (!names->empty()) name = std::max(name, names->back());
    if (is_distrusted_ && name == file_) {
        const auto next = next_of_day(name);
        if (!next)
            return failure(Remedy::abandon_file, "too many syncs of the journal failed today: " + name);
        name = *next;
    }
    const fs::path path = folder_of(root_) / name;
    const bool is_there = std::ranges::find(*names, name) != names->end();
    auto fd = is_there ? files_.open_existing(path) : files_.create(path);
    if (!fd) return std::unexpected(fd.error());
    // Also for one that was there: its maker may have been killed before this step.
    if (auto synced = files_.sync_directory(folder_of(root_)); !synced) return synced;
    fd_ = std::move(*fd);
    file_ = name;
    is_distrusted_ = false;
    return close_torn_line();
}

Status Journal::close_torn_line() {
    struct stat found{};
    char last = '\n';
    if (::fstat(fd_.get(), &found) != 0 ||
        (found.st_size > 0 && ::pread(fd_.get(), &last, 1, found.st_size - 1) != 1)) {
        return errno_error(Remedy::abandon_file, "cannot read the end of " + path_of(fd_.get()));
    }
    if (last == '\n') return {};
    const std::array<ByteView, 1> newline{as_bytes("\n")};
    return files_.write(fd_.get(), newline);
}

namespace {

/// Hands out the lines of one file from an offset on, in bounded memory.
class LineReader {
public:
    LineReader(UniqueFd fd, std::uint64_t offset) : fd_(std::move(fd)), read_to_(offset), consumed_(offset) {}

    struct Line {
        std::string text;
        bool is_too_long = false;  ///< and `text` holds none of it
    };
    /// The next line that has its newline; nullopt at the end. Error: operator_acts.
    Result<std::optional<Line>> next();

    [[nodiscard]] std::uint64_t consumed() const noexcept { return consumed_; }
    /// After the last line: bytes without a newline follow.
    [[nodiscard]] bool has_rest() const noexcept { return read_to_ > consumed_; }

private:
    Result<bool> fill();

    UniqueFd fd_;
    std::string buffer_;
    std::size_t begin_ = 0;     ///< of the next line in buffer_
    std::size_t searched_ = 0;  ///< from begin_ to here there is no newline
    std::uint64_t read_to_;     ///< file offset after buffer_
    std::uint64_t consumed_;    ///< file offset after the last line given
    bool skips_ = false;        ///< inside a line over the limit
};

Result<std::optional<LineReader::Line>> LineReader::next() {
    for (;;) {
        const std::size_t newline = buffer_.find('\n', searched_);
        if (newline != std::string::npos) {
            const std::size_t size = newline - begin_;
            Line line{.text = {}, .is_too_long = skips_ || size > kJournalLineLimit};
            if (!line.is_too_long) line.text = buffer_.substr(begin_, size);
            begin_ = searched_ = newline + 1;
            skips_ = false;
            consumed_ = read_to_ - (buffer_.size() - begin_);
            return line;
        }
        if (buffer_.size() - begin_ > kJournalLineLimit) {
            skips_ = true;
            begin_ = buffer_.size();
        }
        buffer_.erase(0, std::exchange(begin_, 0));
        searched_ = buffer_.size();
        const auto more = fill();
        if (!more) return std::unexpected(more.error());
        if (!*more) return std::nullopt;
    }
}

/// Reads another piece behind buffer_; false at the end of the file.
Result<bool> LineReader::fill() {
    const std::size_t before = buffer_.size();
    buffer_.resize(before + kPieceBytes);
    ssize_t got = -1;
    do {
        got = ::pread(fd_.get(), buffer_.data() + before, kPieceBytes, static_cast<off_t>(read_to_));
    } while (got < 0 && errno == EINTR);
    buffer_.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got < 0) return errno_error(Remedy::operator_acts, "cannot read " + path_of(fd_.get()));
    read_to_ += static_cast<std::uint64_t>(got);
    return got > 0;
}

/// Takes lines of one file into `batch` until its limit or the file's end; true at the end. A rest without
/// newline is the writer's last line on its way, or in a file that has a successor a torn one, to be passed
/// over.
Result<bool> take_lines(
    const fs::path& folder,
    const std::string& name,
    bool has_successor,
    std::size_t limit,
    JournalBatch& batch
) {
    const fs::path path = folder / name;
    UniqueFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
    if (!fd.is_open()) return errno_error(Remedy::operator_acts, "cannot open " + path.string());
    LineReader reader{std::move(fd), batch.next.offset};
    while (batch.lines.size() < limit) {
        auto line = reader.next();
        if (!line) return std::unexpected(line.error());
        if (!line->has_value()) {
            if (has_successor && reader.has_rest()) ++batch.unreadable;
            return true;
        }
        batch.next.offset = reader.consumed();
        auto known =
            (*line)->is_too_long ? failure(Remedy::abandon_file, "too long") : from_line((*line)->text);
        if (known) {
            batch.lines.push_back(std::move(*known));
        } else {
            ++batch.unreadable;
        }
    }
    return false;
}

}  // namespace

Result<JournalBatch> read_journal(const fs::path& root, const JournalPosition& position, std::size_t limit) {
    const auto names = list_files(root);
    if (!names) return std::unexpected(names.error());
    JournalBatch batch;
    batch.next = position;
    for (auto name = std::ranges::lower_bound(*names, position.file); name != names->end(); ++name) {
        if (*name != batch.next.file) batch.next = {.file = *name, .offset = 0};
        const bool has_successor = std::next(name) != names->end();
        const auto at_end = take_lines(folder_of(root), *name, has_successor, limit, batch);
        if (!at_end) return std::unexpected(at_end.error());
        if (!*at_end) break;
    }
    return batch;
}

}  // namespace sluice::volume
