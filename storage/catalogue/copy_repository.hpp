#pragma once

#include "config/base/bytes.hpp"
#include "config/base/time.hpp"
#include "config/base/uuid.hpp"
#include "storage/catalogue/job_repository.hpp"
#include "storage/catalogue/pool.hpp"
#include "storage/ledger/act.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// Copies that were handed out, and their packages in the spool. Roles: sluice_api orders and reads,
/// sluice_worker seals and destroys.
namespace sluice::catalogue {

struct PackageRow {
    Uuid copy_id;
    std::string name;  ///< in the spool's folder
    std::uint64_t bytes = 0;
    Sha256Digest sha256{};
    std::string signing_key;  ///< verifier key
    std::string manifest;     ///< JSON; empty object in lists
    std::string receipt;      ///< HTML; empty in lists
    UtcTime recorded_from;    ///< begin of its oldest footage
    UtcTime sealed;
    UtcTime expires;
    std::optional<UtcTime> destroyed{};
    std::string rule{};  ///< of the destruction: PACKAGE_KEEP, RET_CEILING_1Y
    std::string certificate{};
};

struct CopyRow {
    Uuid id;
    Uuid request_id;
    Uuid grant_id;
    Uuid session_id;
    int number = 0;
    Uuid job_id;
    std::string dossier;
    Uuid custodian_id;
    std::string custodian;
    std::string escort;
    std::string recipient;
    UtcTime decided;
    UtcTime ordered;
    UtcTime due;
    std::optional<UtcTime> failed;
    std::string failure;
    std::optional<UtcTime> sealed;
    std::optional<UtcTime> received;
    std::string receiver_note;
    std::optional<UtcTime> uncollected;  ///< its time was over before anybody signed for it
    std::string declaration;             ///< returned, destroyed; empty: none yet
    std::optional<UtcTime> declared;
    std::string declarer;
    std::string declared_note;
    bool is_revoked = false;  ///< the decision: nothing is given out any more
    bool is_masked = false;   ///< likewise
    std::optional<PackageRow> package;
};

struct NewCopy {
    Uuid id;
    Uuid request_id;
    Uuid grant_id;
    Uuid session_id;
    Uuid custodian_id;
    std::string custodian;
    std::string escort;
    std::string recipient;
    UtcTime ordered;
    UtcTime due;
};
/// The copy, its job and the record in one transaction; the record's id. nullopt: this decision has its copy.
[[nodiscard]] Result<std::optional<Uuid>>
order_copy(Pool& pool, const NewCopy& copy, const NewJob& job, const ledger::Act& act);

[[nodiscard]] Result<std::optional<CopyRow>> find_handed_copy(Pool& pool, const Uuid& id);
struct CopyCursor {
    UtcTime ordered;
    Uuid id;
};
struct CopyFilter {
    std::optional<Uuid> request_id{};
    std::optional<UtcTime> overdue_at{};  ///< out, and due before it
};
/// Newest first.
[[nodiscard]] Result<std::vector<CopyRow>>
load_copies(Pool& pool, const CopyFilter& filter, std::optional<CopyCursor> after, std::size_t limit);

/// A notice for the secretariat of each copy that is out and will be due in so many days or less; once for
/// each of the distances, the nearest that has come. How many are new. Role: sluice_worker.
[[nodiscard]] Result<std::size_t>
tell_copies_due(Pool& pool, const std::vector<unsigned>& days_ahead, UtcTime now);
/// A notice for the secretariat of each copy that is out and was due before `now`; told once a copy. How many
/// are new. Role: sluice_worker.
[[nodiscard]] Result<std::size_t> tell_overdue_copies(Pool& pool, UtcTime now);

/// A notice of each copy that waits to be collected and is to be so in so many days or less, for the
/// secretariat and for its applicant, where the applicant has an account; once for each of the distances, the
/// nearest that has come. How many are new. Role: sluice_worker.
[[nodiscard]] Result<std::size_t>
tell_waiting_copies(Pool& pool, const std::vector<unsigned>& days_ahead, UtcTime now);

/// What became of it, once each and in this order: received, then returned or destroyed. False: it is not
/// the time for it, or it was said already, or its time was over.
struct CopyDeclaration {
    Uuid id;
    std::string what;  ///< received, returned, destroyed
    std::string note;
    Uuid declarer_id;
    std::string declarer;
};
[[nodiscard]] Result<bool>
declare_copy(Pool& pool, const CopyDeclaration& declaration, const ledger::Act& act, UtcTime now);

/// The package's row, the copy sealed, its line in the register (facts: a JSON object) and the record.
/// False: it was sealed already, or has failed. Role: sluice_worker.
[[nodiscard]] Result<bool>
seal_copy(Pool& pool, const PackageRow& package, const std::string& register_facts, const ledger::Act& act);
/// It can't be made, for good; the decision may be used once more. False: it was sealed.
[[nodiscard]] Result<bool>
fail_copy(Pool& pool, const Uuid& id, const std::string& why, const ledger::Act& act, UtcTime now);

/// Copies whose job ended without a package, with the reason. Role: sluice_worker.
struct StrandedCopy {
    Uuid id;
    std::string why;
};
[[nodiscard]] Result<std::vector<StrandedCopy>> load_stranded_copies(Pool& pool);

/// Whether any package was ever sealed.
[[nodiscard]] Result<bool> has_packages(Pool& pool);

/// Sealed copies that nobody signed for, and whose package's time is over. Role: sluice_worker.
struct UncollectedCopy {
    Uuid id;
    std::string dossier;
    int number = 0;  ///< of the request's copies
    std::string recipient;
    std::string package;
    UtcTime sealed;
    UtcTime expired;
};
[[nodiscard]] Result<std::vector<UncollectedCopy>>
load_uncollected_copies(Pool& pool, UtcTime now, std::size_t limit);
/// That nobody will: the copy's row, its line in the register (facts: a JSON object), notices and the record
/// in one transaction. False: its recipient has signed meanwhile, or it was said already.
[[nodiscard]] Result<bool> save_uncollected_copy(
    Pool& pool,
    const Uuid& id,
    const std::string& register_facts,
    const ledger::Act& act,
    UtcTime now
);

/// Packages whose time is over and whose copy is received or uncollected. Role: sluice_worker.
[[nodiscard]] Result<std::vector<PackageRow>>
load_expired_packages(Pool& pool, UtcTime now, std::size_t limit);
/// After its file is gone. The certificate is a JSON object. False: it was said already.
[[nodiscard]] Result<bool> save_destroyed_package(
    Pool& pool,
    const Uuid& copy_id,
    const std::string& rule,
    const std::string& certificate,
    const ledger::Act& act,
    UtcTime now
);

}  // namespace sluice::catalogue
