#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

/// Structured log: one event per line on stderr as JSON, or journald fields when stderr is the journal.
/// Event names are fixed words (`segment_finished`); what varies is in fields. Never put a credential in a
/// field; URLs go through redact_url().
namespace sluice::log {

/// Levels mean duty. error: someone must act. warn: degraded by itself. info: a few lines per camera and day.
enum class Level { debug, info, warn, error };

struct Field {
    using Value = std::variant<std::string_view, std::int64_t, double, bool>;
    Field(std::string_view field_name, std::string_view text) : name(field_name), value(text) {}
    Field(std::string_view field_name, const char* text) : name(field_name), value(std::string_view{text}) {}
    Field(std::string_view field_name, const std::string& text)
        : name(field_name),
          value(std::string_view{text}) {}
    Field(std::string_view field_name, bool flag) : name(field_name), value(flag) {}
    Field(std::string_view field_name, double number) : name(field_name), value(number) {}
    template <class Integer>
        requires std::is_integral_v<Integer>
    Field(std::string_view field_name, Integer number)
        : name(field_name),
          value(static_cast<std::int64_t>(number)) {}

    std::string_view name;  ///< lower_snake; in the journal it becomes SLUICE_<NAME>
    Value value;
};
using Fields = std::initializer_list<Field>;

/// Sets the program's name and the lowest level written. Call once, before threads are started.
void configure(std::string_view program, Level lowest);
[[nodiscard]] bool is_enabled(Level level) noexcept;

/// Thread: any. Never throws and never blocks on anything but stderr.
void write(Level level, std::string_view event, Fields fields) noexcept;
inline void debug(std::string_view event, Fields fields = {}) {
    write(Level::debug, event, fields);
}
inline void info(std::string_view event, Fields fields = {}) {
    write(Level::info, event, fields);
}
inline void warn(std::string_view event, Fields fields = {}) {
    write(Level::warn, event, fields);
}
inline void error(std::string_view event, Fields fields = {}) {
    write(Level::error, event, fields);
}

/// "rtsp://user:secret@host/x?token=abc" → "rtsp://***@host/x?…": the authority's user part and the query's
/// values go.
[[nodiscard]] std::string redact_url(std::string_view url);

/// The line `write` prints, without the newline; for tests. `time` is RFC 3339.
[[nodiscard]] std::string to_json_line(
    std::string_view time,
    std::string_view program,
    Level level,
    std::string_view event,
    Fields fields
);
/// Appends `text` as a JSON string with quotes; bytes that are not UTF-8 become U+FFFD.
void append_json_string(std::string& out, std::string_view text);

}  // namespace sluice::log
