#include "tests/support/load_catalogue/options.hpp"

#include <charconv>
#include <span>
#include <string_view>

namespace sluice::load {

namespace {

Result<int> to_number(std::string_view name, std::string_view text, int most) {
    int number = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (code != std::errc{} || end != text.data() + text.size() || number < 1 || number > most)
        return failure(Remedy::refuse, std::string{name} + " is a number from 1 to " + std::to_string(most));
    return number;
}

Status take(Options& options, std::string_view name, std::string_view value) {
    if (name == "--conninfo")
        options.conninfo = value;
    else if (name == "--index")
        options.index = value;
    else if (name == "--link-file")
        options.link_file = value;
    else if (name == "--volume")
        options.volume = value;
    else if (name == "--days" || name == "--cameras") {
        const auto number = to_number(name, value, 1000);
        if (!number) return std::unexpected(number.error());
        (name == "--days" ? options.days : options.cameras) = *number;
    } else if (name == "--end") {
        const auto end = from_rfc3339(value);
        if (!end) return std::unexpected(end.error());
        options.end = std::chrono::floor<std::chrono::days>(*end);
    } else
        return failure(Remedy::refuse, "unknown option " + std::string{name});
    return {};
}

}  // namespace

const char* help() noexcept {
    return "load-catalogue --conninfo TEXT [--days N] [--cameras N] [--end TIME] [--index FILE]\n"
           "               [--link-file SEGMENT --volume FOLDER] [--no-index] [--plans | --plans-only]\n"
           "Fills a catalogue with finished segments of one minute, each with its index, and measures and "
           "explains its questions.\n"
           "  --conninfo     a superuser's connection; the database is migrated first\n"
           "  --days         whole UTC days that end at --end (default 1; 30 days of 24 cameras are 1.04 "
           "million rows)\n"
           "  --end          RFC 3339, cut to its day (default: the last midnight)\n"
           "  --index        an encoded index, moved to every row's time (default: that of --link-file, or "
           "one "
           "of 1500 samples)\n"
           "  --link-file    a real segment, hard-linked under every row's name, and as long as each row; "
           "--volume is a folder with identity\n"
           "  --no-index     rows without index: a year of 40 cameras is 21 million rows\n"
           "  --plans        EXPLAIN (ANALYZE, BUFFERS) of list, coverage, index and known queries, and "
           "their times\n"
           "  --plans-only   the same without loading anything\n";
}

Result<Options> read_options(int count, char** words, UtcTime now) {
    Options options;
    options.end = std::chrono::floor<std::chrono::days>(now);
    const std::span<char*> all{words, static_cast<std::size_t>(count)};
    for (std::size_t i = 1; i < all.size(); ++i) {
        const std::string_view name = all[i];
        if (name == "--help")
            options.is_help = true;
        else if (name == "--no-index")
            options.has_index = false;
        else if (name == "--plans")
            options.with_plans = true;
        else if (name == "--plans-only")
            options.with_plans = options.plans_only = true;
        else if (i + 1 == all.size())
            return failure(Remedy::refuse, std::string{name} + " needs a value");
        else if (auto taken = take(options, name, all[++i]); !taken)
            return std::unexpected(taken.error());
    }
    if (options.is_help) return options;
    if (options.conninfo.empty()) return failure(Remedy::refuse, "--conninfo is missing");
    if (options.link_file.empty() != options.volume.empty())
        return failure(Remedy::refuse, "--link-file and --volume go together");
    return options;
}

}  // namespace sluice::load
