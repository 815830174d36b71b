#pragma once

#include "api/http/problem.hpp"
#include "api/http/text.hpp"
#include "config/base/time.hpp"
#include "config/base/uuid.hpp"
#include "config/base/words.hpp"

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::api {

/// 400 for a name or a form that can't be read, 422 for values that can be read and make no sense; both name
/// the field.
[[nodiscard]] http::Problem bad_parameter(std::string_view field, std::string detail);
[[nodiscard]] http::Problem unfit_parameter(std::string_view field, std::string code, std::string detail);

/// The query of a request, read strictly. Pure; any bytes may come.
class Parameters {
public:
    template <class T>
    using Read = std::expected<T, http::Problem>;

    Parameters() = default;
    /// Refuses what is no query, a name that is not `known`, and a name that is given twice.
    [[nodiscard]] static Read<Parameters> parse(std::string_view raw, const std::vector<std::string>& known);

    [[nodiscard]] const std::string* find(std::string_view name) const;
    [[nodiscard]] Read<std::optional<UtcTime>> time(std::string_view name) const;
    [[nodiscard]] Read<UtcTime> required_time(std::string_view name) const;
    /// Both `from` and `to`, from before to, at most `longest` apart.
    [[nodiscard]] Read<TimeRange> interval(Microseconds longest) const;
    [[nodiscard]] Read<StreamKind> stream() const;               ///< main when it is left out
    [[nodiscard]] Read<std::size_t> limit() const;               ///< 1–1000, 100 when it is left out
    [[nodiscard]] Read<bool> flag(std::string_view name) const;  ///< true or false; false when it is left out
    [[nodiscard]] Read<std::optional<Uuid>> id(std::string_view name) const;

    [[nodiscard]] const http::Query& all() const noexcept { return query_; }

private:
    http::Query query_;
};

/// Pre: from < to is not known yet. 422 INTERVAL_REVERSED (field `to`), INTERVAL_TOO_LONG (field `to`).
[[nodiscard]] std::expected<void, http::Problem> check_interval(TimeRange range, Microseconds longest);

}  // namespace sluice::api
