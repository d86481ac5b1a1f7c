#include "tests/unit/stream/tls_rig.h"

namespace gatepost::dataplane {

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
