#include "config/detail/machines.hpp"

#include "config/detail/once.hpp"
#include "config/detail/password.hpp"
#include "config/detail/validate.hpp"

#include <algorithm>
#include <array>

namespace sluice::config::detail {
namespace {

std::optional<FlagDays> flag_days_from(std::string_view word) {
    if (word == "all") return FlagDays::all;
    if (word == "working") return FlagDays::working;
    if (word == "off") return FlagDays::off;
    return std::nullopt;
}

/// "18:30"; "24:00" is no time of a day.
std::optional<std::chrono::minutes> time_of_day_from(std::string_view text) {
    const auto digit = [&](std::size_t place) { return text[place] - '0'; };
    if (text.size() != 5 || text[2] != ':') return std::nullopt;
    for (const std::size_t place : {0U, 1U, 3U, 4U})
        if (text[place] < '0' || text[place] > '9') return std::nullopt;
    const int hours = digit(0) * 10 + digit(1);
    const int minutes = digit(3) * 10 + digit(4);
    if (hours > 23 || minutes > 59) return std::nullopt;
    return std::chrono::minutes{hours * 60 + minutes};
}

void read_feeds(Section& section, Ups& ups, Findings& findings) {
    std::vector<std::string> words;
    if (ups.feeds_recorder) words.emplace_back("recorder");
    section.texts("feeds", words);
    ups.feeds_recorder = ups.feeds_locks = false;
    for (const std::string& word : words) {
        if (word == "recorder") {
            ups.feeds_recorder = true;
        } else if (word == "locks") {
            ups.feeds_locks = true;
        } else {
            findings.error_at(
                section.field("feeds"), "'" + word + "' is nothing known; use \"recorder\" and \"locks\""
            );
        }
    }
}

}  // namespace

Ups read_ups(
    const toml::table& table,
    const std::string& file,
    const std::string& path,
    Secrets secrets,
    Findings& findings
) {
    using std::chrono::milliseconds;
    Ups ups;
    Section section{table, file, path, findings};
    section.text("slug", ups.slug);
    section.text("name", ups.name);
    section.text("server", ups.server);
    section.text("unit", ups.unit);
    section.text("username", ups.username);
    read_password(section, ups.password, secrets == Secrets::all, findings);
    if (secrets == Secrets::all && ups.username.empty() != ups.password.is_empty())
        findings.error_at(
            section.field("username"),
            "and the password belong together; set username and password_file, or neither"
        );
    read_feeds(section, ups, findings);
    section.duration("poll", ups.poll, milliseconds{1000}, milliseconds{60'000});
    section.finish();
    return ups;
}

FlagRule read_flag_rule(
    const toml::table& table,
    const std::string& file,
    const std::string& path,
    Findings& findings
) {
    using std::chrono::seconds;
    FlagRule rule;
    Section section{table, file, path, findings};
    section.text("name", rule.name);
    section.texts("cameras", rule.cameras);
    section.text("code", rule.code);
    section.word("days", rule.days, flag_days_from, "\"all\", \"working\", \"off\"");
    section.word("from", rule.from, time_of_day_from, "the times of a day, \"00:00\" to \"23:59\"");
    section.word("to", rule.to, time_of_day_from, "the times of a day, \"00:00\" to \"23:59\"");
    section.seconds("pre", rule.pre, seconds{0}, seconds{600});
    section.seconds("post", rule.post, seconds{1}, seconds{3600});
    // Under the ceiling of a year, whatever the footage's day.
    section.integer("hold_days", rule.hold_days, 1, 360);
    section.integer("most_a_day", rule.most_a_day, 1, 1000);
    section.finish();
    return rule;
}

void check_ups(const std::vector<Ups>& all, Findings& findings) {
    Once slugs{findings};
    Once units{findings};
    for (std::size_t i = 0; i < all.size(); ++i) {
        const Ups& ups = all[i];
        const std::string field = at("ups", i);
        check_slug(ups.slug, field + ".slug", findings);
        slugs.check(ups.slug, field + ".slug", "is a UPS's slug");
        if (!is_listen_address(ups.server))
            findings.error_at(
                field + ".server",
                "must be ADDRESS:PORT of the NUT server, such as \"127.0.0.1:3493\"; a name is not looked up"
            );
        const bool is_word = !ups.unit.empty() && std::ranges::all_of(ups.unit, [](char letter) {
            return letter > ' ' && letter < '\x7f' && letter != '"' && letter != '\\';
        });
        if (!is_word)
            findings.error_at(
                field + ".unit", "must be the server's name of the UPS, as `upsc -l` on the server lists it"
            );
        units.check(ups.unit + "@" + ups.server, field + ".unit", "is a unit of a server");
    }
}

namespace {

bool has_camera(const Config& config, const std::string& slug) {
    return std::ranges::any_of(config.recorders, [&](const Recorder& recorder) {
        return recorder.events &&
               std::ranges::find(recorder.cameras, slug, &Camera::slug) != recorder.cameras.end();
    });
}

}  // namespace

void check_flag_rules(const Config& config, Findings& findings) {
    constexpr std::array<std::string_view, 6> codes{
        "camera.video_loss",
        "camera.blind",
        "camera.line_crossed",
        "camera.region_entered",
        "camera.object_left",
        "camera.object_taken"
    };
    Once names{findings};
    for (std::size_t i = 0; i < config.flag_rules.size(); ++i) {
        const FlagRule& rule = config.flag_rules[i];
        const std::string field = at("flag_rules", i);
        check_slug(rule.name, field + ".name", findings);
        names.check(rule.name, field + ".name", "is a rule's name");
        if (std::ranges::find(codes, rule.code) == codes.end())
            findings.error_at(
                field + ".code",
                "must be an event of a camera: camera.line_crossed, camera.region_entered, "
                "camera.object_left, "
                "camera.object_taken, camera.blind or camera.video_loss"
            );
        if (rule.cameras.empty()) findings.error_at(field + ".cameras", "is empty; name at least one camera");
        for (const std::string& slug : rule.cameras)
            if (!has_camera(config, slug))
                findings.error_at(
                    field + ".cameras", "'" + slug + "' is no camera of a recorder with events = true"
                );
    }
}

}  // namespace sluice::config::detail
