// A stream under TLS over memory, and the client that it talks to.
#pragma once

#include <string>
#include <vector>

#include "tests/unit/stream/stream_rig.h"
#include "tests/unit/stream/tls_peer.h"
#include "tests/unit/tls/conversation.h"

namespace gatepost::dataplane {

// The server's end.
struct TlsServerRig {
    explicit TlsServerRig(size_t pool_octets) : rig(pool_octets) {}

    tests::ServerSide side;
    StreamRig rig;
};

class TlsRig : public TlsServerRig, public TlsPeer {
  public:
    explicit TlsRig(const tests::TlsClientOptions& options = {}, size_t pool_octets = 64 << 20)
        : TlsServerRig(pool_octets), TlsPeer(rig, options) {}

    // As the peer does; what the client can read is appended to `got`.
    void pump() { got += TlsPeer::pump(); }
    void write(std::string_view plaintext) { got += send(plaintext); }

    TlsContext& context() { return *side.context; }

    std::string got;
};

// A server that goes under TLS at once and sends back what comes.
class TlsEcho {
  public:
    explicit TlsEcho(TlsContext& context) : context_(context) {}
    StreamRig::Body body();

    std::vector<StreamStatus> ends;  // of the handshake, and of the rest

  private:
    Task<> echo(Stream& stream);

    TlsContext& context_;
};

}  // namespace gatepost::dataplane
