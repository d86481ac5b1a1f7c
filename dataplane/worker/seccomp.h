// The list of system calls that a serving dataplane may make. It opens nothing, starts nothing, and
// connects to nothing but, where mail is served, servers of DNS: whoever takes it over finds
// sockets that are there already, read-only indexes, and standard error.
#pragma once

#include "storage/base/error.h"

namespace gatepost::dataplane {

enum class SeccompMode : uint8_t {
    on,   // any other call kills the process
    log,  // any other call is logged by the kernel and allowed
    off,
};

// What is done besides serving.
struct SeccompUses {
    bool poll_mode = false;  // the drivers of DPDK's devices
    bool resolver = false;   // asking DNS: sockets of IPv4 and IPv6
};

// For all threads of the process, for good. Needs no_new_privs or root.
Status install_seccomp(SeccompMode mode, const SeccompUses& uses = {});

}  // namespace gatepost::dataplane
