#include "storage/release/verify_package.hpp"

#include "config/base/unique_fd.hpp"
#include "storage/ledger/checkpoint.hpp"
#include "storage/ledger/tree.hpp"
#include "storage/release/package.hpp"
#include "storage/release/tar.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <span>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

namespace sluice::release {
namespace fs = std::filesystem;
namespace {

using nlohmann::json;

/// Larger texts are not kept, only hashed: no text of ours is that large.
constexpr std::uint64_t kMostText = 64U << 20U;
constexpr std::size_t kMostMembers = 100'000;
constexpr std::size_t kPiece = 1U << 20U;

struct Member {
    Sha256Digest sha256{};
    std::uint64_t bytes = 0;
    std::string text;  ///< of the members that are read
};
using Members = std::map<std::string, Member, std::less<>>;

bool is_read(std::string_view name) {
    return name == kManifestName || name == kSumsName || name == kSignatureName || name == kKeyName ||
           name == kLedgerName;
}

/// Less than asked for only at the end of the file.
Result<std::size_t> read_some(int fd, std::span<std::uint8_t> into) {
    std::size_t got = 0;
    while (got < into.size()) {
        const ssize_t count = ::read(fd, into.data() + got, into.size() - got);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return errno_error(Remedy::operator_acts, "cannot read the package");
        if (count == 0) break;
        got += static_cast<std::size_t>(count);
    }
    return got;
}

/// Reads `size` bytes on. False: the file ends before.
Result<bool> read_member(int fd, std::string_view name, std::uint64_t size, Member& member) {
    Sha256 hash;
    Bytes piece(static_cast<std::size_t>(std::min<std::uint64_t>(size, kPiece)));
    const bool keeps = is_read(name) && size <= kMostText;
    for (member.bytes = 0; member.bytes < size;) {
        const auto wanted =
            static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), size - member.bytes));
        const auto got = read_some(fd, std::span{piece}.first(wanted));
        if (!got) return std::unexpected(got.error());
        const ByteView bytes = ByteView{piece}.first(*got);
        hash.update(bytes);
        if (keeps) member.text += as_text(bytes);
        member.bytes += *got;
        if (*got < wanted) break;
    }
    member.sha256 = hash.digest();
    return member.bytes == size;
}

class Verifier {
public:
    explicit Verifier(const PackageKeys& keys) : keys_(keys) {}

    Status read_tar(int fd) {
        Bytes block(kTarBlock);
        while (true) {
            const auto got = read_some(fd, block);
            if (!got) return std::unexpected(got.error());
            const auto header = tar_member_from(ByteView{block}.first(*got));
            if (!header && members_.empty()) return failure(Remedy::refuse, "this is no sealed package");
            if (!header) {
                find(PackageFault::malformed, "", header.error().message());
                return {};
            }
            if (!*header) return read_end(fd);
            const TarMember& member = **header;
            if (members_.contains(member.name) || members_.size() >= kMostMembers) {
                find(PackageFault::malformed, member.name, "stands twice in the archive");
                return {};
            }
            const auto is_whole = read_member(fd, member.name, member.size_bytes, members_[member.name]);
            if (!is_whole) return std::unexpected(is_whole.error());
            if (!*is_whole) {
                find(PackageFault::malformed, member.name, "the archive ends inside it");
                return {};
            }
            Bytes padding(static_cast<std::size_t>(tar_padding(member.size_bytes)));
            const auto padded = read_some(fd, padding);
            if (!padded) return std::unexpected(padded.error());
        }
    }

    Status read_folder(const fs::path& folder) {
        std::error_code code;
        for (const auto& entry : fs::directory_iterator{folder, code}) {
            const std::string name = entry.path().filename().string();
            if (!entry.is_regular_file(code) || entry.is_symlink(code)) {
                find(PackageFault::extra, name, "is no plain file");
                continue;
            }
            const UniqueFd file{::open(entry.path().c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
            if (!file.is_open()) return errno_error(Remedy::operator_acts, "cannot open " + name);
            const auto is_whole = read_member(file.get(), name, entry.file_size(code), members_[name]);
            if (!is_whole) return std::unexpected(is_whole.error());
        }
        if (code)
            return std::unexpected(Error{Remedy::operator_acts, code, "cannot list " + folder.string()});
        return {};
    }

    PackageReport judge() {
        for (const auto& [name, member] : members_) {
            ++report_.files;
            report_.bytes += member.bytes;
        }
        judge_sums();
        judge_signature();
        judge_manifest();
        judge_proof();
        return std::move(report_);
    }

private:
    void find(PackageFault fault, std::string_view file, std::string what) {
        report_.findings.push_back({fault, std::string{file}, std::move(what)});
    }

    /// Behind the end nothing may stand that somebody could take for a part of it.
    Status read_end(int fd) {
        Bytes rest(kPiece);
        while (true) {
            const auto got = read_some(fd, rest);
            if (!got) return std::unexpected(got.error());
            const ByteView bytes = ByteView{rest}.first(*got);
            if (std::ranges::any_of(bytes, [](std::uint8_t byte) { return byte != 0; })) {
                find(PackageFault::extra, "", "something stands behind the end of the archive");
                return {};
            }
            if (*got < rest.size()) return {};
        }
    }

    const Member* member(std::string_view name) {
        const auto found = members_.find(name);
        return found == members_.end() ? nullptr : &found->second;
    }

    void judge_sums() {
        const Member* const list = member(kSumsName);
        if (list == nullptr) return find(PackageFault::missing, kSumsName, "the list of files is not there");
        const auto sums = sums_from(list->text);
        if (!sums) return find(PackageFault::malformed, kSumsName, sums.error().message());
        for (const Sum& sum : *sums) {
            if (!sums_.emplace(sum.name, sum.sha256).second)
                find(PackageFault::malformed, sum.name, "stands twice in the list of files");
            const Member* const there = member(sum.name);
            if (there == nullptr)
                find(PackageFault::missing, sum.name, "was sealed and is not there");
            else if (there->sha256 != sum.sha256)
                find(PackageFault::changed, sum.name, "is not what was sealed");
        }
        for (const auto& [name, there] : members_)
            if (name != kSumsName && name != kSignatureName && !sums_.contains(name))
                find(PackageFault::extra, name, "was never sealed");
        for (const std::string_view name : {kManifestName, kKeyName, kLedgerName})
            if (!sums_.contains(name))
                find(PackageFault::malformed, kSumsName, "does not name " + std::string{name});
    }

    void judge_signature() {
        const Member* const pem = member(kKeyName);
        const auto own =
            pem == nullptr ? std::unexpected(Error{Remedy::refuse, "no key"}) : key_from_pem(pem->text);
        if (pem != nullptr && !own) find(PackageFault::malformed, kKeyName, own.error().message());
        ledger::VerifierKey key{
            .name = "package", .kind = ledger::KeyKind::log, .key = own.value_or(decltype(key.key){})
        };
        if (!keys_.signing.empty()) {
            const auto expected = std::ranges::find(keys_.signing, key.key, &ledger::VerifierKey::key);
            const bool is_expected = own && expected != keys_.signing.end();
            if (own && !is_expected)
                find(PackageFault::key, kKeyName, "is another key than the one that was expected");
            key = is_expected ? *expected : keys_.signing.front();
        } else if (!own) {
            return;
        }
        report_.fingerprint = fingerprint(key.key);
        const Member* const signature = member(kSignatureName);
        const Member* const list = member(kSumsName);
        if (signature == nullptr)
            return find(PackageFault::missing, kSignatureName, "the signature is not there");
        if (list == nullptr) return;
        const ByteView bytes = as_bytes(signature->text);
        const ledger::Note note{
            .text = list->text,
            .signatures = {{.name = key.name, .key_id = key.id(), .signature = {bytes.begin(), bytes.end()}}},
        };
        if (!is_signed_by(note, key))
            find(PackageFault::signature, kSumsName, "the list of files is not signed by this key");
    }

    void judge_manifest() {
        const Member* const text = member(kManifestName);
        if (text == nullptr) return;
        const json manifest = json::parse(text->text, nullptr, false);
        if (!manifest.is_object() || manifest.value("format", json{}) != "sluice-copy/1")
            return find(PackageFault::malformed, kManifestName, "is no manifest of this format");
        report_.copy = text_in(manifest, "copy");
        report_.dossier = text_in(manifest, "dossier");
    }

    static std::string text_in(const json& object, const char* name) {
        const json value = object.is_object() ? object.value(name, json{}) : json{};
        return value.is_string() ? value.get<std::string>() : std::string{};
    }

    /// The record is in the signed tree, and it speaks of these videos.
    void judge_proof() {
        const Member* const text = member(kLedgerName);
        if (text == nullptr) return;
        const auto fault = [this](std::string what) {
            find(PackageFault::proof, kLedgerName, std::move(what));
        };
        const auto proof = ledger_proof_from(text->text);
        if (!proof) return fault(proof.error().message());
        auto key = ledger::verifier_key_from(proof->log_key);
        if (!key) return fault("the audit log's key can't be read");
        if (keys_.log && *keys_.log != *key)
            find(
                PackageFault::key,
                kLedgerName,
                "the audit log's key is another than the one that was expected"
            );
        if (keys_.log) key = *keys_.log;
        report_.log_key = to_string(*key);
        const auto note = ledger::parse_note(proof->checkpoint);
        if (!note) return fault("the checkpoint can't be read");
        const auto checkpoint = ledger::open_checkpoint(*note, *key);
        if (!checkpoint) return fault("the checkpoint is not signed by the audit log's key");
        const ledger::Hash leaf = ledger::leaf_hash(ledger::leaf_data(proof->salt, proof->record));
        const bool is_included =
            checkpoint->size == proof->size &&
            ledger::verify_inclusion(leaf, proof->index, proof->size, proof->path, checkpoint->root);
        if (!is_included) return fault("the record is not in the tree of the checkpoint");
        judge_record(json::parse(proof->record, nullptr, false));
    }

    void judge_record(const json& record) {
        const auto fault = [this](std::string what) {
            find(PackageFault::proof, kLedgerName, std::move(what));
        };
        const json facts = record.is_object() ? record.value("facts", json{}) : json{};
        if (!facts.is_object() || !facts.value("videos", json{}).is_array())
            return fault("the record is not that of a copy");
        if (text_in(facts, "copy") != report_.copy) return fault("the record is that of another copy");
        std::size_t named = 0;
        for (const json& video : facts["videos"]) {
            const auto sum = sums_.find(text_in(video, "file"));
            if (sum == sums_.end() || to_hex(sum->second) != text_in(video, "sha256"))
                fault("the record names another video as " + text_in(video, "file"));
            ++named;
        }
        const auto is_video = [](const auto& sum) { return sum.first.ends_with(".mp4"); };
        if (static_cast<std::size_t>(std::ranges::count_if(sums_, is_video)) != named)
            fault("the record names other videos than are here");
    }

    const PackageKeys& keys_;
    Members members_;
    std::map<std::string, Sha256Digest, std::less<>> sums_;
    PackageReport report_;
};

}  // namespace

std::string_view to_string(PackageFault fault) noexcept {
    switch (fault) {
        case PackageFault::changed:
            return "changed";
        case PackageFault::missing:
            return "missing";
        case PackageFault::extra:
            return "extra";
        case PackageFault::signature:
            return "signature";
        case PackageFault::key:
            return "key";
        case PackageFault::proof:
            return "proof";
        case PackageFault::malformed:
            return "malformed";
    }
    std::unreachable();
}

bool looks_like_package(const fs::path& path) {
    std::error_code code;
    return fs::is_regular_file(path, code) || fs::exists(path / kManifestName, code);
}

Result<PackageReport> verify_package(const fs::path& package, const PackageKeys& keys) {
    std::error_code code;
    Verifier verifier{keys};
    Status read;
    if (fs::is_directory(package, code)) {
        read = verifier.read_folder(package);
    } else {
        const UniqueFd file{::open(package.c_str(), O_RDONLY | O_CLOEXEC)};
        if (!file.is_open()) return errno_error(Remedy::operator_acts, "cannot open " + package.string());
        read = verifier.read_tar(file.get());
    }
    if (!read) return std::unexpected(read.error());
    return verifier.judge();
}

}  // namespace sluice::release
