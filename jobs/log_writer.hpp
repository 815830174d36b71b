#pragma once

#include "config/base/time.hpp"
#include "storage/catalogue/sequencing_repository.hpp"
#include "storage/ledger/checkpoint.hpp"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace sluice::jobs {

struct LogSettings {
    std::string conninfo;
    std::filesystem::path data;
    std::filesystem::path key_file;  ///< empty: the one in the data folder, made when there is no tree yet
};

/// Gives committed records their places in the audit log and signs checkpoints, over one connection. What it
/// opens it has compared: the database's tree with its signature, and with the newest checkpoint that this
/// machine has signed. Thread: one. After an error a new one is opened.
class LogWriter {
public:
    /// Error: retry, while the database is away or another worker has the log; operator_acts, when the stored
    /// tree is not what was signed, or the key is missing: said in the database too, and nothing is signed.
    [[nodiscard]] static Result<LogWriter> open(const LogSettings& settings);

    /// Places what waits, at most a thousand records, and signs. How many were placed.
    [[nodiscard]] Result<std::size_t> step(UtcTime now);
    [[nodiscard]] Status append(const ledger::Act& act, UtcTime now) { return session_->append(act, now); }
    [[nodiscard]] Result<bool> wait_for_record(std::chrono::milliseconds limit) {
        return session_->wait_for_record(limit);
    }

    [[nodiscard]] std::uint64_t size() const noexcept { return frontier_.size(); }
    [[nodiscard]] const ledger::VerifierKey& verifier() const noexcept { return key_.verifier(); }

private:
    LogWriter(std::unique_ptr<catalogue::SequencingSession> session, ledger::SigningKey key)
        : session_(std::move(session)),
          key_(std::move(key)) {}
    [[nodiscard]] Status compare(const catalogue::TreeRow& tree, const std::filesystem::path& data);
    [[nodiscard]] Status compare_with_own(ledger::Tree& tree, const std::filesystem::path& file);
    [[nodiscard]] Status keep(const std::string& checkpoint) const;

    std::unique_ptr<catalogue::SequencingSession> session_;
    ledger::SigningKey key_;
    ledger::Frontier frontier_;
    bool is_signed_ = false;  ///< some checkpoint stands in the database
    std::filesystem::path checkpoint_file_;
};

}  // namespace sluice::jobs
