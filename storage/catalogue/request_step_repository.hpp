#pragma once

#include "config/base/bytes.hpp"
#include "storage/catalogue/hold_repository.hpp"
#include "storage/catalogue/notice_repository.hpp"
#include "storage/catalogue/pool.hpp"
#include "storage/ledger/act.hpp"
#include "storage/release/case.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace pqxx {
class transaction_base;
}

/// The steps of a case. Each is one transaction: state, what was signed or decided, dossier and register,
/// holds, history, notices and the record of the audit log, or nothing.
namespace sluice::catalogue {

/// What a step does with the holds that the case has on its footage.
struct HoldChange {
    bool releases = false;               ///< ends those that are in force
    std::optional<UtcTime> limits_to{};  ///< they end then, if not before
    std::optional<HoldRow> places{};
};

struct NewSlot {
    release::Slot slot;
    std::optional<Sha256Digest> code_hash;  ///< of a viewer without an account
};

struct Acceptance {
    int policy_version = 0;
    std::string register_facts;  ///< JSON object
};

struct NewEntry {
    release::Entry kind = release::Entry::completed;
    std::string facts;  ///< JSON object
};

struct TakenStep {
    Uuid request_id;
    int revision = 0;  ///< that was judged: another one means that somebody was faster
    release::RequestAction action = release::RequestAction::submit;
    release::Part part = release::Part::applicant;
    release::RequestState from = release::RequestState::draft;
    release::RequestState to = release::RequestState::draft;
    ledger::Actor actor;
    UtcTime now;
    std::string facts = "{}";  ///< JSON object: of the history, and of the audit log
    std::optional<int> policy_version{};
    std::optional<std::string> dossier_number{};  ///< that it has already
    std::optional<UtcTime> due{};
    std::optional<release::Signature> signature{};
    std::optional<release::Opinion> opinion{};
    std::optional<Acceptance> acceptance{};
    std::optional<std::vector<std::string>> asked_units{};
    std::string decision{};  ///< JSON object; empty: as it was
    bool is_extension = false;
    bool ends_grant = false;
    std::optional<release::Grant> grant{};
    std::optional<NewSlot> slot{};
    std::optional<NewEntry> entry{};
    HoldChange holds{};
    std::vector<NewNotice> notices{};  ///< of this step: `act_id` becomes the id of its line in the history
    /// Whatever else belongs to the step, in its transaction.
    std::function<Status(pqxx::transaction_base&)> also{};
};

struct StepDone {
    int revision = 0;
    std::optional<std::string> dossier_number;
};

/// nullopt: the case has another revision or state than was judged; nothing has happened. Error: as the pool;
/// refuse, for what the tables forbid.
[[nodiscard]] Result<std::optional<StepDone>> take_step(Pool& pool, const TakenStep& step);

/// A line of the register by itself: of a viewing or a copy, or one that puts an earlier line right. The
/// line's number. For the transaction of whatever it tells. Roles: sluice_api, sluice_worker.
[[nodiscard]] std::int64_t add_register_entry(
    pqxx::transaction_base& transaction,
    const std::string& dossier_number,
    const NewEntry& entry,
    const ledger::Actor& actor,
    UtcTime now
);

/// Open cases whose time is over (correction, granted, granted_partial, scheduled), oldest first.
[[nodiscard]] Result<std::vector<Uuid>> load_overdue_requests(Pool& pool, UtcTime now, std::size_t limit);

}  // namespace sluice::catalogue
