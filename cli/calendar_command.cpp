#include "cli/commands.hpp"
#include "cli/process/os_user.hpp"
#include "config/base/files.hpp"
#include "config/load.hpp"
#include "storage/calendar/office_csv.hpp"
#include "storage/catalogue/calendar_repository.hpp"
#include "storage/catalogue/conninfo.hpp"

#include <algorithm>

#include <fmt/core.h>

namespace sluice::cli {
namespace {

void print_year(const calendar::YearTable& table) {
    const auto off = std::ranges::count(table.days, true, &calendar::Day::is_off);
    fmt::print("{}: {} working days, {} days off\n", table.year, std::ssize(table.days) - off, off);
    for (const calendar::Day& day : table.days)
        if (!day.note.empty())
            fmt::print(
                "  {} {:<11} {}\n", calendar::to_iso(day.date), day.is_off ? "off" : "working day", day.note
            );
}

}  // namespace

Status import_calendar(const fs::path& config, const fs::path& file, bool is_dry_run) {
    const auto text = read_text_file(file, calendar::kMostCalendarBytes);
    if (!text) return std::unexpected(text.error());
    auto table = calendar::parse_office_csv(*text);
    if (!table) return failure(Remedy::refuse, file.string() + ":\n" + calendar::describe(table.error()));
    print_year(*table);
    if (is_dry_run) {
        fmt::print("nothing was imported: --dry-run\n");
        return {};
    }
    const auto loaded = config::load_or_explain(config, config::Secrets::database_only);
    if (!loaded) return std::unexpected(loaded.error());
    catalogue::Pool pool{catalogue::conninfo_of(*loaded, "sluice_api"), 1};
    const catalogue::CalendarImport import{
        .table = std::move(*table),
        .sha256 = sha256(as_bytes(*text)),
        .importer = process::operator_here(),
    };
    const auto is_new = catalogue::import_calendar(pool, import, RealClock{}.now());
    if (!is_new) return std::unexpected(is_new.error());
    fmt::print("{}\n", *is_new ? "imported; deadlines run on it from now on" : "this file stands already");
    return {};
}

}  // namespace sluice::cli
