#pragma once

#include "tests/support/farm/camera.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace sluice::farm {

/// What a command may do beyond changing a camera.
struct Hooks {
    std::function<void(Camera&, bool with_reset)> close_connections;
    std::function<void(std::chrono::duration<double>)> stop_listening;
    std::function<void()> stop;
};

/// The commands, one a line: VERB CAMERA [ARGUMENTS]; CAMERA is a name or * for all.
extern const char* const kCommandHelp;

/// Carries out one command; the answer is one line of JSON: {"ok":true} or {"ok":false,"error":"…"}.
[[nodiscard]] std::string execute(std::string_view line, Cameras& cameras, const Hooks& hooks);

}  // namespace sluice::farm
