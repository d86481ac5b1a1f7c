// Small messages, each with at most one file descriptor, between the supervisor and its children
// over a SOCK_SEQPACKET socket pair.
#pragma once

#include <cstdint>
#include <optional>

#include "storage/base/error.h"
#include "storage/base/unique_fd.h"

namespace gatepost {

enum class ChannelVerb : uint32_t {
    ready = 1,  // child → supervisor: start-up is done; `number` is unused
    arena =
        2,  // control plane → supervisor → dataplane: a zones arena (fd), `number` its generation
    shutdown = 3,   // supervisor → child: finish and exit
    directory = 4,  // as `arena`, of the directory
    keys = 5,       // the same way: the key file (fd), which is another one than before
    // supervisor → control plane and dataplane: one end each (fd) of the connection over which
    // worker `number` has its deliveries committed
    commit = 6,
    mailbox_index = 7,  // as `arena`, of the mailboxes
    mailboxes = 8,      // as `commit`, for what IMAP and POP3 ask of mailboxes
};

struct ChannelMessage {
    ChannelVerb verb = ChannelVerb::ready;
    uint64_t number = 0;
    UniqueFd fd;
};

// Blocks only where the socket does. EAGAIN and a closed peer are errors of code unreachable.
Status channel_send(int socket, ChannelVerb verb, uint64_t number, int fd = -1);
// nullopt: nothing there yet (EAGAIN on a non-blocking socket). A closed peer is an error.
Result<std::optional<ChannelMessage>> channel_receive(int socket);

// A connected pair, both ends close-on-exec.
struct ChannelPair {
    UniqueFd supervisor;
    UniqueFd child;
};
Result<ChannelPair> channel_pair();

}  // namespace gatepost
