#include "tests/support/faulty_files.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>
#include <thread>

#include <sys/stat.h>

namespace sluice::test {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPage = 4096;

std::uint64_t inode_of(const fs::path& path) {
    struct stat found{};
    return ::lstat(path.c_str(), &found) == 0 ? std::uint64_t{found.st_ino} : 0;
}

std::uint64_t inode_of(int fd) {
    struct stat found{};
    return ::fstat(fd, &found) == 0 ? std::uint64_t{found.st_ino} : 0;
}

std::string content_of(const fs::path& path) {
    const std::ifstream file{path, std::ios::binary};
    std::ostringstream content;
    content << file.rdbuf();
    return content.str();
}

std::string content_of(int fd) {
    return content_of("/proc/self/fd/" + std::to_string(fd));
}

void set_zero(std::string& content, std::size_t from, std::size_t to) {
    to = std::min(to, content.size());
    if (from < to)
        std::fill(
            content.begin() + static_cast<std::ptrdiff_t>(from),
            content.begin() + static_cast<std::ptrdiff_t>(to),
            '\0'
        );
}

/// The first `limit` bytes of `pieces` taken together.
std::vector<ByteView> first_bytes(std::span<const ByteView> pieces, std::uint64_t limit) {
    std::vector<ByteView> first;
    for (const ByteView piece : pieces) {
        const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), limit));
        first.push_back(piece.first(size));
        limit -= size;
    }
    return first;
}

}  // namespace

const char* to_string(Call call) noexcept {
    switch (call) {
        case Call::create:
            return "create";
        case Call::open_existing:
            return "open_existing";
        case Call::make_directory:
            return "make_directory";
        case Call::write:
            return "write";
        case Call::sync_data:
            return "sync_data";
        case Call::truncate:
            return "truncate";
        case Call::rename:
            return "rename";
        case Call::sync_directory:
            return "sync_directory";
        case Call::remove:
            return "remove";
        case Call::remove_directory:
            return "remove_directory";
    }
    std::unreachable();
}

FaultyFiles::FaultyFiles(fs::path root) : root_(std::move(root)) {
    state_.with([&](State& state) { take_snapshot(state.model, root_); });
}

void FaultyFiles::fail_nth_call(std::size_t nth, int code) {
    state_.with([&](State& state) {
        state.faults.push_back({.call = std::nullopt, .countdown = nth, .code = code});
    });
}
void FaultyFiles::fail_nth(Call call, std::size_t nth, int code) {
    state_.with([&](State& state) { state.faults.push_back({.call = call, .countdown = nth, .code = code}); }
    );
}
void FaultyFiles::die_at_nth_call(std::size_t nth) {
    state_.with([&](State& state) { state.calls_to_live = nth - 1; });
}
void FaultyFiles::fill_disk_after(std::uint64_t bytes) {
    state_.with([&](State& state) { state.room_bytes = bytes; });
}
void FaultyFiles::delay(Call call, std::chrono::milliseconds by) {
    state_.with([&](State& state) { state.delays[call] = by; });
}
void FaultyFiles::on_call(std::function<void(const CallRecord&)> hook) {
    state_.with([&](State& state) { state.hook = std::move(hook); });
}
void FaultyFiles::heal() {
    state_.with([](State& state) {
        state.faults.clear();
        state.calls_to_live.reset();
        state.room_bytes.reset();
        state.delays.clear();
        state.hook = nullptr;
    });
}

std::vector<CallRecord> FaultyFiles::records() const {
    return state_.with([](const State& state) { return state.records; });
}
std::vector<std::string> FaultyFiles::calls() const {
    std::vector<std::string> names;
    for (const CallRecord& record : records())
        names.emplace_back(to_string(record.call));
    return names;
}
std::size_t FaultyFiles::count(Call call) const {
    const auto all = records();
    return static_cast<std::size_t>(std::ranges::count(all, call, &CallRecord::call));
}

int FaultyFiles::enter(Call call, const fs::path& path) {
    const CallRecord record{.call = call, .path = path.lexically_relative(root_)};
    std::function<void(const CallRecord&)> hook;
    std::chrono::milliseconds wait{0};
    const int code = state_.with([&](State& state) {
        int failing = 0;
        state.records.push_back(record);
        hook = state.hook;
        if (const auto found = state.delays.find(call); found != state.delays.end()) wait = found->second;
        for (Fault& fault : state.faults) {
            if ((!fault.call || *fault.call == call) && fault.countdown > 0 && --fault.countdown == 0)
                failing = fault.code;
        }
        if (state.calls_to_live) {
            if (*state.calls_to_live == 0) return EOWNERDEAD;
            --*state.calls_to_live;
        }
        return failing;
    });
    if (hook) hook(record);
    if (wait.count() > 0) std::this_thread::sleep_for(wait);
    return code;
}

std::unexpected<Error> FaultyFiles::fault(Call call, int code) const {
    const bool stops = call == Call::sync_directory || call == Call::make_directory;
    const bool is_full = code == ENOSPC && (call == Call::write || call == Call::create);
    return std::unexpected(Error{
        stops ? Remedy::stop_volume : Remedy::abandon_file,
        std::error_code{code, std::generic_category()},
        std::string{"injected failure of "} + to_string(call),
        is_full ? "disk_full" : ""
    });
}

Result<UniqueFd> FaultyFiles::create(const fs::path& path) {
    if (const int code = enter(Call::create, path)) return fault(Call::create, code);
    auto fd = real_.create(path);
    if (fd) state_.with([&](State& state) { state.model.files[inode_of(fd->get())] = {}; });
    return fd;
}

Result<UniqueFd> FaultyFiles::open_existing(const fs::path& path) {
    if (const int code = enter(Call::open_existing, path)) return fault(Call::open_existing, code);
    return real_.open_existing(path);
}

Result<bool> FaultyFiles::make_directory(const fs::path& path) {
    if (const int code = enter(Call::make_directory, path)) return fault(Call::make_directory, code);
    auto made = real_.make_directory(path);
    if (made && *made) state_.with([&](State& state) { state.model.folders[inode_of(path)] = {}; });
    return made;
}

Status FaultyFiles::write(int fd, std::span<const ByteView> pieces) {
    std::uint64_t size = 0;
    for (const ByteView piece : pieces)
        size += piece.size();
    const int code = enter(Call::write, volume::path_of(fd));
    if (code == EOWNERDEAD) return fault(Call::write, code);
    const bool is_full = state_.with([&](State& state) {
        if (!state.room_bytes) return false;
        const bool over = size > *state.room_bytes;
        size = std::min(size, *state.room_bytes);
        *state.room_bytes -= size;
        return over;
    });
    if (code != 0) size /= 2;
    const auto first = first_bytes(pieces, size);
    if (auto written = real_.write(fd, first); !written) return written;
    if (code != 0) return fault(Call::write, code);
    return is_full ? Status{fault(Call::write, ENOSPC)} : Status{};
}

Status FaultyFiles::sync_data(int fd) {
    if (const int code = enter(Call::sync_data, volume::path_of(fd))) {
        if (code != EOWNERDEAD) {
            state_.with([&](State& state) {
                Contents& contents = state.model.files[inode_of(fd)];
                contents.lost.emplace_back(contents.durable.size(), content_of(fd).size());
            });
        }
        return fault(Call::sync_data, code);
    }
    note_synced(fd);
    return {};
}

/// Not the real sync: the test's power cut is the model's, and a real one would only wear the disk.
void FaultyFiles::note_synced(int fd) {
    state_.with([&](State& state) {
        Contents& contents = state.model.files[inode_of(fd)];
        contents.durable = content_of(fd);
        for (const auto& [from, to] : contents.lost)
            set_zero(contents.durable, from, to);
    });
}

Status FaultyFiles::truncate(int fd, std::uint64_t size_bytes) {
    if (const int code = enter(Call::truncate, volume::path_of(fd))) return fault(Call::truncate, code);
    if (auto cut = real_.truncate(fd, size_bytes); !cut) return cut;
    state_.with([&](State& state
                ) {  // what is cut off is not lost: its pages are new when they are written again
        for (auto& [from, to] : state.model.files[inode_of(fd)].lost)
            to = std::min<std::size_t>(to, size_bytes);
    });
    note_synced(fd);
    return {};
}

Status FaultyFiles::rename(const fs::path& from, const fs::path& to) {
    if (const int code = enter(Call::rename, to)) return fault(Call::rename, code);
    return real_.rename(from, to);
}

Status FaultyFiles::sync_directory(const fs::path& directory) {
    if (const int code = enter(Call::sync_directory, directory)) return fault(Call::sync_directory, code);
    if (!fs::is_directory(directory)) return real_.sync_directory(directory);  // fails as it should
    const Entries entries = list(directory);
    state_.with([&](State& state) { state.model.folders[inode_of(directory)] = entries; });
    return {};
}

Result<bool> FaultyFiles::remove(const fs::path& path) {
    if (const int code = enter(Call::remove, path)) return fault(Call::remove, code);
    return real_.remove(path);
}

Result<bool> FaultyFiles::remove_directory(const fs::path& path) {
    if (const int code = enter(Call::remove_directory, path)) return fault(Call::remove_directory, code);
    return real_.remove_directory(path);
}

FaultyFiles::Entries FaultyFiles::list(const fs::path& folder) {
    Entries entries;
    for (const fs::directory_entry& entry : fs::directory_iterator{folder}) {
        entries[entry.path().filename().string()] = {
            .inode = inode_of(entry.path()), .is_folder = entry.is_directory()
        };
    }
    return entries;
}

void FaultyFiles::take_snapshot(Model& model, const fs::path& folder) {
    const Entries entries = list(folder);
    for (const auto& [name, entry] : entries) {
        if (entry.is_folder) {
            take_snapshot(model, folder / name);
        } else {
            model.files[entry.inode] = {.durable = content_of(folder / name), .lost = {}};
        }
    }
    model.folders[inode_of(folder)] = entries;
}

std::string FaultyFiles::surviving(const Contents& contents, const std::string& written, Unsynced unsynced) {
    const std::size_t synced = contents.durable.size();
    if (unsynced == Unsynced::gone || written.size() <= synced) return contents.durable;
    std::string left = contents.durable + written.substr(synced);
    if (unsynced == Unsynced::half) left.resize(synced + (left.size() - synced) / 2);
    if (unsynced == Unsynced::zeros) set_zero(left, synced, left.size());
    if (unsynced == Unsynced::hollow) {
        // A page that was half synced is on the disk; of the new ones the odd are missing.
        std::size_t page = (synced + kPage - 1) / kPage * kPage;
        for (; page < left.size(); page += 2 * kPage)
            set_zero(left, page, page + kPage);
    }
    for (const auto& [from, to] : contents.lost)
        set_zero(left, from, to);
    return left;
}

void FaultyFiles::collect(
    const Model& model,
    Inode folder,
    const fs::path& path,
    Unsynced unsynced,
    std::vector<Survivor>& into
) const {
    const auto entries = model.folders.find(folder);
    if (entries == model.folders.end()) return;
    for (const auto& [name, entry] : entries->second) {
        if (entry.is_folder) {
            into.push_back({.path = path / name, .content = std::nullopt});
            collect(model, entry.inode, path / name, unsynced, into);
            continue;
        }
        std::string written;  // what the file holds now, under whatever name it now has
        for (const auto& found : fs::recursive_directory_iterator{root_}) {
            if (found.is_regular_file() && inode_of(found.path()) == entry.inode)
                written = content_of(found.path());
        }
        const auto contents = model.files.find(entry.inode);
        into.push_back({
            .path = path / name,
            .content =
                surviving(contents == model.files.end() ? Contents{} : contents->second, written, unsynced),
        });
    }
}

void FaultyFiles::power_cut(Unsynced unsynced, UnsyncedEntries entries) {
    state_.with([&](State& state) {
        if (entries == UnsyncedEntries::kept) {
            state.model.folders[inode_of(root_)] = list(root_);
            for (const auto& found : fs::recursive_directory_iterator{root_}) {
                if (found.is_directory()) state.model.folders[inode_of(found.path())] = list(found.path());
            }
        }
        std::vector<Survivor> survivors;
        collect(state.model, inode_of(root_), {}, unsynced, survivors);
        for (const auto& [name, entry] : list(root_))
            fs::remove_all(root_ / name);
        for (const Survivor& survivor : survivors) {
            if (survivor.content) {
                std::ofstream{root_ / survivor.path, std::ios::binary} << *survivor.content;
            } else {
                fs::create_directory(root_ / survivor.path);
            }
        }
        state.model = {};
        take_snapshot(state.model, root_);
    });
}

}  // namespace sluice::test
