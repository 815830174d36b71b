#pragma once

#include "config/base/guarded.hpp"
#include "storage/volume/durable_files.hpp"

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sluice::test {

enum class Call {
    create,
    open_existing,
    make_directory,
    write,
    sync_data,
    truncate,
    rename,
    sync_directory,
    remove,
    remove_directory
};
[[nodiscard]] const char* to_string(Call call) noexcept;

struct CallRecord {
    Call call = Call::create;
    std::filesystem::path path;  ///< relative to the root; of a rename: its target
};

/// What a power cut leaves of bytes that were written and never synced. A kernel may do any of these.
enum class Unsynced {
    gone,    ///< the file has its length at the last sync
    half,    ///< the first half of the new bytes came to the disk
    zeros,   ///< the new length came to the disk, the new bytes did not
    hollow,  ///< of the new bytes' pages every second one came to the disk
};
/// What it leaves of folder entries that were made or renamed and whose folder was not synced.
enum class UnsyncedEntries { gone, kept };

/// The door to the disk with faults: a real folder, and beside it what of it would survive a power cut.
/// Contents become durable by sync_data and truncate, entries (names) by sync_directory. After a failed sync
/// the bytes it should have covered are lost for good, as under Linux, even if a later sync succeeds. Thread:
/// any.
class FaultyFiles final : public volume::DurableFiles {
public:
    /// What is in `root` already counts as durable.
    explicit FaultyFiles(std::filesystem::path root);

    // Faults. Counting begins at 1 with the next call; a failed write leaves the first half of its bytes.
    void fail_nth_call(std::size_t nth, int code = EIO);
    void fail_nth(Call call, std::size_t nth, int code = EIO);
    /// The n-th call and all after it fail and do nothing: the process is gone.
    void die_at_nth_call(std::size_t nth);
    /// After so many more bytes writes are short and fail with ENOSPC.
    void fill_disk_after(std::uint64_t bytes);
    void delay(Call call, std::chrono::milliseconds by);
    /// Runs before each call, without a lock: a test may wait in it.
    void on_call(std::function<void(const CallRecord&)> hook);
    void heal();  ///< no faults from now on

    [[nodiscard]] std::vector<CallRecord> records() const;
    [[nodiscard]] std::vector<std::string> calls() const;  ///< their names
    [[nodiscard]] std::size_t count(Call call) const;

    /// The folder becomes what a power cut would leave; it then counts as durable. Open files are no part of
    /// it any more.
    void power_cut(Unsynced unsynced = Unsynced::gone, UnsyncedEntries entries = UnsyncedEntries::gone);

    Result<UniqueFd> create(const std::filesystem::path& path) override;
    Result<UniqueFd> open_existing(const std::filesystem::path& path) override;
    Result<bool> make_directory(const std::filesystem::path& path) override;
    Status write(int fd, std::span<const ByteView> pieces) override;
    Status sync_data(int fd) override;
    Status truncate(int fd, std::uint64_t size_bytes) override;
    Status rename(const std::filesystem::path& from, const std::filesystem::path& to) override;
    Status sync_directory(const std::filesystem::path& directory) override;
    Result<bool> remove(const std::filesystem::path& path) override;
    Result<bool> remove_directory(const std::filesystem::path& path) override;

private:
    using Inode = std::uint64_t;
    struct Entry {
        Inode inode = 0;
        bool is_folder = false;
    };
    using Entries = std::map<std::string, Entry>;
    struct Contents {
        std::string durable;
        std::vector<std::pair<std::size_t, std::size_t>> lost;  ///< [from, to) that a failed sync has dropped
    };
    struct Model {
        std::map<Inode, Contents> files;
        std::map<Inode, Entries> folders;
    };
    struct Fault {
        std::optional<Call> call;  ///< nullopt: any
        std::size_t countdown = 0;
        int code = EIO;
    };
    struct State {
        Model model;
        std::vector<CallRecord> records;
        std::vector<Fault> faults;
        std::optional<std::size_t> calls_to_live;
        std::optional<std::uint64_t> room_bytes;
        std::map<Call, std::chrono::milliseconds> delays;
        std::function<void(const CallRecord&)> hook;
    };
    struct Survivor {
        std::filesystem::path path;          ///< relative
        std::optional<std::string> content;  ///< nullopt: a folder
    };

    /// Notes the call and says which errno it has to fail with, 0 for none.
    int enter(Call call, const std::filesystem::path& path);
    [[nodiscard]] std::unexpected<Error> fault(Call call, int code) const;
    static void take_snapshot(Model& model, const std::filesystem::path& folder);
    static Entries list(const std::filesystem::path& folder);
    void collect(
        const Model& model,
        Inode folder,
        const std::filesystem::path& path,
        Unsynced unsynced,
        std::vector<Survivor>& into
    ) const;
    static std::string surviving(const Contents& contents, const std::string& written, Unsynced unsynced);
    void note_synced(int fd);

    std::filesystem::path root_;
    volume::RealFiles real_;
    Guarded<State> state_;
};

}  // namespace sluice::test
