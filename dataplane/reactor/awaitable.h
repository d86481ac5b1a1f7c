// What a coroutine can wait for beside its stream: a request of the ring (files), and time.
#pragma once

#include <coroutine>
#include <cstdint>
#include <span>
#include <utility>

#include "dataplane/reactor/ring.h"
#include "dataplane/reactor/timer_wheel.h"
#include "storage/base/bytes.h"
#include "storage/base/check.h"

namespace gatepost::dataplane {

// One request, prepared when it is awaited. Gives what the system call would have, or a negative
// errno. The octets, and the coroutine, stay until it has completed: one that must end earlier
// calls cancel() and waits still.
class RingRequest final : private Operation {
  public:
    static RingRequest read(Ring& ring, int fd, std::span<uint8_t> room, uint64_t offset) {
        return {ring, IORING_OP_READ, fd, offset, room.data(), room.size()};
    }
    static RingRequest write(Ring& ring, int fd, Bytes octets, uint64_t offset) {
        return {ring,         IORING_OP_WRITE, fd, offset, const_cast<uint8_t*>(octets.data()),
                octets.size()};
    }
    // Of the data, and of the metadata that is needed to find them (fdatasync(2)).
    static RingRequest sync_data(Ring& ring, int fd) {
        return {ring, IORING_OP_FSYNC, fd, 0, nullptr, 0};
    }
    ~RingRequest() { GATEPOST_CHECK(!waiter_); }

    bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<> waiter) {
        waiter_ = waiter;
        io_uring_sqe* request = ring_.next_request();
        switch (operation_) {
            case IORING_OP_READ:
                ::io_uring_prep_read(request, fd_, address_, static_cast<unsigned>(length_),
                                     offset_);
                break;
            case IORING_OP_WRITE:
                ::io_uring_prep_write(request, fd_, address_, static_cast<unsigned>(length_),
                                      offset_);
                break;
            default:
                ::io_uring_prep_fsync(request, fd_, IORING_FSYNC_DATASYNC);
                break;
        }
        Ring::route(request, *this);
    }
    int32_t await_resume() const { return result_; }

    // Asks the kernel to give up; the wait then ends with -ECANCELED, or with what had happened.
    void cancel() {
        if (!waiter_) return;
        io_uring_sqe* request = ring_.next_request();
        auto address = reinterpret_cast<uintptr_t>(static_cast<Operation*>(this));
        ::io_uring_prep_cancel64(request, address, 0);
        request->flags |= IOSQE_CQE_SKIP_SUCCESS;
        Ring::route(request, *this, kCancel);
    }

  private:
    static constexpr uint16_t kCancel = 1;

    RingRequest(Ring& ring, uint8_t operation, int fd, uint64_t offset, uint8_t* address,
                size_t length)
        : ring_(ring),
          address_(address),
          length_(length),
          offset_(offset),
          fd_(fd),
          operation_(operation) {}
    void complete(const Completion& completion) override {
        if (completion.tag == kCancel) return;  // it had completed already
        result_ = completion.result;
        std::exchange(waiter_, nullptr).resume();
    }

    Ring& ring_;
    std::coroutine_handle<> waiter_;
    uint8_t* address_;
    size_t length_;  // octets
    uint64_t offset_;
    int fd_;
    int32_t result_ = 0;
    uint8_t operation_;
};

// A wait for the time to pass. Destroying it, with the coroutine, ends it.
class Delay final : private Timer {
  public:
    Delay(TimerWheel& wheel, uint64_t ms) : wheel_(wheel), ms_(ms) {}

    bool await_ready() const { return ms_ == 0; }
    void await_suspend(std::coroutine_handle<> waiter) {
        waiter_ = waiter;
        wheel_.set(*this, wheel_.now_ms() + ms_);
    }
    void await_resume() const {}

  private:
    void expired() override { std::exchange(waiter_, nullptr).resume(); }

    TimerWheel& wheel_;
    uint64_t ms_;
    std::coroutine_handle<> waiter_;
};

}  // namespace gatepost::dataplane
