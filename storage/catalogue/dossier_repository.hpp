#pragma once

#include "storage/catalogue/pool.hpp"
#include "storage/ledger/act.hpp"
#include "storage/release/words.hpp"

#include <optional>
#include <string>
#include <vector>

/// Dossiers (專卷) as a list, and the end of their papers. Roles: sluice_api; the list also sluice_auditor.
namespace sluice::catalogue {

struct DossierRow {
    std::string number;
    int year = 0;  ///< of the Republic
    int serial = 0;
    Uuid request_id;
    release::RequestState state = release::RequestState::accepted;
    UtcTime since;  ///< of the state
    UtcTime opened;
    std::optional<UtcTime> papers_destroyed;
};
struct DossierCursor {
    int year = 0;
    int serial = 0;
};
struct DossierFilter {
    /// Only those that were closed before it and still have their papers.
    std::optional<UtcTime> closed_before{};
};
/// Newest first, behind `after`.
[[nodiscard]] Result<std::vector<DossierRow>> load_dossiers(
    Pool& pool,
    const DossierFilter& filter,
    const std::optional<DossierCursor>& after,
    std::size_t limit
);

struct DossierDestruction {
    std::string number;
    Uuid principal_id;
    std::string principal;
    std::string document;  ///< that allows it
    std::string reason;
    std::string papers;  ///< JSON list: id, name, sha256
};
/// After the files are gone. With its record. False: it was said already. Error: as the pool; refuse, before
/// the year is over (article 9(4)).
[[nodiscard]] Result<bool> save_dossier_destruction(
    Pool& pool,
    const DossierDestruction& destruction,
    const ledger::Act& act,
    UtcTime now
);

}  // namespace sluice::catalogue
