#pragma once

#include "storage/catalogue/check_repository.hpp"
#include "storage/catalogue/rows.hpp"
#include "storage/clip/clip.hpp"
#include "storage/clip/detail/footage.hpp"

#include <map>
#include <vector>

/// Damaged footage for those who ask for it as it is.
namespace sluice::clip {

/// Rows that may be served although they failed a check, with what is known of the bytes; a suspect segment's
/// copy has none.
using Tolerated = std::map<Uuid, std::vector<catalogue::Damage>>;

struct Tolerance {
    Tolerated rows;
    std::vector<DamagedPart> absent;  ///< segments whose whole file is missing; not among the rows any more
};

/// Prepares damaged and suspect rows: where the catalogue's index is what is damaged, or the file ends early,
/// the file's own boxes are read instead (the row then counts as one without index); of a suspect file only
/// its copy. A suspect row without copy is not tolerated. A file that was missing and is back is taken.
[[nodiscard]] Result<Tolerance>
tolerate_damage(catalogue::Pool& pool, Footage& footage, std::vector<catalogue::SegmentRow>& rows);

}  // namespace sluice::clip
