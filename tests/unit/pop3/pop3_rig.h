// A session of POP3 over memory, in the world that tests of IMAP have.
#pragma once

#include <string>
#include <string_view>

#include "dataplane/pop3/pop3_protocol.h"
#include "tests/unit/imap/imap_world.h"
#include "tests/unit/stream/stream_rig.h"

namespace gatepost::tests {

dataplane::Pop3Options pop3_options();

class Pop3Rig {
  public:
    explicit Pop3Rig(ImapWorld& world, dataplane::Pop3Options options = pop3_options(),
                     size_t pool_octets = size_t{8} << 20);

    // Begins the session, and gives the greeting.
    std::string start(dataplane::TlsContext* under_tls = nullptr);
    // Sends, and gives what came back.
    std::string send(std::string_view octets);
    std::string command(std::string_view line);
    // Begins, and logs in as ada. Gives the last answer.
    std::string log_in();
    std::string advance(uint64_t ms);
    void drain();
    bool has_ended() const { return !rig.waits(); }

    dataplane::StreamRig rig;
    storage::StreamEnd end = storage::StreamEnd::server;
    dataplane::PeerAddress client;
    bool crowded = false;

  private:
    dataplane::Task<> serve(dataplane::Stream& stream, dataplane::TlsContext* tls);

    dataplane::Pop3Protocol protocol_;
    dataplane::Session* session_ = nullptr;
};

}  // namespace gatepost::tests
