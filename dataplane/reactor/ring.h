// One io_uring, owned by one thread: requests go in through next_request() and route(), completions
// come out of reap() at the Operation that the request was routed to.
//
// The ring is made disabled, in any thread; the thread that will use it calls enable() and is from
// then on the only one that may. Completions are worked out inside wait() only
// (IORING_SETUP_DEFER_TASKRUN), so nothing interrupts the thread while it answers a burst.
#pragma once

#include <liburing.h>

#include <cstdint>
#include <memory>
#include <span>

#include "dataplane/reactor/operation.h"
#include "storage/base/check.h"
#include "storage/base/error.h"

namespace gatepost::dataplane {

struct RingOptions {
    unsigned submissions = 1024;  // entries of the submission queue
    unsigned completions = 4096;  // entries of the completion queue
    // The only IORING_OP_… the ring will take: io_uring requests pass by the seccomp filter, so
    // what the filter forbids must be forbidden here too. Empty: any.
    std::span<const uint8_t> operations = {};
};

class Ring {
  public:
    // Refused, with the reason in one sentence, where the kernel is too old or io_uring is switched
    // off.
    static Result<std::unique_ptr<Ring>> create(const RingOptions& options);
    ~Ring();
    Ring(const Ring&) = delete;
    Ring& operator=(const Ring&) = delete;

    Status enable();

    // Room for one request, to be filled in by an io_uring_prep_… function and then routed. Never
    // null: a full queue is submitted first.
    io_uring_sqe* next_request() {
        io_uring_sqe* request = ::io_uring_get_sqe(&ring_);
        if (request == nullptr) [[unlikely]] {
            submit();
            request = ::io_uring_get_sqe(&ring_);
            GATEPOST_CHECK(request != nullptr);
        }
        return request;
    }
    // Names the receiver of the request's completions. After the io_uring_prep_… call.
    static void route(io_uring_sqe* request, Operation& operation, uint16_t tag = 0) {
        auto address = reinterpret_cast<uintptr_t>(&operation);
        // User space lies below 2^47 unless a program asks for more, which this one never does.
        GATEPOST_CHECK((address >> kAddressBits) == 0);
        request->user_data = address | (uint64_t{tag} << kAddressBits);
    }

    // Hands every prepared request to the kernel; none is left in the queue afterwards.
    void submit();
    // Submits, then waits until `completions_min` requests have completed or the time is over.
    // Waiting for more than one is for gathering a burst: the time limit then decides.
    Status submit_and_wait(unsigned completions_min, uint64_t timeout_ns);
    // Hands each completion to its operation; gives their number.
    unsigned reap();

    io_uring* raw() { return &ring_; }

    // Where the tag begins in a request's user_data, behind the operation's address.
    static constexpr unsigned kAddressBits = 48;

  private:
    Ring() = default;
    Status restrict_to(std::span<const uint8_t> operations);

    io_uring ring_{};
    bool open_ = false;
};

}  // namespace gatepost::dataplane
