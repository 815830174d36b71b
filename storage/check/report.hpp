#pragma once

#include "storage/check/check.hpp"

#include <span>
#include <string>

/// A check's outcome for people and for programs.
namespace sluice::check {

inline constexpr int kReportFormat = 1;

/// "row_without_file  /mnt/a  live/…mp4  [from, to)  bytes 0–10 (box)  detail": one line, without its end.
[[nodiscard]] std::string to_line(const Finding& finding);
/// Some lines: what was looked at, and how many of each finding.
[[nodiscard]] std::string to_text(const Summary& summary);
/// One object, docs/design/check.md names its members. `left_out`: findings that are counted and not listed.
[[nodiscard]] std::string
to_json(const Summary& summary, std::span<const Finding> findings, std::uint64_t left_out);

}  // namespace sluice::check
