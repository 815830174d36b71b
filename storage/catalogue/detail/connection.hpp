#pragma once

#include "config/base/error.hpp"

#include <functional>
#include <map>
#include <string>
#include <utility>

#include <pqxx/pqxx>

namespace sluice::catalogue {

/// One session: timezone UTC, statement_timeout 30 s. Opening throws as libpqxx does.
class Connection {
public:
    explicit Connection(const std::string& conninfo);

    [[nodiscard]] pqxx::connection& get() noexcept { return connection_; }
    /// False when the server has closed the session while it lay idle. Asks the socket, not the server.
    [[nodiscard]] bool looks_alive() const noexcept;

    /// The session's name for a statement, which the server parses once. `sql` is a constant: its address is
    /// what it is known by.
    [[nodiscard]] const std::string& prepare(const char* sql);

private:
    pqxx::connection connection_;
    std::map<const char*, std::string> prepared_;
};

namespace detail {

/// Parameterised statement; the one place that differs between libpqxx 6 and 7.10.
template <class... Args>
pqxx::result run(pqxx::transaction_base& transaction, const char* sql, Args&&... args) {
#if PQXX_VERSION_MAJOR > 7 || (PQXX_VERSION_MAJOR == 7 && PQXX_VERSION_MINOR >= 10)
    return transaction.exec(sql, pqxx::params{std::forward<Args>(args)...});
#else
    return transaction.exec_params(sql, std::forward<Args>(args)...);
#endif
}

/// The same for a statement that is asked often: the server parses it once a session, and may keep its plan.
template <class... Args>
pqxx::result
run_prepared(Connection& connection, pqxx::transaction_base& transaction, const char* sql, Args&&... args) {
    const std::string& name = connection.prepare(sql);
#if PQXX_VERSION_MAJOR > 7 || (PQXX_VERSION_MAJOR == 7 && PQXX_VERSION_MINOR >= 10)
    return transaction.exec(pqxx::prepped{name}, pqxx::params{std::forward<Args>(args)...});
#else
    return transaction.exec_prepared(name, std::forward<Args>(args)...);
#endif
}

/// The named border where libpqxx's exceptions become errors. `is_usable` is false afterwards when the
/// session must not be used again.
[[nodiscard]] Status catch_database_errors(const std::function<Status()>& use, bool& is_usable);

}  // namespace detail
}  // namespace sluice::catalogue
