#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace sluice::http {

/// Which route a method and a path mean. A pattern is a path in which `{name}` stands for one part:
/// "/v1/cameras/{slug}". At its end `{name+}` stands for one or more, with their slashes.
class Router {
public:
    /// `route` is the caller's number for it. HEAD goes where GET goes.
    void add(std::string method, std::string_view pattern, std::size_t route);

    struct Found {
        std::size_t route = 0;
        std::vector<std::string> variables;  ///< values of the {…}, in order
    };
    struct NoSuchPath {};
    struct OtherMethod {
        std::string allow;        ///< "GET, HEAD, OPTIONS"
        std::size_t sibling = 0;  ///< a route with this path and another method
        bool is_options = false;  ///< the method was OPTIONS
    };
    using Match = std::variant<Found, NoSuchPath, OtherMethod>;
    [[nodiscard]] Match find(std::string_view method, const std::vector<std::string>& path) const;

private:
    struct Entry {
        std::string method;
        std::vector<std::string> parts;
        std::size_t route;
    };
    std::vector<Entry> entries_;
};

}  // namespace sluice::http
