// Opens the UDP and TCP sockets that the workers serve on. Used by the supervisor, which hands them
// over, and by a dataplane that was given addresses instead of descriptors.
#pragma once

#include <vector>

#include "dataplane/netio/listen_address.h"
#include "dataplane/netio/listener_use.h"
#include "storage/base/error.h"
#include "storage/base/unique_fd.h"

namespace gatepost::dataplane {

// The same address for every worker, by SO_REUSEPORT: the kernel spreads clients over them.
struct Listener {
    ListenAddress address;      // with the port that the kernel chose where 0 was asked for
    std::vector<UniqueFd> udp;  // one per worker; none but for DNS
    std::vector<UniqueFd> tcp;
    ListenerUse use = ListenerUse::dns;
};

// An address in use (also by another Gatepost), without permission or not of this host: one
// sentence that says what to do.
Result<Listener> open_listener(const ListenAddress& address, unsigned workers,
                               ListenerUse use = ListenerUse::dns);

// Sets on a socket, wherever it comes from, what the servers of this folder rely on: blocking, so
// that io_uring waits instead of failing with EAGAIN, and on a wildcard address telling which one
// was asked.
Status prepare_for_ring(int fd, const ListenAddress& local);

}  // namespace gatepost::dataplane
