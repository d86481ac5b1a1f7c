// A session of IMAP over memory, in a world that others may share.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "dataplane/imap/imap_protocol.h"
#include "tests/unit/imap/imap_world.h"
#include "tests/unit/stream/protocol_rig.h"
#include "tests/unit/stream_deflate/deflate_peer.h"

namespace gatepost::tests {

dataplane::ImapOptions imap_options();

class ImapRig final : public ProtocolRig {
  public:
    explicit ImapRig(ImapWorld& world, dataplane::ImapOptions options = imap_options(),
                     size_t pool_octets = size_t{8} << 20);

    // Sends a line, without the client's tag in front, and gives what came back.
    std::string command(std::string_view line);
    // Begins, and logs in as ada: without what is said.
    void log_in(std::string_view user = "ada@example.org");
    // From here on what is sent and said is compressed on its way (RFC 4978). Gives the answer.
    std::string compress();
    std::string take_said() override;
    // What has come unasked, after others have done something.
    std::string listen();

    ImapWorld& world;
    // While it is compressed.
    std::unique_ptr<DeflatePeer> peer;

  private:
    dataplane::StreamProtocol& protocol() override { return protocol_; }
    void carry(std::string_view octets) override;

    dataplane::ImapProtocol protocol_;
    unsigned tag_ = 0;
};

}  // namespace gatepost::tests
