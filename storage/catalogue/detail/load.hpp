#pragma once

#include "config/base/error.hpp"
#include "storage/catalogue/detail/connection.hpp"
#include "storage/catalogue/pool.hpp"

#include <optional>
#include <utility>
#include <vector>

#include <pqxx/pqxx>

/// One statement, read into values. A single statement needs no transaction of its own.
namespace sluice::catalogue::detail {

template <class Row, class... Args>
Result<std::vector<Row>>
load(Pool& pool, Row (*from_row)(const pqxx::row&), const char* sql, const Args&... args) {
    std::vector<Row> loaded;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::nontransaction session{connection.get()};
        for (const auto& row : run(session, sql, args...))
            loaded.push_back(from_row(row));
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return loaded;
}

/// The same for a statement that readers ask often.
template <class Row, class... Args>
Result<std::vector<Row>>
load_prepared(Pool& pool, Row (*from_row)(const pqxx::row&), const char* sql, const Args&... args) {
    std::vector<Row> loaded;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::nontransaction session{connection.get()};
        const pqxx::result rows = run_prepared(connection, session, sql, args...);
        loaded.reserve(rows.size());
        for (const auto& row : rows)
            loaded.push_back(from_row(row));
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return loaded;
}

template <class Row>
Result<std::optional<Row>> first_of(Result<std::vector<Row>> rows) {
    if (!rows) return std::unexpected(std::move(rows.error()));
    if (rows->empty()) return std::optional<Row>{};
    return std::optional<Row>{std::move(rows->front())};
}

/// A statement that writes, in a transaction of its own.
template <class... Args>
Status execute(Pool& pool, const char* sql, const Args&... args) {
    return pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        run(transaction, sql, args...);
        transaction.commit();
        return {};
    });
}

}  // namespace sluice::catalogue::detail
