#include "storage/access/icalendar.hpp"

#include <string_view>

namespace sluice::access {
namespace {

constexpr std::size_t kLongestLine = 75;

bool is_inside_letter(char byte) noexcept {
    return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

/// One content line; what goes on in the next one begins with a blank, which counts.
void add_line(std::string& out, std::string_view line) {
    std::size_t room = kLongestLine;
    while (line.size() > room) {
        std::size_t cut = room;
        while (cut > 1 && is_inside_letter(line[cut]))
            --cut;
        out += line.substr(0, cut);
        out += "\r\n ";
        line.remove_prefix(cut);
        room = kLongestLine - 1;
    }
    out += line;
    out += "\r\n";
}

std::string escaped(std::string_view text) {
    std::string out;
    for (const char letter : text) {
        if (letter == '\\' || letter == ';' || letter == ',') out += '\\';
        if (letter == '\n')
            out += "\\n";
        else if (static_cast<unsigned char>(letter) >= 0x20)
            out += letter;
    }
    return out;
}

void add_period(
    std::string& out,
    const std::string& slug,
    const std::string& name,
    const ModePeriod& period,
    const std::string& stamp
) {
    const std::string from = to_compact_utc(period.range.from);
    const std::string mode{to_string(period.is.mode)};
    add_line(out, "BEGIN:VEVENT");
    add_line(out, "UID:" + slug + "-" + from + "@doors.sluice");
    add_line(out, "DTSTAMP:" + stamp);
    add_line(out, "DTSTART:" + from);
    add_line(out, "DTEND:" + to_compact_utc(period.range.to));
    add_line(out, "SUMMARY:" + escaped(name + ": " + mode));
    add_line(out, "CATEGORIES:" + mode);
    std::string why{to_string(period.is.reason)};
    if (period.is.override_id) why += " " + to_string(*period.is.override_id);
    if (period.is.is_calendar_assumed) why += "; the year's calendar is missing, Monday to Friday is assumed";
    add_line(out, "DESCRIPTION:" + escaped(why));
    add_line(out, "TRANSP:TRANSPARENT");
    add_line(out, "END:VEVENT");
}

}  // namespace

std::string to_icalendar(
    const std::string& slug,
    const std::string& name,
    const std::vector<ModePeriod>& periods,
    UtcTime now
) {
    std::string out;
    add_line(out, "BEGIN:VCALENDAR");
    add_line(out, "VERSION:2.0");
    add_line(out, "PRODID:-//Sluice//Door schedule//EN");
    add_line(out, "CALSCALE:GREGORIAN");
    add_line(out, "X-WR-CALNAME:" + escaped(name));
    const std::string stamp = to_compact_utc(now);
    for (const ModePeriod& period : periods)
        add_period(out, slug, name, period, stamp);
    add_line(out, "END:VCALENDAR");
    return out;
}

}  // namespace sluice::access
