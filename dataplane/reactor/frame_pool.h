// Memory for coroutine frames: lists of free blocks by size, one set per thread, never given back
// to the system. What a worker's sessions hold at most is the number of its connections times what
// one session nests.
//
// A frame may be freed in another thread than the one that made it, also after that one has ended:
// a worker's sessions are destroyed by who destroys the worker.
#pragma once

#include <cstddef>

namespace gatepost::dataplane {

class FramePool {
  public:
    static void* allocate(size_t octets);
    static void free(void* frame, size_t octets);
    // Octets of frames that this thread has made and not freed. Only where frames stay in their
    // thread.
    static size_t used_octets();
};

}  // namespace gatepost::dataplane
