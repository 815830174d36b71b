#pragma once

#include "config/base/guarded.hpp"
#include "config/base/time.hpp"

#include <cstddef>
#include <list>
#include <memory>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>

namespace sluice::http {

/// The parent of coroutines: knows each of them, can stop all and waits for them. Nothing is spawned
/// detached. A child that ends with an exception is logged here (a coroutine root is one of the borders for
/// exceptions). Thread: any, but `join` must not be called from a thread that runs the children's executor.
class TaskGroup {
public:
    explicit TaskGroup(std::string name) : name_(std::move(name)) {}
    ~TaskGroup();  ///< asserts that no child is left: call join before
    TaskGroup(const TaskGroup&) = delete;
    TaskGroup& operator=(const TaskGroup&) = delete;

    /// `executor` is the child's own strand: its cancellation signal is touched only there.
    void spawn(const boost::asio::any_io_executor& executor, boost::asio::awaitable<void> task);
    /// Sends `terminal` to every child; to later ones too, as soon as they start.
    void stop();
    /// True when all children have ended before the deadline.
    [[nodiscard]] bool join(Deadline deadline);
    [[nodiscard]] std::size_t size() const;

private:
    struct Child {
        boost::asio::any_io_executor executor;
        boost::asio::cancellation_signal signal;
    };
    // A child is owned by the list and by the posts that carry a signal to it, which may arrive after its
    // end.
    struct State {
        std::list<std::shared_ptr<Child>> children;
        bool is_stopped = false;
    };
    static void emit(const std::shared_ptr<Child>& child);

    std::string name_;
    Guarded<State> state_;
};

}  // namespace sluice::http
