#pragma once

#include "config/base/guarded.hpp"

#include <cstddef>
#include <deque>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/awaitable.hpp>

namespace sluice::http {

/// Named threads for work that may block: database, files, decoding. The queue is bounded; what does not fit
/// is refused at once, and the caller says 503. Thread: any.
class WorkerPool {
public:
    using Job = std::move_only_function<void()>;

    WorkerPool(const std::string& name, std::size_t threads, std::size_t queue_limit);
    ~WorkerPool();  ///< waits for the jobs that run and drops none that are queued
    WorkerPool(const WorkerPool&) = delete;
    WorkerPool& operator=(const WorkerPool&) = delete;

    /// False when the queue is full: `job` is untouched then. A job must not throw.
    [[nodiscard]] bool submit(Job& job);
    [[nodiscard]] std::size_t queued() const;

private:
    struct State {
        std::deque<Job> queue;
        bool is_stopping = false;
    };
    void work();

    std::size_t queue_limit_;
    Guarded<State> state_;
    std::vector<std::jthread> threads_;  // last: they use the members above
};

/// Runs `job` on a worker and comes back to the caller's executor. False: the pool is full and `job` was not
/// run. The job is always waited for, even when the caller was cancelled, so it may refer to the caller's
/// frame.
[[nodiscard]] boost::asio::awaitable<bool> run_on(WorkerPool& pool, WorkerPool::Job job);

}  // namespace sluice::http
