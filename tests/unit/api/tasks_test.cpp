#include "api/http/server.hpp"
#include "api/http/task_group.hpp"
#include "api/http/worker_pool.hpp"

#include <atomic>
#include <future>
#include <stdexcept>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <catch2/catch.hpp>

namespace sluice::http {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

Deadline in(std::chrono::milliseconds span) {
    return std::chrono::steady_clock::now() + span;
}

struct Loop {
    asio::io_context io;
    asio::executor_work_guard<asio::io_context::executor_type> guard = asio::make_work_guard(io);
    std::jthread thread{[this] { io.run(); }};
    ~Loop() { guard.reset(); }
    asio::any_io_executor strand() { return asio::make_strand(io); }
};

asio::awaitable<void> sleep_long(std::atomic<int>& begun) {
    asio::steady_timer timer{co_await asio::this_coro::executor, std::chrono::hours{1}};
    ++begun;
    co_await timer.async_wait(asio::use_awaitable);
}
asio::awaitable<void> fail_at_once() {
    throw std::runtime_error{"on purpose"};
    co_return;
}

TEST_CASE("a group waits for its children and stops them when asked", "[api][tasks]") {
    Loop loop;
    TaskGroup group{"test"};
    std::atomic<int> begun = 0;
    for (int i = 0; i < 3; ++i)
        group.spawn(loop.strand(), sleep_long(begun));
    CHECK_FALSE(group.join(in(20ms)));
    CHECK(group.size() == 3);
    group.stop();
    CHECK(group.join(in(5000ms)));
    group.spawn(loop.strand(), sleep_long(begun));  // one that comes too late is stopped as well
    CHECK(group.join(in(5000ms)));
}

TEST_CASE("a child that throws is counted down like any other", "[api][tasks]") {
    Loop loop;
    TaskGroup group{"test"};
    group.spawn(loop.strand(), fail_at_once());
    CHECK(group.join(in(5000ms)));
}

asio::awaitable<void> run_one(WorkerPool& pool, std::promise<bool>& was_run, std::thread::id& where) {
    const bool run = co_await run_on(pool, [&where] { where = std::this_thread::get_id(); });
    was_run.set_value(run);
}

TEST_CASE("a job runs on a worker and its coroutine goes on where it was", "[api][tasks]") {
    Loop loop;
    WorkerPool pool{"test", 1, 10};
    TaskGroup group{"test"};
    std::promise<bool> was_run;
    std::thread::id where;
    group.spawn(loop.strand(), run_one(pool, was_run, where));
    CHECK(was_run.get_future().get());
    CHECK(where != std::thread::id{});
    CHECK(where != loop.thread.get_id());
    CHECK(group.join(in(5000ms)));
}

TEST_CASE("a full pool refuses at once", "[api][tasks]") {
    Loop loop;
    std::promise<void> release;
    auto released = release.get_future().share();
    WorkerPool pool{"test", 1, 1};
    std::promise<void> begun;
    WorkerPool::Job blocker = [&] {
        begun.set_value();
        released.wait();
    };
    REQUIRE(pool.submit(blocker));
    begun.get_future().wait();
    WorkerPool::Job waiting = [] {};
    REQUIRE(pool.submit(waiting));
    TaskGroup group{"test"};
    std::promise<bool> was_run;
    std::thread::id where;
    group.spawn(loop.strand(), run_one(pool, was_run, where));
    CHECK_FALSE(was_run.get_future().get());
    release.set_value();
    CHECK(group.join(in(5000ms)));
}

TEST_CASE("an address to listen on has a port, and IPv6 has brackets", "[api][server]") {
    CHECK(parse_listen("127.0.0.1:8080")->port == 8080);
    CHECK(parse_listen("[::1]:0")->address == "::1");
    for (const char* text :
         {"", "8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:99999", "127.0.0.1:80x", ":80"})
        CHECK_FALSE(parse_listen(text));
}

}  // namespace
}  // namespace sluice::http
