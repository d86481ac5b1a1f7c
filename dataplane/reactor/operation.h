// An operation is what a completion of the ring is handed to: the object that started the request,
// or the coroutine that waits for it.
#pragma once

#include <cstdint>

namespace gatepost::dataplane {

struct Completion {
    int32_t result = 0;  // what the system call would have returned, or a negative errno
    uint32_t flags = 0;  // IORING_CQE_F_…
    uint16_t tag = 0;    // the one given to Ring::route
};

class Operation {
  public:
    // Called in the ring's thread, from Ring::reap. May start further requests.
    virtual void complete(const Completion& completion) = 0;

  protected:
    Operation() = default;
    // An operation is named by its address for as long as a request of it is under way.
    Operation(const Operation&) = delete;
    Operation& operator=(const Operation&) = delete;
    ~Operation() = default;
};

}  // namespace gatepost::dataplane
