#pragma once

#include "config/base/time.hpp"
#include "jobs/log_writer.hpp"

#include <atomic>
#include <chrono>
#include <stop_token>
#include <thread>

namespace sluice::jobs {

/// The thread that keeps the audit log: wakes at the commit of a record, signs within a second and at its
/// end. Behind no job; outlives the loss of the database. Thread: start and stop from one.
class Sequencer {
public:
    Sequencer(LogSettings settings, const Clock& clock);
    ~Sequencer();
    Sequencer(const Sequencer&) = delete;
    Sequencer& operator=(const Sequencer&) = delete;

    void start();
    /// Places and signs what is committed. False: it hangs in a disk or the database for longer than the
    /// limit.
    [[nodiscard]] bool stop(std::chrono::milliseconds limit);

private:
    void run(const std::stop_token& stop);
    [[nodiscard]] Status keep_log(const std::stop_token& stop);
    [[nodiscard]] Status end_log(LogWriter& writer) const;
    void note(const Error& error);

    LogSettings settings_;
    const Clock& clock_;
    std::string last_error_;       ///< the sequencer's thread
    bool has_said_start_ = false;  ///< likewise
    std::atomic<bool> has_ended_ = false;
    std::jthread thread_;  // last: it uses the members above
};

}  // namespace sluice::jobs
