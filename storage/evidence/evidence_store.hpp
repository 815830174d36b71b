#pragma once

#include "config/base/bytes.hpp"
#include "config/base/error.hpp"
#include "config/base/uuid.hpp"

#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

/// What is handed in with requests, as files of the API's spool, each encrypted (AES-256-GCM) with a key that
/// lies beside the folder and never leaves the machine with it.
namespace sluice::evidence {

/// Where papers lie, and how their files end.
[[nodiscard]] std::filesystem::path papers_folder(const std::filesystem::path& data);
inline constexpr const char* kPaperExtension = ".sealed";

inline constexpr std::size_t kMostBytes = std::size_t{20} << 20U;

/// "application/pdf", "image/jpeg" or "image/png", by the bytes themselves; nullopt: anything else.
[[nodiscard]] std::optional<std::string_view> sniff(ByteView bytes) noexcept;

/// Whether a client may call a paper so: 1–120 bytes of UTF-8, no path, no control or direction character,
/// not beginning with a dot.
[[nodiscard]] bool is_fit_name(std::string_view name);

/// Thread: any. Files are named by id alone, and never changed.
class EvidenceStore {
public:
    /// `spool`: a folder of the API's; made, with its key (0600), at the first use.
    explicit EvidenceStore(std::filesystem::path spool) : spool_(std::move(spool)) {}

    /// Durable on success. Error: operator_acts.
    [[nodiscard]] Status save(const Uuid& id, ByteView bytes) const;
    /// Error: operator_acts, for a file that is gone, or that this key does not open.
    [[nodiscard]] Result<Bytes> load(const Uuid& id) const;
    /// Of a paper whose row was never written.
    void drop(const Uuid& id) const noexcept;
    /// Those that are there. Durable on success. Error: operator_acts; some of them may be gone.
    [[nodiscard]] Status destroy(const std::vector<Uuid>& ids) const;

private:
    [[nodiscard]] std::filesystem::path path_of(const Uuid& id) const;
    [[nodiscard]] Result<Bytes> key() const;

    std::filesystem::path spool_;
};

}  // namespace sluice::evidence
