#include "tests/unit/stream/tls_peer.h"

namespace gatepost::dataplane {

std::string TlsPeer::pump() {
    std::string got;
    for (bool moved = true; moved;) {
        if (!connected) connected = client.handshake();
        const auto ciphertext = client.take_output();
        rig_.arrive(text_of(ciphertext));
        const std::string sent = rig_.transport.take_sent();
        client.feed(octets_of(sent));
        if (connected) got += client.read();
        moved = !ciphertext.empty() || !sent.empty();
    }
    return got;
}

std::string TlsPeer::send(std::string_view plaintext) {
    EXPECT_TRUE(client.write(plaintext)) << client.error();
    return pump();
}

}  // namespace gatepost::dataplane
