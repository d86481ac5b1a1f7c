// A session of IMAP over memory, in a world that others may share.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "dataplane/imap/imap_protocol.h"
#include "tests/unit/imap/imap_world.h"
#include "tests/unit/stream/stream_rig.h"
#include "tests/unit/stream_deflate/deflate_peer.h"

namespace gatepost::tests {

dataplane::ImapOptions imap_options();

class ImapRig {
  public:
    explicit ImapRig(ImapWorld& world, dataplane::ImapOptions options = imap_options(),
                     size_t pool_octets = size_t{8} << 20);

    // Begins the session, and gives the greeting.
    std::string start(dataplane::TlsContext* under_tls = nullptr);
    // Sends, and gives what came back.
    std::string send(std::string_view octets);
    // The same of a line, without the client's tag in front.
    std::string command(std::string_view line);
    // Begins, and logs in as ada: without what is said.
    void log_in(std::string_view user = "ada@example.org");
    // From here on what is sent and said is compressed on its way (RFC 4978). Gives the answer.
    std::string compress();
    // What has been said since the last time.
    std::string take_said();
    // What has come unasked, after others have done something.
    std::string listen();
    std::string advance(uint64_t ms);
    void drain();
    bool has_ended() const { return !rig.waits(); }

    ImapWorld& world;
    dataplane::StreamRig rig;
    storage::StreamEnd end = storage::StreamEnd::server;
    dataplane::PeerAddress client;
    bool crowded = false;
    // While it is compressed.
    std::unique_ptr<DeflatePeer> peer;

  private:
    dataplane::Task<> serve(dataplane::Stream& stream, dataplane::TlsContext* tls);

    dataplane::ImapProtocol protocol_;
    dataplane::Session* session_ = nullptr;
    unsigned tag_ = 0;
};

}  // namespace gatepost::tests
