#include "api/standing.hpp"

namespace sluice::api {

Standing load_standing(UtcTime now) {
    Standing standing;
    standing.at = now;
    standing.is_bootstrap = true;
    return standing;
}

}  // namespace sluice::api
