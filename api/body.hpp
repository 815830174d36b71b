#pragma once

#include "api/http/message.hpp"
#include "api/http/problem.hpp"
#include "config/base/time.hpp"

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace sluice::api {

/// A request's JSON object, read as strictly as a query. Pure; any bytes may come.
class Body {
public:
    template <class T>
    using Read = std::expected<T, http::Problem>;

    /// 415 unless it is application/json; 400 MALFORMED_JSON for what is no object of well-formed UTF-8, or
    /// has a member twice; 400 UNKNOWN_MEMBER for a name that is not `known`.
    [[nodiscard]] static Read<Body>
    parse(const http::Request& request, const std::vector<std::string>& known);
    Body(Body&&) noexcept;
    Body& operator=(Body&&) noexcept;
    ~Body();

    /// What is not there, or null, is nullopt or empty; of another kind: 400 INVALID_MEMBER. Texts are cut of
    /// blanks at both ends; too long or with control characters: 422.
    [[nodiscard]] Read<std::string> text(std::string_view name, std::size_t longest) const;
    /// 422 MEMBER_MISSING when it is empty.
    [[nodiscard]] Read<std::string> required_text(std::string_view name, std::size_t longest) const;
    [[nodiscard]] Read<std::optional<UtcTime>> time(std::string_view name) const;
    [[nodiscard]] Read<UtcTime> required_time(std::string_view name) const;
    [[nodiscard]] Read<std::vector<std::string>> texts(std::string_view name, std::size_t most) const;
    /// A member of any kind as JSON text; empty when it is not there.
    [[nodiscard]] std::string raw(std::string_view name) const;
    [[nodiscard]] bool has(std::string_view name) const;

private:
    explicit Body(nlohmann::json&& object);
    std::unique_ptr<nlohmann::json> object_;
};

/// 400 and 422 for a member, naming it.
[[nodiscard]] http::Problem bad_member(std::string_view field, std::string detail);
[[nodiscard]] http::Problem unfit_member(std::string_view field, std::string code, std::string detail);

}  // namespace sluice::api
