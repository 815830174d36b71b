#include "storage/access/members.hpp"

#include "config/base/slug.hpp"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

namespace sluice::access {
namespace {

using nlohmann::json;

constexpr std::size_t kLongestText = 200;
constexpr std::size_t kMostTexts = 64;
constexpr int kMostSeconds = 86'400;
constexpr const char* kStateWords = "planned, active, retired";

std::string dump(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

bool has_control(std::string_view text) {
    return std::ranges::any_of(text, [](char letter) {
        const auto byte = static_cast<unsigned char>(letter);
        return byte < 0x20 || byte == 0x7F;
    });
}

/// Reads members one after the other until the first that is wrong.
class Reading {
public:
    explicit Reading(std::string_view object) : object_(json::parse(object, nullptr, false)) {}

    Reading& text(const char* member, std::string& into, bool may_be_empty = false) {
        const json* found = find(member);
        if (found == nullptr) return *this;
        if (!found->is_string()) return fail(member, {}, "Must be a text.");
        std::string read{trimmed(found->get_ref<const std::string&>())};
        if (read.empty() && !may_be_empty)
            return fail(member, "MEMBER_MISSING", "Must be given and not be empty.");
        if (read.size() > kLongestText) return fail(member, "TEXT_TOO_LONG", "At most 200 bytes of UTF-8.");
        if (has_control(read)) return fail(member, "TEXT_NOT_PLAIN", "Must not hold control characters.");
        into = std::move(read);
        return *this;
    }
    template <class Word>
    Reading& word(
        const char* member,
        Word& into,
        std::optional<Word> (*from)(std::string_view) noexcept,
        const char* words
    ) {
        std::string read;
        text(member, read, true);
        if (fault_ || find(member) == nullptr) return *this;
        const auto known = from(read);
        if (!known) return fail(member, {}, std::string{"Must be one of "} + words + ".");
        into = *known;
        return *this;
    }
    Reading& number(const char* member, int& into, int least, int most) {
        const json* found = find(member);
        if (found == nullptr) return *this;
        if (!found->is_number_integer()) return fail(member, {}, "Must be a whole number.");
        const auto read = found->get<std::int64_t>();
        if (read < least || read > most)
            return fail(
                member, "NUMBER_UNFIT", "From " + std::to_string(least) + " to " + std::to_string(most) + "."
            );
        into = static_cast<int>(read);
        return *this;
    }
    Reading& flag(const char* member, bool& into) {
        const json* found = find(member);
        if (found == nullptr) return *this;
        if (!found->is_boolean()) return fail(member, {}, "Must be true or false.");
        into = found->get<bool>();
        return *this;
    }
    Reading& texts(const char* member, std::vector<std::string>& into) {
        const json* found = find(member);
        if (found == nullptr) return *this;
        const bool is_list =
            found->is_array() && std::ranges::all_of(*found, [](const json& one) { return one.is_string(); });
        if (!is_list) return fail(member, {}, "Must be a list of texts.");
        if (found->size() > kMostTexts) return fail(member, "LIST_TOO_LONG", "At most 64 elements.");
        auto read = found->get<std::vector<std::string>>();
        for (const std::string& one : read)
            if (one.empty() || one.size() > kLongestText || has_control(one))
                return fail(member, "TEXT_UNFIT", "Each has 1 to 200 bytes of plain text.");
        std::ranges::sort(read);
        read.erase(std::ranges::unique(read).begin(), read.end());
        into = std::move(read);
        return *this;
    }
    Reading& slug(std::string& known) {
        std::string read = known;
        text("slug", read);
        if (fault_) return *this;
        if (read.empty()) return fail("slug", "MEMBER_MISSING", "Must be given and not be empty.");
        if (!is_slug(read))
            return fail(
                "slug", "SLUG_UNFIT", "1 to 63 of a-z, 0-9 and dashes, none at an end; e.g. \"1f-rear\"."
            );
        if (!known.empty() && read != known)
            return fail(
                "slug", "SLUG_FIXED", "Stays as it is: events and links name it. Change the name instead."
            );
        known = std::move(read);
        return *this;
    }
    Reading& needs(const char* member, bool is_there) {
        return is_there ? *this : fail(member, "MEMBER_MISSING", "Must be given and not be empty.");
    }
    template <class Value>
    [[nodiscard]] Membered<Value> done(Value value) {
        if (fault_) return std::unexpected(std::move(*fault_));
        return value;
    }

private:
    /// Null once something was wrong.
    [[nodiscard]] const json* find(const char* member) const {
        if (fault_) return nullptr;
        const auto found = object_.find(member);
        return found == object_.end() || found->is_null() ? nullptr : &*found;
    }
    Reading& fail(const char* member, std::string code, std::string text) {
        if (!fault_) fault_ = MemberFault{member, std::move(code), std::move(text)};
        return *this;
    }

    json object_;
    std::optional<MemberFault> fault_;
};

json text_or_null(const std::string& text) {
    return text.empty() ? json(nullptr) : json(text);
}

}  // namespace

const std::vector<std::string>& controller_members() {
    static const std::vector<std::string> names{
        "slug",
        "name",
        "make",
        "kind",
        "state",
        "source",
        "account",
        "heartbeat_seconds",
        "clock",
        "clock_tolerance_seconds"
    };
    return names;
}

const std::vector<std::string>& door_members() {
    static const std::vector<std::string> names{
        "slug",
        "name",
        "kind",
        "leaves",
        "fail_mode",
        "boundary",
        "state",
        "is_main",
        "is_rear",
        "held_open_seconds",
        "controller",
        "labels",
        "cameras"
    };
    return names;
}

const std::vector<std::string>& reader_members() {
    static const std::vector<std::string> names{"slug", "name", "door", "side", "state", "labels"};
    return names;
}

const std::vector<std::string>& category_members() {
    static const std::vector<std::string> names{"slug", "name", "state"};
    return names;
}

Membered<Controller> with_members(std::string_view object, Controller controller) {
    int heartbeat = static_cast<int>(controller.heartbeat.value_or(std::chrono::seconds{0}).count());
    int tolerance = static_cast<int>(controller.clock_tolerance.count());
    Reading reading{object};
    reading.slug(controller.slug)
        .text("name", controller.name)
        .needs("name", !controller.name.empty())
        .text("make", controller.make)
        .word(
            "kind",
            controller.kind,
            controller_kind_from,
            "unknown, csv_import, http_push, uhppote, zkteco_push"
        )
        .word("state", controller.state, inventory_state_from, kStateWords)
        .text("source", controller.source, true)
        .number("heartbeat_seconds", heartbeat, 0, kMostSeconds)
        .word("clock", controller.clock, controller_clock_from, "taipei, utc")
        .number("clock_tolerance_seconds", tolerance, 1, kMostSeconds);
    controller.heartbeat.reset();
    if (heartbeat > 0) controller.heartbeat = std::chrono::seconds{heartbeat};
    controller.clock_tolerance = std::chrono::seconds{tolerance};
    return reading.done(std::move(controller));
}

Membered<Door> with_members(std::string_view object, Door door) {
    int held_open = static_cast<int>(door.held_open.count());
    Reading reading{object};
    reading.slug(door.slug)
        .text("name", door.name)
        .needs("name", !door.name.empty())
        .word("kind", door.kind, door_kind_from, "eml, anode_bolt, strike, turnstile, other")
        .number("leaves", door.leaves, 1, 2)
        .word("fail_mode", door.fail_mode, fail_mode_from, "fail_safe, fail_secure, unknown")
        .word("boundary", door.boundary, boundary_from, "building, section, room, unplaced")
        .word("state", door.state, inventory_state_from, kStateWords)
        .flag("is_main", door.is_main)
        .flag("is_rear", door.is_rear)
        .number("held_open_seconds", held_open, 1, kMostSeconds)
        .texts("labels", door.labels)
        .texts("cameras", door.camera_slugs);
    door.held_open = std::chrono::seconds{held_open};
    auto read = reading.done(std::move(door));
    if (read && read->is_main && read->is_rear)
        return std::unexpected(MemberFault{
            "is_rear",
            "DOOR_UNFIT",
            "A door is the main one or the rear one: in the evening one of them is blocked."
        });
    return read;
}

Membered<Reader> with_members(std::string_view object, Reader reader) {
    Reading reading{object};
    reading.slug(reader.slug)
        .text("name", reader.name)
        .needs("name", !reader.name.empty())
        .word("side", reader.side, reader_side_from, "in, out, unknown")
        .word("state", reader.state, inventory_state_from, kStateWords)
        .texts("labels", reader.labels);
    return reading.done(std::move(reader));
}

Membered<PersonCategory> with_members(std::string_view object, PersonCategory category) {
    Reading reading{object};
    reading.slug(category.slug)
        .text("name", category.name)
        .needs("name", !category.name.empty())
        .word("state", category.state, inventory_state_from, kStateWords);
    return reading.done(std::move(category));
}

std::string to_json(const Controller& controller) {
    return dump({
        {"slug", controller.slug},
        {"name", controller.name},
        {"make", controller.make},
        {"kind", to_string(controller.kind)},
        {"state", to_string(controller.state)},
        {"source", text_or_null(controller.source)},
        {"account", controller.account_id ? json(to_string(*controller.account_id)) : json(nullptr)},
        {"heartbeat_seconds", controller.heartbeat ? json(controller.heartbeat->count()) : json(nullptr)},
        {"clock", to_string(controller.clock)},
        {"clock_tolerance_seconds", controller.clock_tolerance.count()},
    });
}

std::string to_json(const Door& door, const std::string& controller) {
    return dump({
        {"slug", door.slug},
        {"name", door.name},
        {"kind", to_string(door.kind)},
        {"leaves", door.leaves},
        {"fail_mode", to_string(door.fail_mode)},
        {"boundary", to_string(door.boundary)},
        {"state", to_string(door.state)},
        {"is_main", door.is_main},
        {"is_rear", door.is_rear},
        {"held_open_seconds", door.held_open.count()},
        {"controller", text_or_null(controller)},
        {"labels", door.labels},
        {"cameras", door.camera_slugs},
    });
}

std::string to_json(const Reader& reader, const std::string& door) {
    return dump({
        {"slug", reader.slug},
        {"name", reader.name},
        {"door", door},
        {"side", to_string(reader.side)},
        {"state", to_string(reader.state)},
        {"labels", reader.labels},
    });
}

std::string to_json(const PersonCategory& category) {
    return dump({{"slug", category.slug}, {"name", category.name}, {"state", to_string(category.state)}});
}

std::string changes_between(const std::string& before, const std::string& after) {
    if (before.empty()) return after;
    const json old = json::parse(before);
    json changes = json::object();
    for (const auto& [name, value] : json::parse(after).items())
        if (old.at(name) != value) changes[name] = {{"from", old.at(name)}, {"to", value}};
    return dump(changes);
}

}  // namespace sluice::access
