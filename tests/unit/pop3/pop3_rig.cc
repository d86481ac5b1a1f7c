#include "tests/unit/pop3/pop3_rig.h"

#include <utility>

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

Pop3Options pop3_options() {
    Pop3Options options;
    options.server_name = "mx.example.org";
    options.tls_required = false;
    return options;
}

Pop3Rig::Pop3Rig(ImapWorld& world, Pop3Options options, size_t pool_octets)
    : rig(pool_octets), protocol_(world, std::move(options)) {
    log_errors_only();
    client.octets[0] = 192;
    client.octets[2] = 2;
    client.octets[3] = 1;
}

Task<> Pop3Rig::serve(Stream& stream, TlsContext* tls) {
    Session session{.stream = stream, .client = client, .id = 0x3f1a5c00000001, .crowded = crowded};
    if (tls != nullptr) {
        const StreamStatus status = co_await stream.start_tls(*tls);
        if (status != StreamStatus::ok) co_return;
    }
    session_ = &session;
    co_await protocol_.serve(session);
    session_ = nullptr;
    end = session.end;
    stream.append_close_notify();
    stream.expect_within(2000);
    co_await stream.push();
}

std::string Pop3Rig::start(TlsContext* under_tls) {
    rig.serve([this, under_tls](Stream& stream) { return serve(stream, under_tls); });
    return rig.transport.take_sent();
}

std::string Pop3Rig::send(std::string_view octets) {
    rig.arrive(octets);
    return rig.transport.take_sent();
}

std::string Pop3Rig::command(std::string_view line) {
    return send(std::string(line) + "\r\n");
}

std::string Pop3Rig::log_in() {
    start();
    command("USER ada@example.org");
    return command("PASS secret");
}

std::string Pop3Rig::advance(uint64_t ms) {
    rig.advance(ms);
    return rig.transport.take_sent();
}

void Pop3Rig::drain() {
    session_->draining = true;
    rig.stream->interrupt();
    rig.transport.run();
}

}  // namespace gatepost::tests
