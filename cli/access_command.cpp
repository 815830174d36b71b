#include "cli/door_commands.hpp"
#include "cli/process/os_user.hpp"
#include "config/base/files.hpp"
#include "config/load.hpp"
#include "storage/access/card.hpp"
#include "storage/access/event_csv.hpp"
#include "storage/catalogue/conninfo.hpp"
#include "storage/catalogue/door_names.hpp"
#include "storage/catalogue/door_repository.hpp"
#include "storage/catalogue/import_report.hpp"

#include <utility>

#include <fmt/core.h>

namespace sluice::cli {
namespace {

namespace fs = std::filesystem;

std::string describe(const access::CsvFault& fault) {
    const std::string column = fault.column.empty() ? std::string{} : fault.column + ": ";
    return "line " + std::to_string(fault.line) + ": " + column + fault.text;
}

void print(const catalogue::ImportRow& row, bool is_dry_run) {
    for (const access::CsvFault& fault : row.faults)
        fmt::print("{}\n", describe(fault));
    if (row.faulty > row.faults.size()) fmt::print("and {} more\n", row.faulty - row.faults.size());
    if (is_dry_run)
        fmt::print("{} rows, {} of them faulty; nothing was written: --dry-run\n", row.rows, row.faulty);
    else
        fmt::print(
            "{} rows: {} new, {} known, {} in conflict with a known one, {} faulty; import {}\n",
            row.rows,
            row.accepted,
            row.duplicates,
            row.conflicts,
            row.faulty,
            to_string(row.id)
        );
}

}  // namespace

Status import_access(const fs::path& config, const fs::path& file, const EventFile& options) {
    const auto text = read_text_file(file, access::kMostCsvBytes);
    if (!text) return std::unexpected(text.error());
    const auto loaded = config::load_or_explain(config, config::Secrets::database_only);
    if (!loaded) return std::unexpected(loaded.error());
    catalogue::Pool pool{catalogue::conninfo_of(*loaded, "sluice_api"), 1};
    const auto controller = catalogue::find_controller(pool, options.profile);
    if (!controller) return std::unexpected(controller.error());
    if (!*controller)
        return failure(
            Remedy::refuse,
            "--profile: no controller has the slug \"" + options.profile +
                "\"; make it with `sluice doors import` or POST /v1/controllers"
        );
    const auto names = catalogue::load_door_names(pool);
    if (!names) return std::unexpected(names.error());
    // A dry run makes no file, and nobody sees what it seals.
    const auto key = options.is_dry_run ? Result<access::CardKey>{access::CardKey{access::CardKey::Secret{}}}
                                        : access::load_or_make_card_key(access::card_key_file(loaded->data));
    if (!key) return std::unexpected(key.error());
    const UtcTime now = RealClock{}.now();
    auto events =
        access::parse_event_csv(*text, catalogue::csv_sender((*controller)->controller, *names), *key, now);
    if (!events) return failure(Remedy::refuse, file.string() + ": " + describe(events.error().front()));
    const ledger::Actor person = process::operator_here();
    catalogue::ImportRow row{
        .id = make_uuid_v7(now),
        .sha256 = sha256(as_bytes(*text)),
        .profile = options.profile,
        .rows = events->events.size() + events->faulty_rows,
        .faulty = events->faulty_rows,
        .faults = {},
        .importer = person.name,
        .imported = now,
    };
    if (options.is_dry_run) {
        row.faults = std::move(events->faults);
    } else {
        auto done = catalogue::import_events(pool, std::move(row), std::move(*events), person);
        if (!done) return std::unexpected(done.error());
        row = std::move(*done);
    }
    if (options.is_json)
        fmt::print("{}\n", catalogue::to_json(row, options.is_dry_run));
    else
        print(row, options.is_dry_run);
    return {};
}

}  // namespace sluice::cli
