#pragma once

#include "config/base/bytes.hpp"
#include "storage/catalogue/footage_repository.hpp"
#include "storage/catalogue/purge_repository.hpp"

#include <span>
#include <string>

namespace sluice::retention {

/// What a certificate says beside its run.
struct CertificateFacts {
    catalogue::PurgeRunRow run;
    UtcTime issued;
    std::span<const catalogue::DestroyedRow> stretches;
    std::span<const catalogue::CameraRow> cameras;
    std::span<const catalogue::StreamRow> streams;
    Sha256Digest tombstones{};  ///< over all tombstones of the run, see `add_to_digest`
};

/// The certificate's text: a JSON object with members in fixed order. Pure.
[[nodiscard]] std::string make_certificate(const CertificateFacts& facts);

/// The digest over a run's tombstones is SHA-256 over these lines, by segment id:
/// "<id> <from> <to> <bytes> <sha256 in hex, or -> <rule>\n".
void add_to_digest(Sha256& hash, const catalogue::Tombstone& tombstone);

}  // namespace sluice::retention
