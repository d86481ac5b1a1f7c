// What a protocol is to the server of streams: a coroutine for each connection.
#pragma once

#include <cstdint>
#include <string>

#include "dataplane/dns/responder.h"
#include "dataplane/reactor/task.h"
#include "dataplane/stream/stream.h"
#include "storage/arena/stream_counters.h"

namespace gatepost::dataplane {

// Who is at the other end: as the socket has it, or as a trusted proxy said.
struct PeerAddress {
    Family family = Family::ipv4;
    uint8_t octets[16] = {};  // network order; the first four of IPv4
    uint16_t port = 0;

    std::string text() const;  // "192.0.2.1"
    // Of a connected socket; false: the peer has gone already.
    static bool of_socket(int fd, PeerAddress& peer);
};

class StreamProtocol;

// One connection while it is served.
struct Session {
    Stream& stream;
    const PeerAddress& client;
    uint64_t id = 0;  // unique on this host; in every log line about the connection
    // RFC 7766 §6.2.3: most places are taken, and idle connections should not be kept for long.
    const bool& crowded;
    bool draining = false;  // the process ends: finish what is under way and return
    // How it ended, where the protocol knows better than the server. A wait's `timeout` is
    // StreamEnd::idle unless it is set to `deadline`.
    storage::StreamEnd end = storage::StreamEnd::server;
};

class StreamProtocol {
  public:
    // Returns when the connection is to be closed. When the process is to end, session.draining is
    // set and the wait under way, if it is for input, gives `woken`.
    virtual Task<> serve(Session& session) = 0;

  protected:
    ~StreamProtocol() = default;
};

// "3f1a5c00000001": the form of Session::id in the log and in headers.
std::string session_text(uint64_t id);

// How a wait's failure is counted.
storage::StreamEnd stream_end(StreamStatus status);

}  // namespace gatepost::dataplane
