// A session of SMTP over memory, with a fake worker behind it.
#pragma once

#include <string>
#include <string_view>

#include "dataplane/smtp/smtp_protocol.h"
#include "tests/unit/smtp/fake_environment.h"
#include "tests/unit/stream/protocol_rig.h"

namespace gatepost::tests {

dataplane::SmtpOptions smtp_options(dataplane::SmtpRole role = dataplane::SmtpRole::mx);

// The session's, and there for longer than it.
struct SmtpWorld {
    FakeEnvironment environment;
};

class SmtpRig final : public SmtpWorld, public ProtocolRig {
  public:
    explicit SmtpRig(dataplane::SmtpOptions options = smtp_options(),
                     size_t pool_octets = size_t{16} << 20);

    std::string greet() { return start(); }
    // EHLO, MAIL from a@elsewhere.example, RCPT to ada, DATA: without their replies. Starts the
    // session.
    void begin_data();

  private:
    dataplane::StreamProtocol& protocol() override { return protocol_; }

    dataplane::SmtpProtocol protocol_;
};

}  // namespace gatepost::tests
