#include "api/http/task_group.hpp"

#include "config/base/log.hpp"

#include <cassert>
#include <exception>
#include <utility>
#include <vector>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/system/system_error.hpp>

namespace sluice::http {

namespace asio = boost::asio;

namespace {

void report(const std::string& group, const std::exception_ptr& failed) {
    if (!failed) return;
    try {
        std::rethrow_exception(failed);
    } catch (const boost::system::system_error& error) {
        if (error.code() == asio::error::operation_aborted) return;  // what a stopped child says
        log::error("task_failed", {{"group", group}, {"detail", error.what()}});
    } catch (const std::exception& error) {
        log::error("task_failed", {{"group", group}, {"detail", error.what()}});
    }
}

}  // namespace

TaskGroup::~TaskGroup() {
    assert(size() == 0 && "TaskGroup destroyed with children: join() was not called");
}

void TaskGroup::emit(const std::shared_ptr<Child>& child) {
    asio::post(child->executor, [child] { child->signal.emit(asio::cancellation_type::terminal); });
}

void TaskGroup::spawn(const asio::any_io_executor& executor, asio::awaitable<void> task) {
    auto child = std::make_shared<Child>();
    child->executor = executor;
    auto [place, is_stopped] = state_.with([&](State& state) {
        return std::pair{state.children.insert(state.children.end(), child), state.is_stopped};
    });
    asio::co_spawn(
        executor,
        std::move(task),
        asio::bind_cancellation_slot(
            child->signal.slot(),
            [this, place](const std::exception_ptr& failed) {
                report(name_, failed);
                state_.notify([&](State& state) { state.children.erase(place); });
            }
        )
    );
    if (is_stopped) emit(child);
}

void TaskGroup::stop() {
    const auto children = state_.with([](State& state) {
        state.is_stopped = true;
        return std::vector<std::shared_ptr<Child>>{state.children.begin(), state.children.end()};
    });
    for (const auto& child : children)
        emit(child);
}

bool TaskGroup::join(Deadline deadline) {
    return state_.wait_until(
        deadline,
        [](const State& state) { return state.children.empty(); },
        [](const State& state) { return state.children.empty(); }
    );
}

std::size_t TaskGroup::size() const {
    return state_.with([](const State& state) { return state.children.size(); });
}

}  // namespace sluice::http
