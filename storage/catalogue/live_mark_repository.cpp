#include "storage/catalogue/live_mark_repository.hpp"

#include "storage/catalogue/detail/connection.hpp"
#include "storage/catalogue/detail/values.hpp"

namespace sluice::catalogue {

namespace {

constexpr const char* kFind =
    "SELECT file_id, number, discontinuities FROM live_marks WHERE stream_id = $1::uuid";

constexpr const char* kSave = R"(
    INSERT INTO live_marks (stream_id, file_id, number, discontinuities)
    VALUES ($1::uuid, $2::uuid, $3::bigint, $4::bigint)
    ON CONFLICT (stream_id) DO UPDATE
    SET file_id = excluded.file_id, number = excluded.number, discontinuities = excluded.discontinuities
    WHERE live_marks.file_id < excluded.file_id)";

LiveMarkRow from_row(const pqxx::row& row) {
    return {
        .file_id = detail::to_uuid(row[0]),
        .number = row[1].as<std::uint64_t>(),
        .discontinuities = row[2].as<std::uint64_t>(),
    };
}

}  // namespace

Result<std::optional<LiveMarkRow>> find_live_mark(Pool& pool, const Uuid& stream_id) {
    std::optional<LiveMarkRow> mark;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::nontransaction session{connection.get()};
        const pqxx::result rows = detail::run(session, kFind, to_string(stream_id));
        if (!rows.empty()) mark = from_row(rows[0]);
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return mark;
}

Status save_live_mark(Pool& pool, const Uuid& stream_id, const LiveMarkRow& mark) {
    return pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        detail::run(
            transaction,
            kSave,
            to_string(stream_id),
            to_string(mark.file_id),
            mark.number,
            mark.discontinuities
        );
        transaction.commit();
        return {};
    });
}

}  // namespace sluice::catalogue
