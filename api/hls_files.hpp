#pragma once

#include "config/base/guarded.hpp"
#include "config/base/time.hpp"
#include "storage/clip/hls_media.hpp"

#include <deque>
#include <memory>

namespace sluice::api {

/// What is in finished segment files that HLS has read just now: a player asks some ten times for each. No
/// file is held open, and what is known is a few seconds old at most, so what was destroyed or found damaged
/// meanwhile is gone. Thread: any.
class HlsFiles {
public:
    [[nodiscard]] std::shared_ptr<const clip::HlsFile> find(const Uuid& id) const;
    void keep(std::shared_ptr<const clip::HlsFile> file);

private:
    struct Kept {
        std::shared_ptr<const clip::HlsFile> file;  // shared with answers under way
        Deadline until;
    };
    Guarded<std::deque<Kept>> files_;  ///< oldest first
};

}  // namespace sluice::api
