// The list of system calls that a serving dataplane may make. It opens nothing, starts nothing,
// connects to nothing: whoever takes it over finds sockets that are there already, read-only
// indexes, and standard error.
#pragma once

#include "storage/base/error.h"

namespace gatepost::dataplane {

enum class SeccompMode : uint8_t {
    on,   // any other call kills the process
    log,  // any other call is logged by the kernel and allowed
    off,
};

// For all threads of the process, for good. Needs no_new_privs or root.
// `poll_mode`: with what the drivers of DPDK's devices do.
Status install_seccomp(SeccompMode mode, bool poll_mode = false);

}  // namespace gatepost::dataplane
