#include "storage/release/not_held.hpp"

#include <algorithm>

namespace sluice::release {
namespace {

constexpr std::string_view kDestroyed = "NOT_HELD_DESTROYED";
constexpr std::string_view kOverwritten = "NOT_HELD_OVERWRITTEN";
constexpr std::string_view kOthers = "NOT_HELD_OTHER_CONTROLLER";
constexpr std::string_view kNever = "NOT_HELD_NEVER_RECORDED";

}  // namespace

std::string_view not_held_code(const NotHeld& facts) {
    if (facts.destroyed > 0) {
        const bool is_window = std::ranges::all_of(facts.rules, [](const std::string& rule) {
            return rule == "RET_WINDOW" || rule == "RET_SPACE";
        });
        return is_window ? kOverwritten : kDestroyed;
    }
    return facts.has_other_controller || !facts.is_known ? kOthers : kNever;
}

std::string_view foremost_not_held(std::span<const std::string> codes) {
    for (const std::string_view code : {kDestroyed, kOverwritten, kOthers, kNever})
        if (std::ranges::find(codes, code) != codes.end()) return code;
    return {};
}

}  // namespace sluice::release
