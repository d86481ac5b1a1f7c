// A session of SMTP over memory, with a fake worker behind it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "dataplane/smtp/smtp_protocol.h"
#include "tests/unit/smtp/fake_environment.h"
#include "tests/unit/stream/stream_rig.h"

namespace gatepost::tests {

dataplane::SmtpOptions smtp_options(dataplane::SmtpRole role = dataplane::SmtpRole::mx);

class SmtpRig {
  public:
    explicit SmtpRig(dataplane::SmtpOptions options = smtp_options(),
                     size_t pool_octets = size_t{16} << 20);

    // Begins the session. With `under_tls` everything is under TLS at once, as on port 465.
    void start(dataplane::TlsContext* under_tls = nullptr);
    // Sends, and gives what came back.
    std::string send(std::string_view octets);
    std::string greet() { return start(), rig.transport.take_sent(); }
    // EHLO, MAIL from a@elsewhere.example, RCPT to ada, DATA: without their replies. Starts the
    // session.
    void begin_data();
    void drain();
    bool has_ended() const { return !rig.waits(); }

    FakeEnvironment environment;
    dataplane::StreamRig rig;
    storage::StreamEnd end = storage::StreamEnd::server;
    dataplane::PeerAddress client;
    bool crowded = false;

  private:
    dataplane::Task<> serve(dataplane::Stream& stream, dataplane::TlsContext* tls);

    dataplane::SmtpProtocol protocol_;
    dataplane::Session* session_ = nullptr;
};

}  // namespace gatepost::tests
