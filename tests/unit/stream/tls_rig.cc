#include "tests/unit/stream/tls_rig.h"

namespace gatepost::dataplane {

void TlsRig::pump() {
    for (bool moved = true; moved;) {
        if (!connected) connected = client.handshake();
        const auto ciphertext = client.take_output();
        rig.arrive(text_of(ciphertext));
        const std::string sent = rig.transport.take_sent();
        client.feed(octets_of(sent));
        if (connected) got += client.read();
        moved = !ciphertext.empty() || !sent.empty();
    }
}

void TlsRig::write(std::string_view plaintext) {
    EXPECT_TRUE(client.write(plaintext)) << client.error();
    pump();
}

}  // namespace gatepost::dataplane
