#pragma once

#include "api/action.hpp"
#include "api/authorisation_words.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

/// Who may do what: the table itself stands in authorisation_table.cpp, in words; here is how it is read.
namespace sluice::api {

/// What the table says of one case.
struct Verdict {
    enum class Effect : std::uint8_t {
        deny,
        allow,
        never,  ///< denied whatever else the person is
    };
    Effect effect = Effect::deny;
    std::string_view code = "ROLE_NOT_ALLOWED";  ///< of a refusal
    std::string_view article;                    ///< the rule it rests on, if any

    friend bool operator==(const Verdict&, const Verdict&) = default;
};

/// A verdict for every role, action, relation and state. A value: tests change copies of it. Thread: any.
class AuthorisationTable {
public:
    AuthorisationTable();  ///< everything is denied

    [[nodiscard]] const Verdict& look_up(Role role, Action action, Relation relation, State state)
        const noexcept;
    void set(Role role, Action action, Relation relation, State state, const Verdict& verdict);

private:
    std::vector<Verdict> cells_;
};

/// The one in force.
[[nodiscard]] const AuthorisationTable& authorisation_table();

/// The states that can be asked about with this action.
[[nodiscard]] std::vector<State> states_of(Action action);

}  // namespace sluice::api
