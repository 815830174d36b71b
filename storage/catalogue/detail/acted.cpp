#include "storage/catalogue/detail/acted.hpp"

#include "storage/catalogue/detail/connection.hpp"
#include "storage/catalogue/record_repository.hpp"

namespace sluice::catalogue::detail {

Result<bool> write_with_record(
    Pool& pool,
    const ledger::Act& act,
    UtcTime now,
    const std::function<bool(pqxx::transaction_base&)>& write
) {
    bool is_done = false;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        if (!write(transaction)) return {};
        const auto record = append_record(transaction, act, now);
        if (!record) return std::unexpected(record.error());
        transaction.commit();
        is_done = true;
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return is_done;
}

std::optional<std::string> id_of(const ledger::Actor& actor) {
    return actor.id ? std::optional{to_string(*actor.id)} : std::nullopt;
}

calendar::Date to_date(const pqxx::field& field) {
    const auto date = calendar::date_from(field.as<std::string>());
    if (!date) throw pqxx::conversion_error{"a date"};
    return *date;
}

std::optional<calendar::Date> to_optional_date(const pqxx::field& field) {
    return field.is_null() ? std::nullopt : std::optional{to_date(field)};
}

std::optional<std::string> to_optional_iso(const std::optional<calendar::Date>& date) {
    return date ? std::optional{calendar::to_iso(*date)} : std::nullopt;
}

}  // namespace sluice::catalogue::detail
