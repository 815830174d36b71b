#pragma once

#include "config/base/bytes.hpp"
#include "config/base/time.hpp"
#include "config/base/uuid.hpp"
#include "config/base/words.hpp"
#include "storage/catalogue/rows.hpp"
#include "storage/ledger/checkpoint.hpp"
#include "storage/ledger/record.hpp"
#include "storage/release/grant.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// A sealed copy as a set of files: what stands in each of them. Pure; who writes them is the worker's export
/// job, who checks them is verify_package.
namespace sluice::release {

inline constexpr std::string_view kManifestName = "manifest.json";
inline constexpr std::string_view kSumsName = "SHA256SUMS";
inline constexpr std::string_view kSignatureName = "SHA256SUMS.sig";
inline constexpr std::string_view kKeyName = "signing-key.pem";
inline constexpr std::string_view kLedgerName = "ledger.json";
inline constexpr std::string_view kReadmeName = "README.txt";
inline constexpr std::string_view kReceiptName = "receipt.html";

struct PackagedSegment {
    Span span;
    TimeRange range;  ///< of the whole segment
    std::uint64_t bytes = 0;
    Sha256Digest sha256{};
};

/// One video: a piece of what was granted, without a break.
struct PackagedVideo {
    std::string name;
    Piece piece;
    std::uint64_t bytes = 0;
    Sha256Digest sha256{};
    std::vector<PackagedSegment> segments;
    catalogue::RunRow run;  ///< what is known of the clocks
};

struct PackagedItem {
    Uuid camera_id;
    std::string camera_slug;
    std::string camera_name;
    StreamKind stream = StreamKind::main;
    TimeRange asked;
    TimeRange granted;
    bool is_outward = false;
    std::vector<PackagedVideo> videos;
    std::vector<catalogue::GapRow> gaps;
};

struct PackageFacts {
    Uuid copy_id;
    int number = 1;  ///< of the copies of this request
    Uuid request_id;
    Uuid grant_id;
    std::string dossier;
    std::string recipient;
    std::string custodian;
    std::string escort;
    UtcTime decided;
    UtcTime made;
    UtcTime due;  ///< to be returned or destroyed by then, article 7(5)
    std::vector<PackagedItem> items;
};

/// The record of the audit log that the package rests on, with what proves it.
struct LedgerProof {
    std::string record;
    ledger::Salt salt{};
    std::uint64_t index = 0;
    std::uint64_t size = 0;
    std::vector<ledger::Hash> path;
    std::string checkpoint;  ///< signed note
    std::string log_key;     ///< verifier key
};

/// "02_drive-left_main_20261118T110640Z.mp4", numbered from 1. A member name, whatever the slug.
[[nodiscard]] std::string
video_name(std::size_t number, std::string_view slug, StreamKind stream, UtcTime from);

[[nodiscard]] std::string to_manifest(const PackageFacts& facts, const ledger::VerifierKey& key);
[[nodiscard]] std::string to_json(const LedgerProof& proof);
/// Error: refuse.
[[nodiscard]] Result<LedgerProof> ledger_proof_from(std::string_view json);
/// Facts of the record "copy.exported": a JSON object that names every video with its hash.
[[nodiscard]] std::string record_facts(const PackageFacts& facts);

struct Sum {
    std::string name;
    Sha256Digest sha256{};
    friend bool operator==(const Sum&, const Sum&) = default;
};
/// As sha256sum writes and checks it.
[[nodiscard]] std::string to_sums(const std::vector<Sum>& sums);
/// Error: refuse, for any other line.
[[nodiscard]] Result<std::vector<Sum>> sums_from(std::string_view text);

/// SubjectPublicKeyInfo (RFC 8410), as openssl reads it.
[[nodiscard]] std::string to_pem(const ledger::VerifierKey& key);
/// Error: refuse. The name is the caller's: a PEM has none.
[[nodiscard]] Result<std::array<std::uint8_t, 32>> key_from_pem(std::string_view pem);
/// SHA-256 of the DER: what `openssl pkey -pubin -outform DER | sha256sum` says; people compare it.
[[nodiscard]] std::string fingerprint(const std::array<std::uint8_t, 32>& key);

[[nodiscard]] std::string to_readme(const PackageFacts& facts, const ledger::VerifierKey& key);
/// One page, to be signed on paper.
[[nodiscard]] std::string to_receipt(const PackageFacts& facts, const ledger::VerifierKey& key);

}  // namespace sluice::release
