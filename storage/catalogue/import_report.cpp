#include "storage/catalogue/import_report.hpp"

#include <nlohmann/json.hpp>

namespace sluice::catalogue {

using nlohmann::json;

std::string to_json(const ImportRow& row, bool is_dry_run) {
    json faults = json::array();
    for (const access::CsvFault& fault : row.faults)
        faults.push_back(
            {{"line", fault.line},
             {"column", fault.column.empty() ? json(nullptr) : json(fault.column)},
             {"cure", fault.text}}
        );
    const json report{
        {"id", is_dry_run ? json(nullptr) : json(to_string(row.id))},
        {"dry_run", is_dry_run},
        {"profile", row.profile},
        {"sha256", to_hex(row.sha256)},
        {"rows", row.rows},
        {"accepted", row.accepted},
        {"duplicates", row.duplicates},
        {"conflicts", row.conflicts},
        {"faulty", row.faulty},
        {"faults", faults},
        {"importer", row.importer},
        {"imported", is_dry_run ? json(nullptr) : json(to_rfc3339(row.imported))},
    };
    return report.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace sluice::catalogue
