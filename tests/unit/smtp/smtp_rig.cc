#include "tests/unit/smtp/smtp_rig.h"

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

SmtpOptions smtp_options(SmtpRole role) {
    return {.role = role, .server_name = "mx.example.org"};
}

SmtpRig::SmtpRig(SmtpOptions options, size_t pool_octets)
    : rig(pool_octets), protocol_(environment, std::move(options)) {
    log_errors_only();
    client.octets[0] = 192;
    client.octets[2] = 2;
    client.octets[3] = 1;
}

Task<> SmtpRig::serve(Stream& stream, TlsContext* tls) {
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

void SmtpRig::start(TlsContext* under_tls) {
    rig.serve([this, under_tls](Stream& stream) { return serve(stream, under_tls); });
}

std::string SmtpRig::send(std::string_view octets) {
    rig.arrive(octets);
    return rig.transport.take_sent();
}

void SmtpRig::begin_data() {
    start();
    send("EHLO client.example\r\n");
    send("MAIL FROM:<a@elsewhere.example>\r\nRCPT TO:<ada@example.org>\r\nDATA\r\n");
}

void SmtpRig::drain() {
    session_->draining = true;
    rig.stream->interrupt();
    rig.transport.run();
}

}  // namespace gatepost::tests
