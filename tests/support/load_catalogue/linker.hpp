#pragma once

#include "config/base/error.hpp"

#include <filesystem>

namespace sluice::load {

/// Gives one file many names below a folder: hard links to a copy, and a new copy whenever the file system
/// allows no more names for one. Nothing is synced.
class Linker {
public:
    Linker(std::filesystem::path source, std::filesystem::path root)
        : source_(std::move(source)),
          root_(std::move(root)) {}

    /// `relative` must not exist yet; missing folders are made. Error: operator_acts.
    [[nodiscard]] Status link(const std::filesystem::path& relative);

private:
    std::filesystem::path source_;
    std::filesystem::path root_;
    std::filesystem::path copy_;
    std::filesystem::path folder_;
};

}  // namespace sluice::load
