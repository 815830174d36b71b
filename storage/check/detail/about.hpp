#pragma once

#include "storage/check/compare.hpp"

#include <string>
#include <utility>

namespace sluice::check::detail {

/// A finding about a file as its name tells it.
inline Finding about(FindingKind kind, const FileEntry& file, std::string detail = {}) {
    Finding finding;
    finding.kind = kind;
    finding.path = file.path;
    if (!file.segment_id.is_nil()) finding.segment_id = file.segment_id;
    finding.from = file.began;
    finding.detail = std::move(detail);
    return finding;
}

inline bool is_idle(const FileEntry& part, UtcTime now) {
    return part.touched && now - *part.touched > kPartIdle;
}

}  // namespace sluice::check::detail
