#include "cli/commands.hpp"
#include "config/base/files.hpp"
#include "config/base/token.hpp"
#include "config/load.hpp"
#include "config/policy/shipped.hpp"
#include "storage/catalogue/conninfo.hpp"
#include "storage/catalogue/policy_repository.hpp"
#include "storage/catalogue/principal_repository.hpp"

#include <algorithm>
#include <optional>

#include <fmt/core.h>

namespace sluice::cli {
namespace {

constexpr std::size_t kMostPolicyBytes = 1U << 20U;

/// What every command needs: the catalogue, as the API's role, and the versions.
struct Desk {
    explicit Desk(const config::Config& config) : pool(catalogue::conninfo_of(config, "sluice_api"), 1) {}
    catalogue::Pool pool;
    std::vector<catalogue::PolicyVersionRow> versions;
};

Result<std::unique_ptr<Desk>> open_desk(const fs::path& config) {
    const auto loaded = config::load_or_explain(config, config::Secrets::database_only);
    if (!loaded) return std::unexpected(loaded.error());
    auto desk = std::make_unique<Desk>(*loaded);
    auto versions = catalogue::load_policy_versions(desk->pool);
    if (!versions) return std::unexpected(versions.error());
    desk->versions = std::move(*versions);
    return desk;
}

const policy::Rules* find_rules(const Desk& desk, int number) {
    const auto found = std::ranges::find(desk.versions, number, &catalogue::PolicyVersionRow::number);
    return found == desk.versions.end() ? nullptr : &found->rules;
}

Result<int> number_in_force(Desk& desk, UtcTime now) {
    const auto history = catalogue::load_policy_history(desk.pool);
    if (!history) return std::unexpected(history.error());
    return policy::in_force(*history, now).number;
}

Result<policy::Rules> read_policy(const fs::path& file) {
    const auto text = read_text_file(file, kMostPolicyBytes);
    if (!text) return std::unexpected(text.error());
    auto rules = policy::parse_rules(*text, file.string());
    if (!rules) return rules;
    if (const auto policy = policy::to_policy(*rules); !policy)
        return failure(Remedy::refuse, file.string() + ":\n" + policy.error().message());
    return rules;
}

/// Who acts: the token's principal. A file and not an argument, because arguments can be read by everybody.
Result<catalogue::PrincipalRow> find_actor(Desk& desk, const fs::path& token_file, UtcTime now) {
    auto text = read_text_file(token_file, 4096);
    if (!text) return std::unexpected(text.error());
    text->erase(text->find_last_not_of(" \r\n") + 1);
    auto principal = catalogue::find_by_token(desk.pool, token_hash(*text), now);
    if (!principal) return std::unexpected(principal.error());
    if (!*principal)
        return failure(
            Remedy::operator_acts,
            token_file.string() + " holds no valid token; make one with `sluice token create`"
        );
    return std::move(**principal);
}

void print_version(const catalogue::PolicyVersionRow& version, int in_force) {
    fmt::print(
        "version {}{}: proposed {} by {}{}\n",
        version.number,
        version.number == in_force ? " (in force)" : "",
        to_rfc3339(version.proposed),
        version.proposer,
        version.note.empty() ? "" : ": " + version.note
    );
    if (version.adoption)
        fmt::print(
            "  adopted {} by {}, document {}, valid from {}\n",
            to_rfc3339(version.adoption->adopted),
            version.adoption->adopter,
            version.adoption->document,
            to_rfc3339(version.adoption->valid_from)
        );
}

void print_rules(const policy::Rules& rules) {
    for (const policy::Rule& rule : rules)
        fmt::print("  {:<20} {:<24} article {}\n", rule.id, policy::describe(rule), rule.article);
}

void print_changes(const policy::Rules& before, const policy::Rules& after) {
    const auto changes = policy::describe_changes(before, after);
    for (const std::string& line : changes)
        fmt::print("{}\n", line);
    if (changes.empty()) fmt::print("no difference\n");
}

}  // namespace

Status show_policy(const fs::path& config) {
    const auto desk = open_desk(config);
    if (!desk) return std::unexpected(desk.error());
    const auto number = number_in_force(**desk, RealClock{}.now());
    if (!number) return std::unexpected(number.error());
    for (const auto& version : (*desk)->versions)
        print_version(version, *number);
    fmt::print("\nin force:\n");
    const policy::Rules& adopted = *find_rules(**desk, *number);
    print_rules(adopted);
    if (const auto shipped = policy::rules_missing_in(adopted); !shipped.empty()) {
        fmt::print("\nnot in this version, as shipped with the program:\n");
        print_rules(shipped);
    }
    return {};
}

Status check_policy(const fs::path& file) {
    const auto rules = read_policy(file);
    if (!rules) return std::unexpected(rules.error());
    fmt::print("{}: {} rules, all well\n", file.string(), rules->size());
    return {};
}

Status compare_policy(const fs::path& config, const fs::path& file) {
    const auto rules = read_policy(file);
    if (!rules) return std::unexpected(rules.error());
    const auto desk = open_desk(config);
    if (!desk) return std::unexpected(desk.error());
    const auto number = number_in_force(**desk, RealClock{}.now());
    if (!number) return std::unexpected(number.error());
    print_changes(policy::completed(*find_rules(**desk, *number)), *rules);
    return {};
}

Status propose_policy(const fs::path& config, const PolicyOptions& options) {
    const auto rules = read_policy(options.file);
    if (!rules) return std::unexpected(rules.error());
    const auto desk = open_desk(config);
    if (!desk) return std::unexpected(desk.error());
    const UtcTime now = RealClock{}.now();
    const auto actor = find_actor(**desk, options.token_file, now);
    if (!actor) return std::unexpected(actor.error());
    const auto number = catalogue::propose_policy((*desk)->pool, *rules, options.note, *actor, now);
    if (!number) return std::unexpected(number.error());
    fmt::print(
        "version {} is proposed; the director adopts it: sluice policy adopt {} --document NO\n",
        *number,
        *number
    );
    return {};
}

Status adopt_policy(const fs::path& config, const PolicyOptions& options) {
    const auto desk = open_desk(config);
    if (!desk) return std::unexpected(desk.error());
    const UtcTime now = RealClock{}.now();
    const auto actor = find_actor(**desk, options.token_file, now);
    if (!actor) return std::unexpected(actor.error());
    const policy::Rules* rules = find_rules(**desk, options.number);
    if (rules == nullptr)
        return failure(
            Remedy::refuse, "no version " + std::to_string(options.number) + "; see `sluice policy show`"
        );
    const UtcTime valid_from = options.valid_from.value_or(now);
    const auto adopted =
        catalogue::adopt_policy((*desk)->pool, options.number, *actor, options.document, valid_from, now);
    if (!adopted) return std::unexpected(adopted.error());
    if (!*adopted)
        return failure(Remedy::refuse, "version " + std::to_string(options.number) + " is adopted already");
    fmt::print("version {} is adopted, valid from {}\n", options.number, to_rfc3339(valid_from));
    return {};
}

}  // namespace sluice::cli
