// One connection's place at a worker: its socket, its stream, the coroutine that serves it.
#pragma once

#include <optional>

#include "dataplane/stream/socket_transport.h"
#include "dataplane/stream/stream_session.h"

namespace gatepost::dataplane {

class StreamServer;
class StreamListener;

class Connection {
  public:
    explicit Connection(SocketHost& host) : transport(host) {}

    SocketTransport transport;
    std::optional<Stream> stream;  // while it is open
    std::optional<Session> session;
    PeerAddress source;  // the socket's
    PeerAddress client;  // the same, or what a trusted proxy said
    Task<> task;
    StreamServer* server = nullptr;
    StreamListener* listener = nullptr;
    bool counted = false;  // by SourceLimits
    storage::StreamEnd end = storage::StreamEnd::server;
};

}  // namespace gatepost::dataplane
