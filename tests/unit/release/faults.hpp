#pragma once

#include "tests/unit/release/case_maker.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What can stand against a step of a request, one thing at a time.
namespace sluice::release::test {

/// One thing that stands against a step, and what cures it: the sound case is spoiled, refused with the code,
/// and goes once it is cured.
struct Fault {
    std::string_view code;
    Case sound;
    RequestAction action;
    Someone who;
    std::function<void(Case&, Attempt&, Someone&)> spoil;
    std::optional<UtcTime> remedy = std::nullopt;
};

inline Case in_state(Case request, RequestState state) {
    request.state = state;
    return request;
}
/// Submitted, with all that its acceptance asks for.
inline Case acceptable(Channel channel) {
    Case request = in_state(whole_case(channel), RequestState::submitted);
    if (channel == Channel::internal) sign_chain_a(request);
    return request;
}

[[nodiscard]] std::vector<Fault> all_faults();
/// What the step comes to without the fault and with it; empty: it goes.
[[nodiscard]] std::string code_of_sound(const Fault& fault);
[[nodiscard]] std::string code_of_spoiled(const Fault& fault);

}  // namespace sluice::release::test
