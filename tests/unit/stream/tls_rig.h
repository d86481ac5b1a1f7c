// A stream under TLS over memory, and the client that it talks to.
#pragma once

#include <string>
#include <vector>

#include "tests/support/tls_client.h"
#include "tests/unit/stream/stream_rig.h"
#include "tests/unit/tls/conversation.h"

namespace gatepost::dataplane {

class TlsRig {
  public:
    explicit TlsRig(const tests::TlsClientOptions& options = {}, size_t pool_octets = 64 << 20)
        : rig(pool_octets), client(options) {}

    // Carries octets both ways until none move. What the client can read is appended to `got`.
    void pump();
    void write(std::string_view plaintext);  // and what follows from it

    TlsContext& context() { return *side.context; }

    tests::ServerSide side;
    StreamRig rig;
    tests::TlsClient client;
    bool connected = false;  // for the client
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
