#include "api/hls_files.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <utility>

namespace sluice::api {
namespace {

constexpr auto kFresh = std::chrono::seconds{10};
constexpr std::size_t kMostFiles = 128;  ///< some 40 kB each

}  // namespace

std::shared_ptr<const clip::HlsFile> HlsFiles::find(const Uuid& id) const {
    const Deadline now = std::chrono::steady_clock::now();
    return files_.with([&](const auto& files) -> std::shared_ptr<const clip::HlsFile> {
        const auto found = std::ranges::find_if(files, [&](const Kept& kept) {
            return kept.file->id == id && now < kept.until;
        });
        return found == files.end() ? nullptr : found->file;
    });
}

void HlsFiles::keep(std::shared_ptr<const clip::HlsFile> file) {
    const Deadline now = std::chrono::steady_clock::now();
    files_.with([&](auto& files) {
        while (!files.empty() && (files.front().until <= now || files.size() >= kMostFiles))
            files.pop_front();
        files.push_back({std::move(file), now + kFresh});
    });
}

}  // namespace sluice::api
