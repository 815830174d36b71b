#pragma once

#include "config/base/guarded.hpp"
#include "config/base/time.hpp"
#include "storage/release/showing.hpp"

#include <deque>
#include <memory>

namespace sluice::api {

/// What sessions show, read from the catalogue once a minute and stream: a player asks some times a second,
/// and a grant does not change. Thread: any.
class Showings {
public:
    struct Key {
        Uuid grant_id;
        Uuid stream_id;
        friend bool operator==(const Key&, const Key&) = default;
    };
    [[nodiscard]] std::shared_ptr<const release::Showing> find(const Key& key) const;
    void keep(const Key& key, std::shared_ptr<const release::Showing> showing);

private:
    struct Kept {
        Key key;
        std::shared_ptr<const release::Showing> showing;  // shared with answers under way
        Deadline until;
    };
    Guarded<std::deque<Kept>> kept_;  ///< oldest first
};

}  // namespace sluice::api
