#pragma once

#include "config/base/bytes.hpp"
#include "config/base/time.hpp"
#include "config/base/uuid.hpp"
#include "config/base/words.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <pqxx/pqxx>

/// How values cross the border: times as microseconds since 1970 in a bigint (a double would lose them), ids
/// and bytes as text, lists as PostgreSQL array literals, so that a thousand rows are one statement.
namespace sluice::catalogue::detail {

/// Valid UTF-8 without NUL, which PostgreSQL's text refuses: other bytes become U+FFFD.
[[nodiscard]] std::string clean_text(std::string_view text);
[[nodiscard]] std::string to_bytea(ByteView bytes);

/// "{…}" for a parameter that the statement casts to an array and unnests.
class ArrayLiteral {
public:
    void add(const Uuid& id) { add_plain(to_string(id)); }
    void add(UtcTime time) { add_plain(std::to_string(to_epoch_us(time))); }
    void add(std::uint64_t number) { add_plain(std::to_string(number)); }
    void add(bool flag) { add_plain(flag ? "t" : "f"); }
    void add(double number);
    void add(ByteView bytes) { add_plain("\"\\" + to_bytea(bytes) + '"'); }
    void add(std::string_view text);  ///< quoted and cleaned
    template <class T>
    void add(const std::optional<T>& value) {
        if (value)
            add(*value);
        else
            add_plain("NULL");
    }
    [[nodiscard]] std::string str() const { return text_ + '}'; }

private:
    void add_plain(std::string_view element);

    std::string text_ = "{";
};

/// Reading; a value that is not what our own statements yield throws pqxx::conversion_error.
[[nodiscard]] Uuid to_uuid(const pqxx::field& field);
[[nodiscard]] UtcTime to_time(const pqxx::field& field);
[[nodiscard]] std::optional<UtcTime> to_optional_time(const pqxx::field& field);
/// As libpqxx takes a time that may be missing.
[[nodiscard]] std::optional<std::int64_t> to_optional_us(const std::optional<UtcTime>& time) noexcept;
[[nodiscard]] Bytes to_bytes(const pqxx::field& field);
/// Of encode(…, 'hex'); nullopt for NULL.
[[nodiscard]] std::optional<Sha256Digest> to_digest(const pqxx::field& field);
[[nodiscard]] GapCause to_cause(const pqxx::field& field);
/// Elements of a text[].
[[nodiscard]] std::vector<std::string> to_texts(const pqxx::field& field);

}  // namespace sluice::catalogue::detail
