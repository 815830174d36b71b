#include "storage/release/package_key.hpp"

#include "config/base/files.hpp"
#include "config/base/log.hpp"
#include "storage/catalogue/copy_repository.hpp"
#include "storage/catalogue/record_repository.hpp"
#include "storage/ledger/key_file.hpp"

#include <algorithm>
#include <sstream>
#include <utility>

#include <nlohmann/json.hpp>

namespace sluice::release {
namespace fs = std::filesystem;
namespace {

constexpr unsigned kReadable = 0644;
constexpr std::size_t kMostListBytes = 1U << 20U;

Status save_readable(const fs::path& file, const std::string& text) {
    if (auto saved = replace_file(file, text, kReadable); !saved) return saved;
    return give_to_folder_owner(file);
}

/// nullopt: there is none.
Result<std::optional<ledger::SigningKey>> find_key(const fs::path& file) {
    auto key = ledger::load_key_file(file);
    if (key) return std::optional{std::move(*key)};
    if (key.error().code() == std::errc::no_such_file_or_directory)
        return std::optional<ledger::SigningKey>{};
    return std::unexpected(key.error());
}

/// The newest first. One that stands there keeps its place.
Status enlist(const fs::path& data, const ledger::VerifierKey& key) {
    const fs::path file = package_keys_file(data);
    std::vector<ledger::VerifierKey> keys;
    std::error_code code;
    if (fs::exists(file, code)) {
        auto known = load_package_keys(file);
        if (!known) return std::unexpected(known.error());
        keys = std::move(*known);
    }
    if (std::ranges::find(keys, key) != keys.end()) return {};
    keys.insert(keys.begin(), key);
    std::string text;
    for (const ledger::VerifierKey& one : keys)
        text += to_string(one) + "\n";
    return save_readable(file, text);
}

/// Instead of what is there, in one step.
Status put_in_place(const fs::path& file, const ledger::SigningKey& key) {
    const fs::path fresh = file.string() + ".new";
    std::error_code code;
    fs::remove(fresh, code);  // of an attempt that was cut off; it has signed nothing
    if (auto saved = ledger::save_new_key(fresh, key); !saved) return saved;
    if (auto given = give_to_folder_owner(fresh); !given) return given;
    fs::rename(fresh, file, code);
    if (code)
        return failure(Remedy::operator_acts, "cannot put " + file.string() + " in place: " + code.message());
    if (auto synced = sync_folder(file.parent_path()); !synced) return synced;
    fs::path verifier = file;
    verifier.replace_extension(".vkey");
    return save_readable(verifier, to_string(key.verifier()) + "\n");
}

ledger::SigningKey new_key(UtcTime now) {
    return ledger::SigningKey::make("sluice/copies/" + to_string(make_uuid_v7(now)), ledger::KeyKind::log);
}

Status use_new_key(const fs::path& data, const ledger::SigningKey& key) {
    const fs::path file = package_key_file(data);
    std::error_code code;
    fs::create_directories(file.parent_path(), code);
    if (auto listed = enlist(data, key.verifier()); !listed) return listed;
    if (auto placed = put_in_place(file, key); !placed) return placed;
    log::info("copies_key_made", {{"path", file.string()}, {"verifier_key", to_string(key.verifier())}});
    return {};
}

}  // namespace

fs::path package_key_file(const fs::path& data) {
    return ledger::ledger_folder(data) / "copies.key";
}

fs::path package_keys_file(const fs::path& data) {
    return ledger::ledger_folder(data) / "copies.vkeys";
}

Result<ledger::SigningKey> load_package_key(catalogue::Pool& pool, const fs::path& data, UtcTime now) {
    const fs::path file = package_key_file(data);
    auto present = find_key(file);
    if (!present) return std::unexpected(present.error());
    if (*present) {
        // A key from before there was a list.
        if (auto listed = enlist(data, (*present)->verifier()); !listed)
            return std::unexpected(listed.error());
        return std::move(**present);
    }
    const auto copies = catalogue::has_packages(pool);
    if (!copies) return std::unexpected(copies.error());
    if (*copies)
        return failure(
            Remedy::operator_acts,
            "the key that signs copies, " + file.string() +
                ", is gone: put it back from the backup of keys, or make another one by `sluice copies "
                "keygen`"
        );
    auto made = new_key(now);
    if (auto used = use_new_key(data, made); !used) return std::unexpected(used.error());
    return made;
}

Result<MadePackageKey> make_package_key(
    catalogue::Pool& pool,
    const fs::path& data,
    bool replaces,
    const ledger::Actor& actor,
    UtcTime now
) {
    const fs::path file = package_key_file(data);
    const auto present = find_key(file);
    if (!present) return std::unexpected(present.error());
    if (*present && !replaces)
        return failure(
            Remedy::refuse, file.string() + " is there; --replace makes another one instead of it"
        );
    MadePackageKey made;
    if (*present) {
        made.former = (*present)->verifier();
        if (auto listed = enlist(data, *made.former); !listed) return std::unexpected(listed.error());
    }
    const auto key = new_key(now);
    made.key = key.verifier();
    nlohmann::json facts{{"key", to_string(made.key)}};
    if (made.former) facts["former"] = to_string(*made.former);
    const auto record = catalogue::append_record(
        pool,
        {.action = "copies.key_made",
         .actor = actor,
         .subject = {.kind = "key", .id = made.key.name},
         .facts = facts.dump()},
        now
    );
    if (!record) return std::unexpected(record.error());
    if (auto used = use_new_key(data, key); !used) return std::unexpected(used.error());
    return made;
}

Result<std::vector<ledger::VerifierKey>> load_package_keys(const fs::path& file) {
    const auto text = read_text_file(file, kMostListBytes);
    if (!text) return std::unexpected(text.error());
    std::vector<ledger::VerifierKey> keys;
    std::istringstream lines{*text};
    int number = 0;
    for (std::string line; std::getline(lines, line);) {
        ++number;
        if (line.empty()) continue;
        auto key = ledger::verifier_key_from(line);
        if (!key)
            return failure(
                Remedy::refuse, file.string() + ", line " + std::to_string(number) + " is no verifier key"
            );
        keys.push_back(std::move(*key));
    }
    if (keys.empty()) return failure(Remedy::refuse, file.string() + " holds no verifier key");
    return keys;
}

}  // namespace sluice::release
