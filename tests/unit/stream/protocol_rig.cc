#include "tests/unit/stream/protocol_rig.h"

#include "dataplane/log/log.h"

namespace gatepost::tests {

using namespace dataplane;

namespace {

// A line for every refusal is much where thousands are provoked.
void log_errors_only() {
    static const bool kDone = (log_start(LogFormat::logfmt, LogLevel::error), true);
    (void)kDone;
}

}  // namespace

ProtocolRig::ProtocolRig(size_t pool_octets) : rig(pool_octets) {
    log_errors_only();
    client.octets[0] = 192;
    client.octets[2] = 2;
    client.octets[3] = 1;
}

Task<> ProtocolRig::serve(Stream& stream, TlsContext* tls) {
    Session session{.stream = stream, .client = client, .id = 0x3f1a5c00000001, .crowded = crowded};
    if (tls != nullptr) {
        const StreamStatus status = co_await stream.start_tls(*tls);
        if (status != StreamStatus::ok) co_return;
    }
    session_ = &session;
    co_await protocol().serve(session);
    session_ = nullptr;
    end = session.end;
    stream.append_close_notify();
    stream.expect_within(2000);
    co_await stream.push();
}

std::string ProtocolRig::start(TlsContext* under_tls) {
    rig.serve([this, under_tls](Stream& stream) { return serve(stream, under_tls); });
    return take_said();
}

std::string ProtocolRig::send(std::string_view octets) {
    carry(octets);
    return take_said();
}

std::string ProtocolRig::advance(uint64_t ms) {
    rig.advance(ms);
    return take_said();
}

void ProtocolRig::drain() {
    session_->draining = true;
    rig.stream->interrupt();
    rig.transport.run();
}

}  // namespace gatepost::tests
