#include "storage/volume/journal.hpp"

#include <cmath>
#include <concepts>

#include <nlohmann/json.hpp>

namespace sluice::volume {
namespace {

using nlohmann::json;

constexpr std::size_t kTextLimit = 4096;  // of one free text; far under the limit of a line even when escaped

/// At most kTextLimit bytes, cut between two UTF-8 characters.
std::string cut(const std::string& text) {
    if (text.size() <= kTextLimit) return text;
    std::size_t end = kTextLimit;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U)
        --end;
    return text.substr(0, end);
}

double finite(double value) {
    return std::isfinite(value) ? value : 0;
}

json to_object(const RunStarted& fact) {
    json object{
        {"fact", "run_started"},
        {"run", to_string(fact.run_id)},
        {"stream", to_string(fact.stream_id)},
        {"at", to_rfc3339(fact.at)},
    };
    if (fact.clock_synchronised) object["clock_synchronised"] = *fact.clock_synchronised;
    return object;
}

json to_object(const RunEnded& fact) {
    json object{
        {"fact", "run_ended"},
        {"run", to_string(fact.run_id)},
        {"at", to_rfc3339(fact.at)},
        {"cause", to_string(fact.cause)},
        {"measured_fps", finite(fact.measured_fps)},
        {"media_rate", finite(fact.media_rate)},
    };
    if (fact.started) object["started"] = to_object(*fact.started);
    return object;
}

json to_object(const GapOpened& fact) {
    return {
        {"fact", "gap_opened"},
        {"gap", to_string(fact.gap_id)},
        {"stream", to_string(fact.stream_id)},
        {"from", to_rfc3339(fact.from)},
        {"cause", to_string(fact.cause)},
        {"detail", cut(fact.detail)},
    };
}

json to_object(const GapClosed& fact) {
    json object{{"fact", "gap_closed"}, {"gap", to_string(fact.gap_id)}, {"to", to_rfc3339(fact.to)}};
    if (fact.opened) object["opened"] = to_object(*fact.opened);
    return object;
}

json to_object(const ConfigLoaded& fact) {
    return {{"fact", "config_loaded"}, {"sha256", cut(fact.sha256)}, {"summary", cut(fact.summary)}};
}

json to_object(const Refused& fact) {
    return {{"fact", "refused"}, {"what", cut(fact.what)}, {"reason", cut(fact.reason)}};
}

json to_object(const Started& fact) {
    return {{"fact", "started"}, {"version", cut(fact.version)}};
}

json to_object(const Stopped& fact) {
    return {{"fact", "stopped"}, {"all_streams_ended", fact.all_streams_ended}};
}

json to_object(const PowerChanged& fact) {
    json object{
        {"fact", "power_changed"},
        {"ups", cut(fact.ups)},
        {"state", to_string(fact.state)},
        {"at", to_rfc3339(fact.at)},
        {"feeds_recorder", fact.feeds_recorder},
        {"feeds_locks", fact.feeds_locks},
        {"detail", cut(fact.detail)},
    };
    if (fact.charge_percent) object["charge_percent"] = finite(*fact.charge_percent);
    return object;
}

/// Takes members out of one line's object. The first that is missing or of another kind makes the whole line
/// unreadable; members it does not know are left alone.
class Reader {
public:
    explicit Reader(const json& object) : object_(object) {}

    [[nodiscard]] bool is_whole() const noexcept { return whole_; }

    std::string text(const char* member) {
        const json* found = find(member);
        if (found == nullptr || !found->is_string()) return fail<std::string>();
        return found->get<std::string>();
    }
    Uuid id(const char* member) { return parsed(uuid_from_string(text(member))); }
    UtcTime time(const char* member) { return parsed(from_rfc3339(text(member))); }
    GapCause cause(const char* member) {
        const auto value = gap_cause_from(text(member));
        return value ? *value : fail<GapCause>();
    }
    PowerState power_state(const char* member) {
        const auto value = power_state_from(text(member));
        return value ? *value : fail<PowerState>();
    }
    double number(const char* member) {
        const json* found = find(member);
        if (found == nullptr || !found->is_number()) return fail<double>();
        return finite(found->get<double>());
    }
    std::optional<double> optional_number(const char* member) {
        const json* found = find(member);
        if (found == nullptr || found->is_null()) return std::nullopt;
        return number(member);
    }
    /// A fact inside a fact; nullopt when the member is not there.
    template <class Read>
    auto optional_fact(const char* member, Read read) -> std::optional<decltype(read(*this))> {
        const json* found = find(member);
        if (found == nullptr || found->is_null()) return std::nullopt;
        Reader inner{*found};
        auto fact = read(inner);
        whole_ &= found->is_object() && inner.is_whole();
        return fact;
    }
    bool flag(const char* member) {
        const auto value = optional_flag(member);
        return value ? *value : fail<bool>();
    }
    std::optional<bool> optional_flag(const char* member) {
        const json* found = find(member);
        if (found == nullptr || found->is_null()) return std::nullopt;
        if (!found->is_boolean()) return fail<std::optional<bool>>();
        return found->get<bool>();
    }

private:
    const json* find(const char* member) const {
        const auto found = object_.find(member);
        return found == object_.end() ? nullptr : &*found;
    }
    template <class T>
    T fail() {
        whole_ = false;
        return T{};
    }
    template <class T>
    T parsed(const Result<T>& value) {
        return value ? *value : fail<T>();
    }

    const json& object_;
    bool whole_ = true;
};

RunStarted read_run_started(Reader& from) {
    return RunStarted{
        .run_id = from.id("run"),
        .stream_id = from.id("stream"),
        .at = from.time("at"),
        .clock_synchronised = from.optional_flag("clock_synchronised"),
    };
}

GapOpened read_gap_opened(Reader& from) {
    return GapOpened{
        .gap_id = from.id("gap"),
        .stream_id = from.id("stream"),
        .from = from.time("from"),
        .cause = from.cause("cause"),
        .detail = from.text("detail"),
    };
}

std::optional<JournalFact> read_fact(Reader& from, const std::string& kind) {
    if (kind == "run_started") return read_run_started(from);
    if (kind == "run_ended") {
        return RunEnded{
            .run_id = from.id("run"),
            .at = from.time("at"),
            .cause = from.cause("cause"),
            .measured_fps = from.number("measured_fps"),
            .media_rate = from.number("media_rate"),
            .started = from.optional_fact("started", read_run_started),
        };
    }
    if (kind == "gap_opened") return read_gap_opened(from);
    if (kind == "gap_closed") {
        return GapClosed{
            .gap_id = from.id("gap"),
            .to = from.time("to"),
            .opened = from.optional_fact("opened", read_gap_opened),
        };
    }
    if (kind == "config_loaded")
        return ConfigLoaded{.sha256 = from.text("sha256"), .summary = from.text("summary")};
    if (kind == "refused") return Refused{.what = from.text("what"), .reason = from.text("reason")};
    if (kind == "started") return Started{.version = from.text("version")};
    if (kind == "stopped") return Stopped{.all_streams_ended = from.flag("all_streams_ended")};
    if (kind == "power_changed") {
        return PowerChanged{
            .ups = from.text("ups"),
            .state = from.power_state("state"),
            .at = from.time("at"),
            .feeds_recorder = from.flag("feeds_recorder"),
            .feeds_locks = from.flag("feeds_locks"),
            .charge_percent = from.optional_number("charge_percent"),
            .detail = from.text("detail"),
        };
    }
    return std::nullopt;
}

}  // namespace

std::string to_line(const JournalLine& line) {
    json object = std::visit([](const auto& fact) { return to_object(fact); }, line.fact);
    object["written"] = to_rfc3339(line.written);
    // Bytes that are no UTF-8 (a camera's words in a detail) become U+FFFD instead of an exception.
    return object.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

Result<JournalLine> from_line(std::string_view line) {
    if (line.ends_with('\n')) line.remove_suffix(1);
    if (line.size() > kJournalLineLimit) return failure(Remedy::abandon_file, "a journal line is too long");
    const json object = json::parse(line, nullptr, false);
    if (!object.is_object()) return failure(Remedy::abandon_file, "a journal line is no JSON object");
    Reader from{object};
    const UtcTime written = from.time("written");
    const auto fact = read_fact(from, from.text("fact"));
    if (!fact || !from.is_whole()) {
        return failure(Remedy::abandon_file, "a journal line holds no fact that is known");
    }
    return JournalLine{.written = written, .fact = *fact};
}

}  // namespace sluice::volume
