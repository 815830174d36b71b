#include "api/http/worker_pool.hpp"

#include <memory>
#include <utility>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <pthread.h>

namespace sluice::http {

namespace asio = boost::asio;

WorkerPool::WorkerPool(const std::string& name, std::size_t threads, std::size_t queue_limit)
    : queue_limit_(queue_limit) {
    for (std::size_t i = 0; i < threads; ++i) {
        threads_.emplace_back([this] { work(); });
        pthread_setname_np(
            threads_.back().native_handle(), (name + "-" + std::to_string(i)).substr(0, 15).c_str()
        );
    }
}

WorkerPool::~WorkerPool() {
    state_.notify([](State& state) { state.is_stopping = true; });
}

bool WorkerPool::submit(Job& job) {
    bool taken = false;
    state_.notify([&](State& state) {
        if (state.is_stopping || state.queue.size() >= queue_limit_) return;
        state.queue.push_back(std::move(job));
        taken = true;
    });
    return taken;
}

std::size_t WorkerPool::queued() const {
    return state_.with([](const State& state) { return state.queue.size(); });
}

void WorkerPool::work() {
    for (;;) {
        Job job = state_.wait_until(
            std::chrono::steady_clock::now() + std::chrono::hours{1},
            [](const State& state) { return state.is_stopping || !state.queue.empty(); },
            [](State& state) {
                if (state.queue.empty()) return Job{};
                Job next = std::move(state.queue.front());
                state.queue.pop_front();
                return next;
            }
        );
        if (job)
            job();
        else if (state_.with([](const State& state) { return state.is_stopping; }))
            return;
    }
}

asio::awaitable<bool> run_on(WorkerPool& pool, WorkerPool::Job job) {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    const auto initiate = [&pool, &executor, &job](auto handler) {
        using Handler = decltype(handler);
        // Shared by the job and, when the pool refuses it, by the answer below: exactly one of them calls it.
        auto answer = std::make_shared<Handler>(std::move(handler));
        auto guard = asio::make_work_guard(executor);
        WorkerPool::Job wrapped = [job = std::move(job), answer, guard = std::move(guard)]() mutable {
            job();
            job = nullptr;
            asio::post(guard.get_executor(), [answer = std::move(answer)] { (*answer)(true); });
        };
        if (!pool.submit(wrapped)) asio::post(executor, [answer] { (*answer)(false); });
    };
    const bool was_run = co_await asio::async_initiate<const asio::use_awaitable_t<>, void(bool)>(
        initiate, asio::use_awaitable
    );
    co_return was_run;
}

}  // namespace sluice::http
