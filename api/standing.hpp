#pragma once

#include "api/action.hpp"
#include "api/authorisation_words.hpp"
#include "config/base/error.hpp"
#include "config/base/time.hpp"
#include "config/base/uuid.hpp"
#include "config/base/words.hpp"
#include "storage/catalogue/pool.hpp"
#include "storage/catalogue/rows.hpp"
#include "storage/catalogue/standing_repository.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sluice::api {

/// Footage that somebody has been granted and may still use.
struct FootageRight {
    enum class Kind : std::uint8_t {
        view,     ///< decided; opens only in a session
        viewing,  ///< a viewing of it is open: escort and viewer are there
        copy,     ///< likewise a copy's session, and its custodian has ordered the copy
    };
    Uuid camera_id;
    StreamKind stream = StreamKind::main;
    TimeRange interval;  ///< as resolved to frames
    Kind kind = Kind::view;
    bool is_masked = false;
    Uuid session_id{};              ///< in which it is used; nil: of a `view`
    std::optional<Uuid> copy_id{};  ///< of a `copy`
};

/// How things stand for whoever asks, at the moment of asking. Made in one place (`load_standing`).
struct Standing {
    UtcTime at;
    bool is_bootstrap = false;  ///< no account exists
    bool is_departed = false;
    bool is_shut = false;  ///< disabled, or without the account that it needs: as if the token were unknown
    std::string unit;
    std::vector<std::string> roles;  ///< as they are now, where a token may be known from some seconds ago
    /// Acts for which the policy wants a second factor.
    bool wants_factor_to_approve = false;
    bool wants_factor_to_export = false;
    bool wants_factor_to_escort = false;
    bool has_second_factor = false;     ///< the session was opened with one
    std::vector<Role> lent_roles;       ///< powers that others have lent
    std::optional<UtcTime> live_until;  ///< end of the standing approval to see live
    std::vector<FootageRight> footage;
    std::vector<Uuid> cameras;  ///< of a contractor's machine
};

/// What a granted interval lets its viewer do at `now`. Pure.
[[nodiscard]] FootageRight right_of(const catalogue::GrantedFootageRow& row, UtcTime now);

/// The one place where it is made. A null principal: of whoever has no token. Blocking.
[[nodiscard]] Result<Standing>
load_standing(catalogue::Pool& pool, const catalogue::PrincipalRow* principal, Action action, UtcTime now);

}  // namespace sluice::api
