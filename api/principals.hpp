#pragma once

#include "api/http/message.hpp"
#include "config/base/bytes.hpp"
#include "config/base/guarded.hpp"
#include "config/base/time.hpp"
#include "storage/catalogue/rows.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::api {

/// The token of an Authorization header: `Bearer TOKEN`, or Basic with the token as password (players).
/// nullopt: no header, another scheme, or no token in it. The name in Basic says nothing.
[[nodiscard]] std::optional<std::string> find_token(const http::Request& request);

/// The session cookie's name. Its value has a token's form.
inline constexpr std::string_view kSessionCookie = "sluice_session";
/// The token that a viewer was given when joining a session, in that session's own cookie or as Bearer.
[[nodiscard]] std::optional<std::string> find_viewing_token(const http::Request& request);
inline constexpr std::string_view kViewingCookie = "sluice_viewing";

/// The value of the session cookie; nullopt: none, or no token in it.
[[nodiscard]] std::optional<std::string> find_cookie(const http::Request& request);

/// Who stands behind a token or cookie. Lookups go by hash, so comparing takes the same time for every wrong
/// token. What the catalogue said is kept for five seconds at most. Thread: any, blocking.
class Principals {
public:
    using Lookup =
        std::function<Result<std::optional<catalogue::PrincipalRow>>(const Sha256Digest&, UtcTime)>;
    explicit Principals(Lookup lookup) : lookup_(std::move(lookup)) {}

    /// nullopt: unknown, revoked or out of validity. Error: retry, when the catalogue can't be asked.
    [[nodiscard]] Result<std::optional<catalogue::PrincipalRow>> find(const std::string& token, UtcTime now);
    /// The next `find` asks the catalogue: for a session that was closed.
    void forget(const std::string& token);
    /// For the metrics only, which must answer without the database: a principal that the catalogue named
    /// within the last day, when it can't be asked now.
    [[nodiscard]] std::optional<catalogue::PrincipalRow>
    find_remembered(const std::string& token, UtcTime now) const;

private:
    struct Known {
        std::optional<catalogue::PrincipalRow> principal;
        Deadline asked;
    };
    Lookup lookup_;
    Guarded<std::map<Sha256Digest, Known>> known_;
};

}  // namespace sluice::api
