#pragma once

#include "config/base/bytes.hpp"
#include "config/base/time.hpp"
#include "config/base/uuid.hpp"
#include "storage/catalogue/pool.hpp"
#include "storage/ledger/act.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

/// The catalogue as a whole: counted, copied, put in place of another one. Role: sluice_super, or on a server
/// of the customer's one that may make databases.
namespace sluice::catalogue {

/// A connection string with the password taken out of it: programs get it by their environment, never as an
/// argument.
class Server {
public:
    /// Error: operator_acts, when libpq can't read it.
    [[nodiscard]] static Result<Server> parse(const std::string& conninfo);

    [[nodiscard]] const std::string& database() const noexcept { return database_; }
    [[nodiscard]] const std::string& password() const noexcept { return password_; }  ///< may be empty
    /// For arguments of programs: without password.
    [[nodiscard]] std::string public_conninfo(const std::string& database) const;
    /// For connections of ours: with it.
    [[nodiscard]] std::string conninfo(const std::string& database) const;

private:
    std::map<std::string, std::string> words_;
    std::string database_;
    std::string password_;
};

using RowCounts = std::map<std::string, std::uint64_t>;  ///< table → rows

/// A transaction whose view of the database other sessions can share. Thread: its owner's.
class Snapshot {
public:
    [[nodiscard]] static Result<std::unique_ptr<Snapshot>> take(const std::string& conninfo);
    ~Snapshot();
    Snapshot(const Snapshot&) = delete;
    Snapshot& operator=(const Snapshot&) = delete;

    [[nodiscard]] const std::string& id() const noexcept { return id_; }
    /// Every table of the schema, partitions under their parent.
    [[nodiscard]] Result<RowCounts> count() const;

private:
    struct Session;
    explicit Snapshot(std::unique_ptr<Session> session, std::string id);
    std::unique_ptr<Session> session_;
    std::string id_;
};

/// An empty database, in place of one of this name that an earlier attempt left.
[[nodiscard]] Status create_database(const Server& server, const std::string& name);
[[nodiscard]] Status drop_database(const Server& server, const std::string& name);
/// `fresh` takes the name of the server's database, which keeps its content as `former`; both or neither.
/// Error: operator_acts while somebody is connected.
[[nodiscard]] Status swap_database(const Server& server, const std::string& fresh, const std::string& former);
/// Whether anything was ever recorded, held or done in it.
[[nodiscard]] Result<bool> has_content(const std::string& conninfo);

/// After a restore: unconfirmed, so that nothing is deleted; and the act.
[[nodiscard]] Status mark_restored(Pool& pool, const ledger::Act& act, UtcTime now);

struct BackupRow {
    Uuid id;
    UtcTime made;
    std::string folder;
    std::uint64_t bytes = 0;
    Sha256Digest manifest_sha256{};
    std::optional<UtcTime> verified;
};
/// And its record in the audit log.
[[nodiscard]] Status save_backup(Pool& pool, const BackupRow& backup, const ledger::Act& act);

/// When the newest verified backup was made, and since when the catalogue is there. Any role that reads.
struct BackupAge {
    std::optional<UtcTime> verified_backup;
    UtcTime installed;
};
[[nodiscard]] Result<BackupAge> load_backup_age(Pool& pool);

}  // namespace sluice::catalogue
