// A client of TLS at the other end of a stream over memory.
#pragma once

#include <string>
#include <string_view>

#include "tests/support/tls_client.h"
#include "tests/unit/stream/stream_rig.h"

namespace gatepost::dataplane {

class TlsPeer {
  public:
    // `rig` outlives this.
    explicit TlsPeer(StreamRig& rig, const tests::TlsClientOptions& options = {})
        : client(options), rig_(rig) {}

    // Carries octets both ways until none move; what the client has read then.
    std::string pump();
    // Writes, and gives what it has read of what follows.
    std::string send(std::string_view plaintext);

    tests::TlsClient client;
    bool connected = false;  // for the client

  private:
    StreamRig& rig_;
};

}  // namespace gatepost::dataplane
