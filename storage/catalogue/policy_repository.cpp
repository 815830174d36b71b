#include "storage/catalogue/policy_repository.hpp"

#include "config/policy/json.hpp"
#include "config/policy/shipped.hpp"
#include "storage/catalogue/detail/connection.hpp"
#include "storage/catalogue/detail/values.hpp"
#include "storage/catalogue/record_repository.hpp"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

namespace sluice::catalogue {
namespace {

using detail::run;
using detail::run_prepared;

constexpr const char* kVersions = R"(
    SELECT number, rules::text, note, proposed_by, proposer, to_us(proposed_at), adopter, to_us(adopted_at), document,
           to_us(valid_from)
    FROM policy_versions ORDER BY number)";
constexpr const char* kPropose = "SELECT propose_policy($1::jsonb, $2, $3::uuid, $4, from_us($5::bigint))";
constexpr const char* kAdopt =
    "SELECT adopt_policy($1::int, $2::uuid, $3, $4, from_us($5::bigint), from_us($6::bigint))";

PolicyVersionRow to_version(const pqxx::row& row) {
    auto rules = policy::rules_from_json(row[1].as<std::string>());
    if (!rules) throw pqxx::conversion_error{"policy version " + row[0].as<std::string>()};
    PolicyVersionRow version{
        .number = row[0].as<int>(),
        .rules = std::move(*rules),
        .note = row[2].as<std::string>(),
        .proposer_id = row[3].is_null() ? std::nullopt : std::optional{detail::to_uuid(row[3])},
        .proposer = row[4].as<std::string>(),
        .proposed = detail::to_time(row[5]),
        .adoption = std::nullopt,
    };
    if (!row[7].is_null())
        version.adoption = Adoption{
            .adopter = row[6].as<std::string>(),
            .adopted = detail::to_time(row[7]),
            .document = row[8].as<std::string>(),
            .valid_from = detail::to_time(row[9]),
        };
    return version;
}

}  // namespace

Result<std::vector<PolicyVersionRow>> load_policy_versions(Pool& pool) {
    std::vector<PolicyVersionRow> versions;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::nontransaction session{connection.get()};
        for (const auto& row : run_prepared(connection, session, kVersions))
            versions.push_back(to_version(row));
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return versions;
}

Result<policy::History> load_policy_history(Pool& pool) {
    const auto versions = load_policy_versions(pool);
    if (!versions) return std::unexpected(versions.error());
    policy::History history;
    for (const PolicyVersionRow& version : *versions) {
        if (!version.adoption) continue;
        auto policy = policy::to_policy(policy::completed(version.rules));
        if (!policy)
            return failure(
                Remedy::operator_acts,
                "policy version " + std::to_string(version.number) + ": " + policy.error().message() +
                    "; propose and adopt one that this program can read"
            );
        history.push_back({version.number, version.adoption->valid_from, std::move(*policy)});
    }
    std::ranges::sort(history, {}, [](const policy::Version& version) {
        return std::pair{version.valid_from, version.number};
    });
    if (history.empty()) return failure(Remedy::operator_acts, "no version of the policy is adopted");
    return history;
}

ledger::Actor actor_of(const PrincipalRow& principal, std::string role) {
    return {.id = principal.id, .name = principal.name, .role = std::move(role)};
}

Result<int> propose_policy(
    Pool& pool,
    const policy::Rules& rules,
    const std::string& note,
    const PrincipalRow& proposer,
    UtcTime now
) {
    int number = 0;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        number = run(transaction,
                     kPropose,
                     policy::to_json(rules),
                     detail::clean_text(note),
                     to_string(proposer.id),
                     detail::clean_text(proposer.name),
                     to_epoch_us(now))[0][0]
                     .as<int>();
        const nlohmann::json facts{
            {"rules", nlohmann::json::parse(policy::to_json(rules))}, {"note", detail::clean_text(note)}
        };
        const auto record = append_record(
            transaction,
            {.action = "policy.proposed",
             .actor = actor_of(proposer, "secretariat"),
             .subject = {"policy", std::to_string(number)},
             .facts = facts.dump()},
            now
        );
        if (!record) return std::unexpected(record.error());
        transaction.commit();
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return number;
}

Result<bool> adopt_policy(
    Pool& pool,
    int number,
    const PrincipalRow& adopter,
    const std::string& document,
    UtcTime valid_from,
    UtcTime now
) {
    bool is_adopted = false;
    const Status status = pool.with([&](Connection& connection) -> Status {
        pqxx::work transaction{connection.get()};
        is_adopted = run(transaction,
                         kAdopt,
                         number,
                         to_string(adopter.id),
                         detail::clean_text(adopter.name),
                         detail::clean_text(document),
                         to_epoch_us(valid_from),
                         to_epoch_us(now))[0][0]
                         .as<bool>();
        if (!is_adopted) return {};
        const nlohmann::json facts{
            {"document", detail::clean_text(document)}, {"valid_from", to_rfc3339(valid_from)}
        };
        const auto record = append_record(
            transaction,
            {.action = "policy.adopted",
             .actor = actor_of(adopter, "director"),
             .subject = {"policy", std::to_string(number)},
             .facts = facts.dump()},
            now
        );
        if (!record) return std::unexpected(record.error());
        transaction.commit();
        return {};
    });
    if (!status) return std::unexpected(status.error());
    return is_adopted;
}

}  // namespace sluice::catalogue
