#include "storage/catalogue/detail/connection.hpp"

#include "storage/catalogue/in_doubt.hpp"

#include <array>
#include <string_view>
#include <utility>

#include <poll.h>

namespace sluice::catalogue {

namespace {

// A server that went away without a word must not hold a thread for TCP's own hours. What the caller has set
// itself stays.
std::string with_defaults(const std::string& conninfo) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 6> defaults{
        {{"connect_timeout", "5"},
         {"fallback_application_name", "sluice"},
         {"keepalives_idle", "10"},
         {"keepalives_interval", "5"},
         {"keepalives_count", "3"},
         {"tcp_user_timeout", "30000"}}
    };
    const bool is_uri = conninfo.starts_with("postgres://") || conninfo.starts_with("postgresql://");
    std::string result = conninfo;
    for (const auto& [name, value] : defaults) {
        if (conninfo.find(std::string{name} + "=") != std::string::npos) continue;
        const char separator = !is_uri ? ' ' : result.find('?') == std::string::npos ? '?' : '&';
        result.append(1, separator).append(name).append("=").append(value);
    }
    return result;
}

}  // namespace

Connection::Connection(const std::string& conninfo) : connection_(with_defaults(conninfo)) {
    pqxx::nontransaction session{connection_};
    session.exec(
        "SET timezone = 'UTC'; SET statement_timeout = '30s'; SET idle_in_transaction_session_timeout = '60s'"
    );
}

bool Connection::looks_alive() const noexcept {
    // An idle session has nothing to say: whatever can be read is the server's farewell or the end of the
    // stream.
    pollfd socket{.fd = connection_.sock(), .events = POLLIN, .revents = 0};
    return socket.fd >= 0 && ::poll(&socket, 1, 0) == 0;
}

const std::string& Connection::prepare(const char* sql) {
    const auto known = prepared_.find(sql);
    if (known != prepared_.end()) return known->second;
    std::string name = "sluice_" + std::to_string(prepared_.size());
    connection_.prepare(name, sql);
    return prepared_.emplace(sql, std::move(name)).first->second;
}

namespace detail {

namespace {

bool begins_with_one_of(std::string_view state, std::initializer_list<std::string_view> classes) {
    for (const auto word : classes)
        if (state.starts_with(word)) return true;
    return false;
}

// libpqxx 6 gives some exceptions a class and no SQLSTATE.
std::string state_of(const pqxx::sql_error& error) {
    if (!error.sqlstate().empty()) return error.sqlstate();
    if (dynamic_cast<const pqxx::integrity_constraint_violation*>(&error)) return "23000";
    if (dynamic_cast<const pqxx::data_exception*>(&error)) return "22000";
    if (dynamic_cast<const pqxx::insufficient_privilege*>(&error)) return "42501";
    if (dynamic_cast<const pqxx::syntax_error*>(&error)) return "42000";
    if (dynamic_cast<const pqxx::plpgsql_error*>(&error)) return "P0001";
    if (dynamic_cast<const pqxx::feature_not_supported*>(&error)) return "0A000";
    if (dynamic_cast<const pqxx::insufficient_resources*>(&error)) return "53000";
    return {};
}

// SQLSTATE classes, PostgreSQL's appendix A.
Remedy remedy_of(std::string_view state) {
    // 22 data, 23 constraint, 44 check option, P0 raised by a function of ours: the row is wrong.
    if (begins_with_one_of(state, {"22", "23", "44", "P0"})) return Remedy::refuse;
    // 08 connection, 40 rollback, 53 resources, 55P03 lock, 57 intervention and time-out, 58 system, none:
    // server lost.
    if (state.empty() || begins_with_one_of(state, {"08", "40", "53", "55P03", "57", "58"}))
        return Remedy::retry;
    return Remedy::operator_acts;  // rights, missing schema, broken statement
}

// One line: PostgreSQL adds LINE, DETAIL and HINT below.
std::string first_line(std::string_view text) {
    if (text.starts_with("ERROR:")) text.remove_prefix(6);
    while (text.starts_with(' '))
        text.remove_prefix(1);
    return std::string{text.substr(0, text.find('\n'))};
}

}  // namespace

Status catch_database_errors(const std::function<Status()>& use, bool& is_usable) {
    is_usable = false;
    try {
        Status status = use();
        is_usable = true;
        return status;
    } catch (const pqxx::in_doubt_error& error) {
        return failure(
            Remedy::retry,
            "database: whether a commit happened is unknown: " + first_line(error.what()),
            std::string{kInDoubt}
        );
    } catch (const pqxx::broken_connection& error) {
        return failure(Remedy::retry, "database: " + first_line(error.what()), "database_unavailable");
    } catch (const pqxx::transaction_rollback& error) {
        return failure(Remedy::retry, "database: " + first_line(error.what()), "serialization");
    } catch (const pqxx::sql_error& error) {
        const std::string state = state_of(error);
        return failure(
            remedy_of(state),
            "database: " + first_line(error.what()),
            state.empty() ? "database_unavailable" : "sqlstate_" + state
        );
    } catch (const pqxx::pqxx_exception& error) {
        // A row that does not look as our own code expects: a promise broken, not an input.
        return failure(Remedy::operator_acts, "database: " + first_line(error.base().what()));
    }
}

}  // namespace detail
}  // namespace sluice::catalogue
