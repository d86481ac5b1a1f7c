// A session of a protocol over memory, from its greeting to its end.
#pragma once

#include <string>
#include <string_view>

#include "dataplane/stream/stream_session.h"
#include "tests/unit/stream/stream_rig.h"

namespace gatepost::tests {

class ProtocolRig {
  public:
    // Begins the session, and gives the greeting. With `under_tls` everything is under TLS at once,
    // as on port 993.
    std::string start(dataplane::TlsContext* under_tls = nullptr);
    // Sends, and gives what came back.
    std::string send(std::string_view octets);
    std::string advance(uint64_t ms);
    // The process is to end.
    void drain();
    bool has_ended() const { return !rig.waits(); }
    // What has been said since the last time.
    virtual std::string take_said() { return rig.transport.take_sent(); }

    dataplane::StreamRig rig;
    storage::StreamEnd end = storage::StreamEnd::server;
    dataplane::PeerAddress client;
    bool crowded = false;

  protected:
    explicit ProtocolRig(size_t pool_octets);
    ~ProtocolRig() = default;

    virtual dataplane::StreamProtocol& protocol() = 0;
    // Octets of the client on their way.
    virtual void carry(std::string_view octets) { rig.arrive(octets); }

  private:
    dataplane::Task<> serve(dataplane::Stream& stream, dataplane::TlsContext* tls);

    dataplane::Session* session_ = nullptr;
};

}  // namespace gatepost::tests
