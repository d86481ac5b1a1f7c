// A request of the ring about a file. Unlike a RingRequest it may be destroyed while it is under
// way: what it needs lives on until it has completed.
#pragma once

#include <coroutine>
#include <memory>
#include <utility>

#include "dataplane/reactor/ring.h"
#include "storage/base/unique_fd.h"

namespace gatepost::dataplane {

class FileRequest {
  public:
    // `prepare` is called with the request to fill in; `kept` is what it points to.
    template <typename Prepare>
    FileRequest(Ring& ring, std::shared_ptr<const void> kept, Prepare prepare)
        : state_(new State(std::move(kept))) {
        io_uring_sqe* request = ring.next_request();
        prepare(request);
        Ring::route(request, *state_);
    }
    FileRequest(const FileRequest&) = delete;
    FileRequest& operator=(const FileRequest&) = delete;
    ~FileRequest() {
        if (state_ != nullptr) state_->abandon();
    }

    // The result is a descriptor: it is closed if nobody takes it.
    void of_descriptor() { state_->is_descriptor = true; }

    // Completions come out of Ring::reap only: the request cannot have completed before.
    bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<> waiter) { state_->waiter = waiter; }
    int32_t await_resume() {
        const int32_t result = state_->result;
        delete std::exchange(state_, nullptr);
        return result;
    }

  private:
    struct State final : Operation {
        explicit State(std::shared_ptr<const void> memory) : kept(std::move(memory)) {}
        void abandon() {
            waiter = nullptr;
            is_abandoned = true;
        }
        void complete(const Completion& completion) override {
            result = completion.result;
            if (is_abandoned) {
                if (is_descriptor && result >= 0) UniqueFd(result).reset();
                delete this;
                return;
            }
            waiter.resume();
        }

        std::shared_ptr<const void> kept;
        std::coroutine_handle<> waiter;
        int32_t result = 0;
        bool is_descriptor = false;
        bool is_abandoned = false;
    };

    State* state_;
};

}  // namespace gatepost::dataplane
