// What carries a stream's octets: a socket (socket_transport.h), or memory in tests, transcripts
// and fuzzers (memory_transport.h). A transport tells its user what happened from the worker's
// loop, never from inside a call of the user's.
#pragma once

#include <sys/uio.h>

#include <cstdint>
#include <span>

#include "storage/base/bytes.h"

namespace gatepost::dataplane {

class TransportUser {
  public:
    // The octets are gone when the call returns.
    virtual void on_received(Bytes octets) = 0;
    // Nothing more will come: 0 where the peer closed its side, else an errno. Once.
    virtual void on_receive_end(int error) = 0;
    // The send has ended: octets that have gone, or a negative errno.
    virtual void on_sent(int32_t result) = 0;
    // After close(): nothing is under way any more. The last call.
    virtual void on_closed() = 0;

  protected:
    ~TransportUser() = default;
};

class StreamTransport {
  public:
    // What comes is handed over as it comes, until stop_receive(); a little may still come after
    // that.
    virtual void start_receive() = 0;
    virtual void stop_receive() = 0;
    // One at a time: on_sent() before the next. The octets stay in place until then.
    virtual void send(std::span<const iovec> octets) = 0;
    // Tells the peer that no more will come. No send is under way.
    virtual void shutdown_write() = 0;
    // Ends what is under way, then on_closed().
    virtual void close() = 0;

  protected:
    ~StreamTransport() = default;
};

inline constexpr size_t kSendPartsMax = 8;  // of one send

}  // namespace gatepost::dataplane
