#pragma once

#include "api/standing.hpp"
#include "config/base/guarded.hpp"

#include <map>

namespace sluice::api {

/// How things stood for a principal a moment ago, for who only reads what is no footage: a client that asks a
/// hundred times a second asks the catalogue four times. Whatever changes something, and whatever opens
/// footage, asks each time. An act of this service is known to the next request; one of another program a
/// quarter of a second later. Thread: any, blocking.
class Standings {
public:
    /// As `load_standing`. `may_be_kept`: the request changes nothing.
    [[nodiscard]] Result<Standing> find(
        catalogue::Pool& pool,
        const catalogue::PrincipalRow* principal,
        Action action,
        bool may_be_kept,
        UtcTime now
    );
    /// After a request that may have changed how somebody stands.
    void forget_all();

private:
    struct Known {
        Standing standing;
        Deadline until;
    };
    struct State {
        std::map<Uuid, Known> known;
        std::uint64_t forgotten = 0;  ///< what was asked before is not kept after
    };
    Guarded<State> state_;
};

}  // namespace sluice::api
