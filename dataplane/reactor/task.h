// A coroutine that another one awaits: it starts when it is awaited, in the same thread, and gives
// its result to the one that waits. A session is a tree of them; destroying the outermost destroys
// all.
//
// Nothing is thrown: an exception in a session is a broken invariant.
//
// g++ before 12.3 breaks a coroutine that awaits in the condition of an `if` or a loop while its
// outermost block declares no variable (GCC's bug 106188): await into a variable instead.
#pragma once

#include <coroutine>
#include <cstddef>
#include <optional>
#include <utility>

#include "dataplane/reactor/frame_pool.h"
#include "storage/base/check.h"

namespace gatepost::dataplane {

template <typename T>
class Task;

namespace detail {

struct TaskFinal {
    bool await_ready() const noexcept { return false; }
    template <typename Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> ended) const noexcept {
        return ended.promise().continuation;
    }
    void await_resume() const noexcept {}
};

struct TaskPromiseBase {
    std::coroutine_handle<> continuation = std::noop_coroutine();

    // Frames come from the thread's pool: a session costs the system's allocator nothing.
    static void* operator new(size_t octets) { return FramePool::allocate(octets); }
    static void operator delete(void* frame, size_t octets) { FramePool::free(frame, octets); }

    std::suspend_always initial_suspend() const noexcept { return {}; }
    TaskFinal final_suspend() const noexcept { return {}; }
    [[noreturn]] void unhandled_exception() const { GATEPOST_CHECK(!"an exception in a session"); }
};

template <typename T>
struct TaskPromise : TaskPromiseBase {
    std::optional<T> value;

    Task<T> get_return_object();
    void return_value(T result) { value.emplace(std::move(result)); }
    T take() { return std::move(*value); }
};

template <>
struct TaskPromise<void> : TaskPromiseBase {
    Task<void> get_return_object();
    void return_void() const {}
    void take() const {}
};

}  // namespace detail

template <typename T = void>
class [[nodiscard]] Task {
  public:
    using promise_type = detail::TaskPromise<T>;
    using Handle = std::coroutine_handle<promise_type>;

    Task() = default;
    explicit Task(Handle handle) : handle_(handle) {}
    Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
    Task& operator=(Task&& other) noexcept {
        if (this != &other) {
            reset();
            handle_ = std::exchange(other.handle_, nullptr);
        }
        return *this;
    }
    ~Task() { reset(); }

    bool await_ready() const noexcept { return false; }
    // Runs it here, and not by symmetric transfer: in a build without optimization that is a call,
    // and a loop over tasks that never wait would use up the stack.
    bool await_suspend(std::coroutine_handle<> waiting) {
        handle_.resume();
        if (handle_.done()) return false;
        handle_.promise().continuation = waiting;
        return true;
    }
    T await_resume() { return handle_.promise().take(); }

    // For who is no coroutine: runs it until it first waits. It may be destroyed at any time that
    // it waits, and has to be once is_done().
    void start() { handle_.resume(); }
    bool is_done() const { return !handle_ || handle_.done(); }
    explicit operator bool() const { return static_cast<bool>(handle_); }
    void reset() {
        if (handle_) std::exchange(handle_, nullptr).destroy();
    }

  private:
    Handle handle_;
};

namespace detail {

template <typename T>
Task<T> TaskPromise<T>::get_return_object() {
    return Task<T>(std::coroutine_handle<TaskPromise<T>>::from_promise(*this));
}
inline Task<void> TaskPromise<void>::get_return_object() {
    return Task<void>(std::coroutine_handle<TaskPromise<void>>::from_promise(*this));
}

}  // namespace detail

}  // namespace gatepost::dataplane
