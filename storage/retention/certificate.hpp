#pragma once

#include "config/base/bytes.hpp"
#include "storage/catalogue/footage_repository.hpp"
#include "storage/catalogue/hold_copy_repository.hpp"
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
    /// Received files that went with their segments; their tombstones are among the run's.
    std::span<const catalogue::DestroyedOriginal> originals;
    Sha256Digest tombstones{};  ///< over all tombstones of the run, see `add_to_digest`
};

/// The certificate's text: a JSON object with members in fixed order. Pure.
[[nodiscard]] std::string make_certificate(const CertificateFacts& facts);

/// The digest over a run's tombstones is SHA-256 over these lines, by segment id:
/// "<id> <from> <to> <bytes> <sha256 in hex, or -> <rule>\n".
void add_to_digest(Sha256& hash, const catalogue::Tombstone& tombstone);

/// What the certificate of a special hold's second copies says.
struct CopiesCertificateFacts {
    Uuid id;
    UtcTime issued;
    const catalogue::HoldRow& hold;
    std::span<const catalogue::HoldCopyRow> copies;  ///< destroyed, by segment id
    std::span<const catalogue::CameraRow> cameras;
    std::span<const catalogue::StreamRow> streams;
};
struct CopiesCertificate {
    std::string body;       ///< a JSON object with members in fixed order
    Sha256Digest digest{};  ///< over the copies' lines, as above
    std::uint64_t bytes = 0;
};
[[nodiscard]] CopiesCertificate make_copies_certificate(const CopiesCertificateFacts& facts);

}  // namespace sluice::retention
