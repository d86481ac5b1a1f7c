// A session of POP3 over memory, in the world that tests of IMAP have.
#pragma once

#include <string>
#include <string_view>

#include "dataplane/pop3/pop3_protocol.h"
#include "tests/unit/imap/imap_world.h"
#include "tests/unit/stream/protocol_rig.h"

namespace gatepost::tests {

dataplane::Pop3Options pop3_options();

class Pop3Rig final : public ProtocolRig {
  public:
    explicit Pop3Rig(ImapWorld& world, dataplane::Pop3Options options = pop3_options(),
                     size_t pool_octets = size_t{8} << 20);

    // Sends a line, and gives what came back.
    std::string command(std::string_view line);
    // Begins, and logs in as ada. Gives the last answer.
    std::string log_in();

  private:
    dataplane::StreamProtocol& protocol() override { return protocol_; }

    dataplane::Pop3Protocol protocol_;
};

}  // namespace gatepost::tests
