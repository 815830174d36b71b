#include "storage/release/verify_package.hpp"

#include "cli/ledger_commands.hpp"
#include "storage/release/package_key.hpp"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

namespace sluice::cli {
namespace {

using nlohmann::json;

Result<std::optional<ledger::VerifierKey>> key_of(const std::string& text) {
    if (text.empty()) return std::optional<ledger::VerifierKey>{};
    auto key = ledger::verifier_key_from(text);
    if (!key) return std::unexpected(key.error());
    return std::optional{std::move(*key)};
}

void print_json(const release::PackageReport& report) {
    json findings = json::array();
    for (const release::PackageFinding& finding : report.findings)
        findings.push_back(
            {{"kind", release::to_string(finding.fault)}, {"file", finding.file}, {"detail", finding.what}}
        );
    const json out{
        {"copy", report.copy},
        {"dossier", report.dossier},
        {"files", report.files},
        {"bytes", report.bytes},
        {"key_fingerprint", report.fingerprint},
        {"log_key", report.log_key},
        {"findings", std::move(findings)},
    };
    fmt::print("{}\n", out.dump(-1, ' ', false, json::error_handler_t::replace));
}

void print_lines(const release::PackageReport& report, const release::PackageKeys& keys) {
    for (const release::PackageFinding& finding : report.findings)
        fmt::print(
            "{:<9} {}{}{}\n",
            release::to_string(finding.fault),
            finding.file,
            finding.file.empty() ? "" : ": ",
            finding.what
        );
    fmt::print(
        "copy {} of dossier {}: {} files, {} bytes\n", report.copy, report.dossier, report.files, report.bytes
    );
    if (keys.signing.empty())
        fmt::print(
            "the signing key was taken from the package; compare its fingerprint with the office's: {}\n",
            report.fingerprint
        );
    if (!keys.log) fmt::print("the audit log's key was taken from the package: {}\n", report.log_key);
}

}  // namespace

bool is_sealed_copy(const std::filesystem::path& path) {
    return release::looks_like_package(path);
}

Status verify_copy(const VerifyPackageOptions& options) {
    std::vector<ledger::VerifierKey> signing;
    if (!options.keys.empty()) {
        auto known = release::load_package_keys(options.keys);
        if (!known) return std::unexpected(known.error());
        signing = std::move(*known);
    }
    auto one = key_of(options.key);
    if (!one) return std::unexpected(one.error());
    if (*one) signing.push_back(std::move(**one));
    auto log = key_of(options.log_key);
    if (!log) return std::unexpected(log.error());
    const release::PackageKeys keys{.signing = std::move(signing), .log = std::move(*log)};
    const auto report = release::verify_package(options.package, keys);
    if (!report) return std::unexpected(report.error());
    if (options.is_json)
        print_json(*report);
    else
        print_lines(*report, keys);
    if (report->is_sound()) return {};
    return failure(
        Remedy::operator_acts,
        fmt::format("the package is not what was sealed: {} findings", report->findings.size())
    );
}

}  // namespace sluice::cli
