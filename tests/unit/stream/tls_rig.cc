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

Task<> TlsEcho::echo(Stream& stream) {
    for (;;) {
        StreamStatus status = co_await stream.fill();
        if (status == StreamStatus::ok && !stream.append(stream.input()))
            status = StreamStatus::no_memory;
        if (status == StreamStatus::ok) {
            stream.consume(stream.input().size());
            status = co_await stream.push(16'000);
        }
        if (status == StreamStatus::ok) continue;
        ends.push_back(status);
        stream.append_close_notify();
        co_await stream.push();
        co_return;
    }
}

StreamRig::Body TlsEcho::body() {
    return [this](Stream& stream) -> Task<> {
        const StreamStatus status = co_await stream.start_tls(context_);
        ends.push_back(status);
        if (status == StreamStatus::ok) co_await echo(stream);
        if (status == StreamStatus::tls_failed) co_await stream.push();
    };
}

}  // namespace gatepost::dataplane
